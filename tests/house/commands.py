"""The command line in a test's hands: fast through a process that stays, or as an operator types it."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.local import PROJECT
from shared.watchdog import Watchdog

_ANSWER_SECONDS = 120.0
_PROGRAMS = Path(sys.executable).parent


class CommandFailed(AssertionError):
    """Raised when a command's exit status is not 0; says which command and what it said."""


@dataclass(frozen=True)
class CommandResult:
    """How a command ended and the objects it wrote, one a line."""

    status: int
    rows: list[dict[str, Any]]
    err: str


class CommandServer:
    """The commands in a process of their own, imported once.

    A command costs milliseconds here; `flask --app web` costs 2 s of imports each time.
    """

    def __init__(self, env: Mapping[str, str], watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.house.command_server"],
            env=dict(env),
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        watchdog.watch(self._process.pid)

    def open(self, environment: Mapping[str, str]) -> None:
        """Give it the environment that its commands read."""
        self._write({"environment": dict(environment)})

    def run(self, *args: str, stdin: str | None = None) -> CommandResult:
        """Run one command with `--json` and return how it ended."""
        with self._lock:
            self._write({"args": [*args, "--json"], "stdin": stdin})
            alarm = threading.Timer(_ANSWER_SECONDS, self._process.kill)
            alarm.start()
            try:
                line = self._process.stdout.readline() if self._process.stdout is not None else ""
            finally:
                alarm.cancel()
        if not line:
            raise RuntimeError(f"the command process ended during {' '.join(args)}")
        answer = json.loads(line)
        return CommandResult(answer["status"], _rows(answer["out"]), answer["err"])

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait()
        self._watchdog.forget(self._process.pid)

    def _write(self, request: Mapping[str, Any]) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the command process has no input")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()


def run_flask(env: Mapping[str, str], *args: str, stdin: str | None = None) -> CommandResult:
    """Run `flask --app web ... --json` as an operator does, in a new process."""
    done = subprocess.run(
        [str(_PROGRAMS / "flask"), "--app", "web", *args, "--json"],
        env=dict(env),
        cwd=PROJECT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_ANSWER_SECONDS,
        check=False,
    )
    return CommandResult(done.returncode, _rows(done.stdout), done.stderr)


def rows_or_failure(args: tuple[str, ...], result: CommandResult) -> list[dict[str, Any]]:
    """Return the rows of a command that was done; CommandFailed otherwise."""
    if result.status != 0:
        raise CommandFailed(f"{' '.join(args)}: exit status {result.status}: {result.err.strip()}")
    return result.rows


def _rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]
