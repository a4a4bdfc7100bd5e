"""`python -m tests.emulators.alpaca --port 0 --state-dir D`: one JSON line with the address, then serve."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

from aiohttp import web

from tests.emulators.alpaca.server import AlpacaServer
from tests.emulators.binance.log import NAME


async def _run(port: int, state_dir: Path) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    venue = AlpacaServer(state_dir)
    runner = web.AppRunner(venue.application(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    said = {"url": f"http://127.0.0.1:{runner.addresses[0][1]}", "log": str(state_dir / NAME)}
    print(json.dumps(said), flush=True)
    await stop.wait()
    await runner.cleanup()
    venue.log.close()


def main() -> None:
    """Read the arguments and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="tests.emulators.alpaca")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state-dir", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.port, arguments.state_dir))


if __name__ == "__main__":
    main()
