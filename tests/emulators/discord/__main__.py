"""Runs the emulator as a process of its own: `python -m tests.emulators.discord --port 0 --state-dir DIR`.

As soon as it listens it prints one JSON line (url, gateway, port, token, application_id); SIGTERM or SIGINT
ends it.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from tests.emulators.discord.server import EmulatorServer, read_seed


async def _serve(options: argparse.Namespace) -> None:
    server = EmulatorServer(
        token=options.token,
        state_dir=options.state_dir,
        seed=None if options.seed_file is None else read_seed(options.seed_file),
        heartbeat_seconds=options.heartbeat_seconds,
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.start(options.port)
    print(json.dumps(server.describe()), flush=True)
    await stopped.wait()
    await server.stop()


def main() -> int:
    """Run until told to stop; return 1 with one clear line when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.discord", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state-dir", type=Path, help="keeps what exists, and the log, across restarts")
    parser.add_argument("--seed-file", type=Path, help="JSON list of control actions for an empty world")
    parser.add_argument("--token", help="the bot token to accept; made up when not given")
    parser.add_argument("--heartbeat-seconds", type=float, default=41.25)
    try:
        asyncio.run(_serve(parser.parse_args()))
    except (OSError, ValueError, TypeError, LookupError) as error:
        print(f"discord emulator: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
