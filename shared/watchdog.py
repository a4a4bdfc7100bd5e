"""A second process that ends our children when we die too suddenly to do it ourselves.

`kill -9` gives a parent no chance to stop what it started. The parent therefore starts this file as a small
process of its own session and tells it, over a pipe, which processes to guard. When the pipe closes and
something is still guarded, the parent is gone: each gets TERM, and after a few seconds its group gets KILL.
A watchdog is used instead of Linux's parent-death signal because that one is sent when the *thread* that
started the child ends, and because it does not reach grandchildren such as Celery's pool processes.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from types import TracebackType

GRACE_SECONDS = 5.0


class Watchdog:
    """Guard child processes for as long as this process lives.

    A child started with `process_group=0` is guarded with its whole group (`group=True`), any other
    child alone. Leaving the context forgets everything: an orderly parent stops its children itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By path, not by module name: it must start without this project being importable.
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, start_new_session=True
        )

    def watch(self, pid: int, *, group: bool = True) -> None:
        """Guard the child `pid`, with its process group when it leads one."""
        self._tell(f"{'group' if group else 'single'} {pid}")

    def forget(self, pid: int) -> None:
        """Stop guarding a child that has ended."""
        self._tell(f"forget {pid}")

    def close(self) -> None:
        """Forget every child and end the watchdog."""
        self._tell("forget all")
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        # A watchdog that was itself killed costs the guard, not the work.
        with self._lock, contextlib.suppress(BrokenPipeError):
            if pipe is not None and not pipe.closed:
                pipe.write(line.encode() + b"\n")
                pipe.flush()

    def __enter__(self) -> "Watchdog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _signal(pid: int, number: int, *, group: bool) -> bool:
    """Send a signal; say whether anything was there to receive it."""
    try:
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _lives(pid: int) -> bool:
    """Say whether a process is running; one that has ended but was not collected (a zombie) is not."""
    if not _signal(pid, 0, group=False):
        return False
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:  # noqa: PTH123 - quick start
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def end_all(guarded: dict[int, bool], grace_seconds: float = GRACE_SECONDS) -> None:
    """Send TERM to each process of {pid: leads a group}, and KILL to what is left after the grace."""
    for pid in guarded:
        # TERM goes to the leader alone: it knows how to end its own children in order.
        _signal(pid, signal.SIGTERM, group=False)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(_lives(pid) for pid in guarded):
        time.sleep(0.05)
    for pid, group in guarded.items():
        _signal(pid, signal.SIGKILL, group=group)


def main() -> None:
    """Read what to guard from standard input until it closes, then end what is still guarded."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    guarded: dict[int, bool] = {}
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "forget":
            if rest == "all":
                guarded.clear()
            else:
                guarded.pop(int(rest), None)
        else:
            guarded[int(rest)] = word == "group"
    end_all(guarded)


if __name__ == "__main__":
    main()
