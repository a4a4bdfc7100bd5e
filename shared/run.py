"""Run every process of the Procfile and bring a dead one back; start Redis and MongoDB where none is named.

    python -m shared.run                 everything, until Ctrl-C or TERM
    python -m shared.run web bot         only these

A process that ends is started again after 0.5 s, then 1, 2, 4 ... 10 s; 30 s of life begin the count anew.
One that ends with EX_CONFIG (78) says that its configuration cannot work: everything stops, with that status.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TextIO

from dotenv import dotenv_values

from shared.local import DEFAULT_FOLDER, PROJECT, LocalServers
from shared.processes import EX_CONFIG, Child, ProcfileError, describe_status, parse_procfile
from shared.programs import LocalServerError
from shared.servers import Server
from shared.watchdog import Watchdog

GRACE_SECONDS = 25.0
_LOOK_SECONDS = 0.1
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_SYSTEM = "system"


class Runner:
    """Processes that are kept alive until told to stop.

    Parameters
    ----------
    processes
        {name: command}, as in a Procfile; run without a shell.
    env
        The whole environment of the processes; `python` and the console scripts beside the running
        interpreter come first on its PATH.
    servers
        Started servers to bring back as well, on the same port with the same data.
    grace_seconds
        How long a process may take to end after TERM before it gets KILL.
    state_file
        Where to keep `{name: {pid, started_at, restarts}}`, replaced as a whole at each change.
    out
        Where the processes' lines go, each behind its process's name.
    """

    def __init__(
        self,
        processes: Mapping[str, str],
        env: Mapping[str, str],
        *,
        servers: LocalServers | None = None,
        grace_seconds: float = GRACE_SECONDS,
        state_file: Path | None = None,
        out: TextIO | None = None,
    ) -> None:
        self._out = out or sys.stdout
        self._environment = _environment(env)
        self._processes = dict(processes)
        self._servers = {} if servers is None else {server.name: server for server in servers.started}
        self._server_restarts = dict.fromkeys(self._servers, 0)
        self._server_started_at = dict.fromkeys(self._servers, datetime.now(UTC))
        self._grace_seconds = grace_seconds
        self._state_file = state_file
        self._width = max((len(name) for name in [*self._processes, _SYSTEM]), default=0)
        self._printing = threading.Lock()
        self._writing = threading.Lock()
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._children: dict[str, Child] = {}
        self._thread: threading.Thread | None = None
        self._status = 0
        self.failure = ""
        """Why the runner gave up, in one line; empty after an orderly stop."""

    def start(self) -> None:
        """Run in a thread of its own; for tests and the demo."""
        self._thread = threading.Thread(target=self.run, name="runner")
        self._thread.start()

    def stop(self) -> int:
        """Stop everything in order, wait for it, and return the exit status."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join()
        return self._status

    def ask_to_stop(self) -> None:
        """Begin to stop and return at once; asked a second time, do not wait for anybody."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    def pids(self) -> dict[str, int]:
        """Return the process ids of what runs now, by name; servers of ours are `redis` and `mongod`."""
        found = {name: child.pid for name, child in list(self._children.items())}
        found |= {name: server.pid for name, server in self._servers.items() if server.running}
        return {name: pid for name, pid in found.items() if pid is not None}

    def run(self) -> int:
        """Start the processes and keep them alive until asked to stop; return 0, or 78 if one cannot work."""
        keeper = threading.Thread(target=self._keep_servers, name="servers")
        with Watchdog() as watchdog:
            for name, command in self._processes.items():
                self._children[name] = Child(
                    name,
                    command,
                    environment=self._environment,
                    folder=PROJECT,
                    watchdog=watchdog,
                    say=self._say,
                )
            keeper.start()
            try:
                while not self._stopping.is_set():
                    self._look_after_children(time.monotonic())
                    self._stopping.wait(_LOOK_SECONDS)
            finally:
                self._stopping.set()
                self._stop_children()
                keeper.join()
        return self._status

    def _look_after_children(self, now: float) -> None:
        changed = False
        for child in self._children.values():
            status = child.collect(now)
            if status == EX_CONFIG:
                self._give_up(f"{child.name} cannot work with this configuration: {child.last_line}")
                return
            if status is not None:
                changed = True
                self._say(
                    _SYSTEM,
                    f"{child.name} ended with {describe_status(status)}; back in {child.delay_seconds:g} s",
                )
            elif child.pid is None and child.due <= now:
                changed = True
                try:
                    child.start(now)
                except ProcfileError as error:
                    self._give_up(str(error))
                    return
        if changed:
            self._write_state()

    def _give_up(self, reason: str) -> None:
        self.failure = reason
        self._status = EX_CONFIG
        self._stopping.set()

    def _stop_children(self) -> None:
        """Send TERM to all at once, KILL to whoever is there after the grace."""
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + self._grace_seconds
        left = dict(self._children)
        while left and time.monotonic() < deadline and not self._hurry.is_set():
            for name, child in list(left.items()):
                if child.pid is None or child.collect(time.monotonic()) is not None:
                    del left[name]
            time.sleep(0.02)
        for name, child in left.items():
            self._say(_SYSTEM, f"{name} did not end in time: killed")
            child.kill()
        self._write_state()

    def _keep_servers(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for name, server in self._servers.items():
                if not server.running:
                    self._bring_back(name, server)

    def _bring_back(self, name: str, server: Server) -> None:
        self._say(_SYSTEM, f"{name} is gone; starting it again on port {server.port}")
        try:
            server.start()
        except LocalServerError as error:
            self._say(_SYSTEM, str(error))
            self._stopping.wait(5)
            return
        self._server_restarts[name] += 1
        self._server_started_at[name] = datetime.now(UTC)
        self._say(_SYSTEM, f"{name} answers again")
        self._write_state()

    def _write_state(self) -> None:
        if self._state_file is None:
            return
        state = {
            child.name: {
                "pid": child.pid,
                "started_at": child.started_at and child.started_at.isoformat(),
                "restarts": max(child.restarts, 0),
            }
            for child in self._children.values()
        }
        for name, server in self._servers.items():
            state[name] = {
                "pid": server.pid if server.running else None,
                "started_at": self._server_started_at[name].isoformat(),
                "restarts": self._server_restarts[name],
            }
        with self._writing:
            new = self._state_file.with_name(f"{self._state_file.name}.new")
            new.write_text(json.dumps(state, indent=2))
            new.replace(self._state_file)

    def _say(self, name: str, line: str) -> None:
        label = f"{name:<{self._width}} |"
        if self._out.isatty():
            position = list(self._processes).index(name) if name in self._processes else 0
            label = f"\x1b[{_COLOURS[position % len(_COLOURS)] if name != _SYSTEM else 1}m{label}\x1b[0m"
        # A reader that has gone away, as in `make run | head`, is no reason to stop trading.
        with self._printing, contextlib.suppress(BrokenPipeError, ValueError):
            print(label, line, file=self._out, flush=True)


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    programs = str(Path(sys.executable).parent)
    path = f"{programs}{os.pathsep}{env['PATH']}" if env.get("PATH") else programs
    return {**env, "PATH": path, "PYTHONUNBUFFERED": "1"}


def _choose(procfile: Path, names: list[str]) -> dict[str, str]:
    try:
        processes = parse_procfile(procfile.read_text())
    except OSError as error:
        raise ProcfileError(f"{procfile} cannot be read: {error.strerror}.") from error
    unknown = [name for name in names if name not in processes]
    if unknown:
        raise ProcfileError(f"{procfile} has no {', '.join(unknown)}; it has {', '.join(processes)}.")
    return {name: command for name, command in processes.items() if not names or name in names}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shared.run", description="Run the Procfile.")
    parser.add_argument("names", nargs="*", help="only these processes")
    parser.add_argument("--procfile", type=Path, default=PROJECT / "Procfile")
    parser.add_argument("--env", type=Path, default=PROJECT / ".env", help="settings; the environment wins")
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_FOLDER, help="where local servers keep their data"
    )
    parser.add_argument("--state", type=Path, help="keep process ids and restarts in this JSON file")
    parser.add_argument("--grace", type=float, default=GRACE_SECONDS, help="seconds between TERM and KILL")
    return parser.parse_args()


def main() -> int:
    """Run until told to stop; return the exit status."""
    options = _arguments()
    settings = {name: value for name, value in dotenv_values(options.env).items() if value is not None}
    env = {**settings, **os.environ}
    try:
        processes = _choose(options.procfile, options.names)
        servers = LocalServers(
            options.data, redis_url=env.get("REDIS_URL"), mongodb_uri=env.get("MONGODB_URI")
        )
        return _run(options, processes, env, servers)
    except (LocalServerError, ProcfileError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(
    options: argparse.Namespace, processes: dict[str, str], env: dict[str, str], servers: LocalServers
) -> int:
    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    with servers:
        runner = Runner(
            processes,
            {**env, **servers.environment()},
            servers=servers,
            grace_seconds=options.grace,
            state_file=options.state,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: runner.ask_to_stop())
        status = runner.run()
    if runner.failure:
        print(runner.failure, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
