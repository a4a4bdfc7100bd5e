"""Real Redis and MongoDB without root and without Docker, for a laptop, the demo and the tests.

    python -m shared.local                       print the two addresses and wait
    python -m shared.local -- make test          run a command with REDIS_URL and MONGODB_URI set

What the environment already names is used as it is; only what is missing is started. Data stay in `.local/`
(or `--data DIR`), so a second start finds them again; `--fresh` uses a folder that is removed at the end.
"""

import argparse
import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType, TracebackType

from shared.programs import LocalServerError
from shared.servers import MongodServer, RedisServer, Server
from shared.watchdog import GRACE_SECONDS, Watchdog

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_FOLDER = PROJECT / ".local"


class LocalServers:
    """A Redis and a mongod, ours or somebody else's; a context manager that starts and stops ours.

    Parameters
    ----------
    folder
        Where our servers keep their data and ports; None for a folder that is removed at the end.
    redis_url, mongodb_uri
        Servers that run already: nothing is started in their place.
    """

    def __init__(
        self, folder: Path | None = None, *, redis_url: str | None = None, mongodb_uri: str | None = None
    ) -> None:
        self._given_folder = folder
        self._folder: Path | None = None
        self._lock: int | None = None
        self._watchdog: Watchdog | None = None
        self._redis_url = redis_url
        self._mongodb_uri = mongodb_uri
        self._redis: RedisServer | None = None
        self._mongod: MongodServer | None = None

    def start(self) -> None:
        """Start what is missing and wait until it answers.

        Raises
        ------
        LocalServerError
            One line: the folder is in use, or a server cannot be started.
        """
        if self._redis_url and self._mongodb_uri:
            return
        folder = self._open_folder()
        self._lock = _lock(folder)
        self._watchdog = Watchdog()
        try:
            if not self._redis_url:
                self._redis = RedisServer(folder / "redis", self._watchdog, self._lock)
                self._redis.start()
            if not self._mongodb_uri:
                self._mongod = MongodServer(folder / "mongod", self._watchdog, self._lock)
                self._mongod.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what was started, and remove the folder if it was ours alone."""
        for server in reversed(self.started):
            server.stop()
        if self._watchdog is not None:
            self._watchdog.close()
            self._watchdog = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._given_folder is None and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @property
    def started(self) -> tuple[Server, ...]:
        """The servers that are our children."""
        return tuple(server for server in (self._redis, self._mongod) if server is not None)

    @property
    def redis(self) -> RedisServer:
        """Our Redis: its pid, kill() and start(); LocalServerError when somebody else runs it."""
        if self._redis is None:
            raise LocalServerError("Redis is not ours: REDIS_URL names it, or it has not been started.")
        return self._redis

    @property
    def mongod(self) -> MongodServer:
        """Our mongod: its pid, kill() and start(); LocalServerError when somebody else runs it."""
        if self._mongod is None:
            raise LocalServerError("mongod is not ours: MONGODB_URI names it, or it has not been started.")
        return self._mongod

    @property
    def redis_url(self) -> str:
        """The address of Redis, with database 0."""
        return self._redis_url or self.redis.url

    @property
    def mongodb_uri(self) -> str:
        """The address of MongoDB, with the database's name and majority, journaled writes."""
        return self._mongodb_uri or self.mongod.url

    def environment(self) -> dict[str, str]:
        """Return what a program needs in its environment to find the servers."""
        return {"REDIS_URL": self.redis_url, "MONGODB_URI": self.mongodb_uri}

    def _open_folder(self) -> Path:
        try:
            if self._given_folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="trade-executor-"))
            else:
                self._folder = self._given_folder.resolve()
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LocalServerError(
                f"The data folder cannot be made ({error}): choose one with --data."
            ) from error
        return self._folder

    def __enter__(self) -> "LocalServers":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def use_running_servers(folder: Path = DEFAULT_FOLDER) -> None:
    """Name servers that another process keeps in `folder`, where this environment names none.

    So a command typed beside a running `make run` finds its servers without a word.
    """
    if not _is_locked(folder):
        return
    for name, kind, part in (
        ("REDIS_URL", RedisServer, "redis"),
        ("MONGODB_URI", MongodServer, "mongod"),
    ):
        port = folder / part / "port"
        if not os.environ.get(name) and port.is_file():
            os.environ[name] = kind.address(int(port.read_text()))


def _is_locked(folder: Path) -> bool:
    try:
        handle = os.open(folder / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _lock(folder: Path) -> int:
    """Take the folder's lock, which our servers inherit, and return its file descriptor."""
    # What a killed owner left behind is ended by its watchdog: worth waiting for, unlike a living owner.
    deadline = time.monotonic() + GRACE_SECONDS + 5
    while True:
        try:
            handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LocalServerError(
                f"{folder} cannot be written ({error}): choose a folder with --data."
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 20).decode()
            os.close(handle)
            if time.monotonic() > deadline or (owner.isdigit() and Path(f"/proc/{owner}").exists()):
                raise LocalServerError(
                    f"{folder} is in use by process {owner or '?'}: stop it, or choose another folder with --data."
                ) from None
            time.sleep(0.1)
        else:
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            return handle


def _run(command: list[str], environment: Mapping[str, str]) -> int:
    """Run the command to its end, passing on TERM; return its exit status as a shell would."""
    process: subprocess.Popen[bytes] | None = None
    told_to_stop = False

    def pass_on(number: int, _frame: FrameType | None) -> None:
        nonlocal told_to_stop
        told_to_stop = True
        if process is not None:
            process.send_signal(number)

    # The terminal sends Ctrl-C to the command too: it ends first, then the servers.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    signal.signal(signal.SIGTERM, pass_on)
    with Watchdog() as watchdog:
        try:
            # The child names itself before it becomes the command: a kill of ours at any moment finds it guarded.
            process = subprocess.Popen(
                command,
                env=environment,
                preexec_fn=lambda: watchdog.watch(os.getpid(), group=False),  # noqa: PLW1509 - no thread
            )
        except OSError as error:
            print(f"{shlex.join(command)}: {error.strerror}", file=sys.stderr)
            return 127
        if told_to_stop:
            process.terminate()
        status = process.wait()
    return status if status >= 0 else 128 - status


def _announce(servers: LocalServers, *, as_json: bool) -> None:
    if as_json:
        pids = {f"{server.name}_pid": server.pid for server in servers.started}
        answer = {"redis_url": servers.redis_url, "mongodb_uri": servers.mongodb_uri, **pids}
        print(json.dumps(answer), flush=True)
    else:
        for name, value in servers.environment().items():
            print(f"export {name}={shlex.quote(value)}", flush=True)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main() -> int:
    """Start the servers and run the command, or wait until told to stop; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.local", description="Redis and MongoDB for this machine."
    )
    folder = parser.add_mutually_exclusive_group()
    folder.add_argument(
        "--data", type=Path, default=DEFAULT_FOLDER, help="where data stay (default: .local/)"
    )
    folder.add_argument("--fresh", action="store_true", help="use a new folder and remove it at the end")
    parser.add_argument(
        "--json", action="store_true", help="print addresses and process ids as one JSON line"
    )
    parser.add_argument("command", nargs="*", help="after --: run this, then stop the servers")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    servers = LocalServers(
        None if options.fresh else options.data,
        redis_url=os.environ.get("REDIS_URL"),
        mongodb_uri=os.environ.get("MONGODB_URI"),
    )
    try:
        with servers:
            if options.json or not options.command:
                _announce(servers, as_json=options.json)
            if options.command:
                return _run(options.command, {**os.environ, **servers.environment()})
            while True:
                signal.pause()
    except LocalServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
