"""`python -m tests.emulators.binance --port 0 --state-dir D`: one JSON line with the address, then serve."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

import uvloop

from tests.emulators.binance.log import NAME
from tests.emulators.binance.prices import next_prices
from tests.emulators.binance.server import Binance

BACKLOG = 2048
FLUSH_SECONDS = 0.005


async def _run(venue_of: type[Binance], arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    venue = venue_of(arguments.state_dir, FLUSH_SECONDS if arguments.log_buffer else 0.0)
    server = await loop.create_server(venue.connection, "127.0.0.1", arguments.port, backlog=BACKLOG)
    port = server.sockets[0].getsockname()[1]
    log = str(arguments.state_dir / NAME)
    print(json.dumps({"url": f"http://127.0.0.1:{port}", "log": log}), flush=True)
    walk: asyncio.Task[None] | None = None
    if arguments.prices_seed is not None:
        walk = loop.create_task(_walk(venue, arguments.prices_seed, arguments.prices_seconds))
    await stop.wait()
    if walk is not None:
        walk.cancel()
    server.close()
    venue.log.close()


async def _walk(venue: Binance, seed: int, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        venue.move_prices(next_prices(venue.book, seed))


def main(venue_of: type[Binance] = Binance, prog: str = "tests.emulators.binance") -> None:
    """Read the arguments and serve until told to stop."""
    parser = argparse.ArgumentParser(prog=prog)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--prices-seed", type=int, help="let prices walk; without it they stand still")
    parser.add_argument("--prices-seconds", type=float, default=1.0, help="how often they move")
    parser.add_argument(
        "--log-buffer",
        action="store_true",
        help="write lines some milliseconds later; not safe against kills",
    )
    uvloop.run(_run(venue_of, parser.parse_args()))


if __name__ == "__main__":
    main()
