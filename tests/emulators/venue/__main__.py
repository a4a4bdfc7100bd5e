"""`python -m tests.emulators.venue --port 0 --state-dir D`: one JSON line with the address, then serve."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

from aiohttp import web

from tests.emulators.venue.server import Venue


async def _run(port: int, state_dir: Path) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    venue = Venue(state_dir)
    runner = web.AppRunner(venue.application(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    address = runner.addresses[0]
    print(
        json.dumps({"url": f"http://127.0.0.1:{address[1]}", "log": str(state_dir / "venue.jsonl")}),
        flush=True,
    )
    await stop.wait()
    await runner.cleanup()
    venue.log.close()


def main() -> None:
    """Read the arguments and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="tests.emulators.venue")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state-dir", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.port, arguments.state_dir))


if __name__ == "__main__":
    main()
