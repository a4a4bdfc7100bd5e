"""One line of the Procfile as a child process: start it, pass on what it says, know when it may come back."""

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from shared.watchdog import Watchdog

EX_CONFIG = os.EX_CONFIG
"""Exit status of a process that cannot work with this configuration: another start would change nothing."""

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 10.0
SETTLED_SECONDS = 30.0
LONGEST_LINE = 64 * 1024


class ProcfileError(ValueError):
    """The Procfile cannot be used; the message is one line that says where and why."""


def parse_procfile(text: str) -> dict[str, str]:
    """Return {name: command} from lines `name: command`; blank lines and lines that begin with # are skipped.

    Raises
    ------
    ProcfileError
        A line without a name or a command, a name used twice, or unbalanced quotes.
    """
    processes: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, command = (part.strip() for part in line.partition(":"))
        if not name or not command:
            raise ProcfileError(f"Procfile line {number}: expected `name: command`.")
        if name in processes:
            raise ProcfileError(f"Procfile line {number}: {name} is there already.")
        try:
            shlex.split(command)
        except ValueError as error:
            raise ProcfileError(f"Procfile line {number}: {error}.") from error
        processes[name] = command
    return processes


def next_delay(previous_seconds: float, lived_seconds: float) -> float:
    """Return how long to wait before starting a dead process again.

    The wait doubles from 0.5 s to 10 s; a life of 30 s or more begins the count anew. `previous_seconds` is
    the wait before the life that has just ended, 0 for the first.
    """
    if lived_seconds >= SETTLED_SECONDS or previous_seconds == 0:
        return FIRST_DELAY_SECONDS
    return min(previous_seconds * 2, LONGEST_DELAY_SECONDS)


def describe_status(status: int) -> str:
    """Say how a process ended: `status 3`, `SIGKILL`."""
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


class Child:
    """A process in a group of its own, started as often as its owner says.

    Parameters
    ----------
    say
        Called with (name, line) for each line of its output, from a thread of its own.
    """

    def __init__(
        self,
        name: str,
        command: str,
        *,
        environment: Mapping[str, str],
        folder: Path,
        watchdog: Watchdog,
        say: Callable[[str, str], None],
    ) -> None:
        self.name = name
        self.restarts = -1  # the first start is none
        self.started_at: datetime | None = None
        self.last_line = ""
        self.delay_seconds = 0.0
        self.due = 0.0
        """When to start it next, on the owner's clock, if it is not running."""
        self._command = shlex.split(command)
        self._environment = environment
        self._folder = folder
        self._watchdog = watchdog
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._began = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs, and until `collect` has been called for its end."""
        return None if self._process is None else self._process.pid

    def start(self, now: float) -> None:
        """Start the process.

        Raises
        ------
        ProcfileError
            There is no such program.
        """
        self._began = now
        self.restarts += 1
        self.started_at = datetime.now(UTC)
        try:
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # A group and no session: Linux shares the processor among sessions, whatever `nice` says in each.
                process_group=0,
            )
        except OSError as error:
            raise ProcfileError(f"{self.name}: {self._command[0]}: {error.strerror}.") from error
        self._watchdog.watch(self._process.pid)
        self._reader = threading.Thread(target=self._relay, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def collect(self, now: float) -> int | None:
        """Return the exit status if the process has ended since the last call; set when it is due again."""
        if self._process is None or self._process.poll() is None:
            return None
        status = self._process.returncode
        self._clear_up()
        self.delay_seconds = next_delay(self.delay_seconds, now - self._began)
        self.due = now + self.delay_seconds
        return status

    def terminate(self) -> None:
        """Ask the process to end. Only its leader is asked: it ends its own children in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()

    def kill(self) -> None:
        """End the process and its whole group now."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._clear_up()

    def _clear_up(self) -> None:
        """End what a dead leader left in its group, so that nothing of it lives beside its successor."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._reader is not None:
            self._reader.join(timeout=2)
        self._watchdog.forget(self._process.pid)
        self._process = None

    def _relay(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(LONGEST_LINE):
                text = line.decode(errors="replace").rstrip()
                if text:
                    self.last_line = text
                    self._say(self.name, text)
