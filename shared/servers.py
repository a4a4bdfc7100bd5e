"""One real Redis or mongod as a child process on loopback: start, wait until it answers, kill, start again.

`shared.local` puts the two together. Everything here works without root and without Docker; it is for
laptops, the demo and the tests, never for production (docs/deploy.md says what to use there).
"""

import contextlib
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pymongo
import redis
from pymongo.errors import OperationFailure, PyMongoError

from shared.programs import MONGOD, REDIS, LocalServerError, Program, free_port, is_free
from shared.watchdog import Watchdog

START_SECONDS = 60.0
STOP_SECONDS = 20.0
NOT_YET_INITIALIZED = 94
REPLICA_SET = "rs0"
DATABASE = "trade_executor"


class Server(ABC):
    """A server program as our child, with a folder and, once started, a port that never change.

    Parameters
    ----------
    folder
        Where it keeps its data, its log and its port; made when missing.
    watchdog
        Ends it should this process die without stopping it.
    keep_open
        A file descriptor to hand down: the folder's lock, which thereby lives as long as the server does.
    """

    name: ClassVar[str]
    program: ClassVar[Program]

    def __init__(self, folder: Path, watchdog: Watchdog, keep_open: int) -> None:
        self._folder = folder
        self._watchdog = watchdog
        self._keep_open = keep_open
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def pid(self) -> int:
        """The process id of the server as last started."""
        if self._process is None:
            raise LocalServerError(f"{self.name} has not been started.")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive (not whether it answers)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it answers: on the same port and data as before, if it ran before.

        Raises
        ------
        LocalServerError
            It could not be started, or did not answer within a minute.
        """
        if self.running:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self.program.find()
        for port in self._ports():
            self._launch(path, port)
            if self._wait():
                (self._folder / "port").write_text(str(port))
                return
            # It ended because somebody else took the port between our look and its bind.
            self._end(0)
        raise LocalServerError(
            f"{self.name} found no free port on 127.0.0.1: is another one using port {self.port}?"
        )

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._end(STOP_SECONDS)

    def stop(self) -> None:
        """End the server in order; with SIGKILL if it takes longer than 20 s."""
        if self._process is not None:
            # A server that a test has stopped with SIGSTOP could not act on TERM.
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._end(STOP_SECONDS)

    def _end(self, patience_seconds: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._watchdog.forget(self._process.pid)

    def _ports(self) -> Iterator[int]:
        if self.port:
            # Clients know this port, so nothing else will do; whoever holds it may let it go.
            for wait_seconds in (0, 0.2, 0.5, 1, 2, 4):
                time.sleep(wait_seconds)
                yield self.port
            return
        with contextlib.suppress(FileNotFoundError, ValueError):
            remembered = int((self._folder / "port").read_text())
            if is_free(remembered):
                yield remembered
        for _ in range(5):
            yield free_port()

    def _launch(self, path: Path, port: int) -> None:
        log_mode = "ab" if self.port == port else "wb"
        self.port = port
        with self._log.open(log_mode) as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command(path),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                # A group of its own: Ctrl-C in the terminal is for the programs that use the servers.
                process_group=0,
                pass_fds=(self._keep_open,),
            )
        self._watchdog.watch(self._process.pid)

    def _wait(self) -> bool:
        """Wait until the server answers; False when it ended because its port was taken."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                if is_free(self.port):
                    raise LocalServerError(
                        f"{self.name} ended at once ({self._last_words()}); see {self._log}."
                    )
                return False
            if self._answers():
                return True
            time.sleep(0.03)
        self.kill()
        raise LocalServerError(f"{self.name} did not answer within {START_SECONDS:.0f} s; see {self._log}.")

    @property
    def _log(self) -> Path:
        return self._folder / f"{self.name}.log"

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "it said nothing"

    @property
    @abstractmethod
    def url(self) -> str:
        """The address to give to clients."""

    @abstractmethod
    def _command(self, path: Path) -> list[str]:
        """Return the command line."""

    @abstractmethod
    def _answers(self) -> bool:
        """Say whether our child, and nobody else on that port, serves requests."""


class RedisServer(Server):
    """Redis with an append-only file (fsync every second) that refuses writes rather than evict."""

    name = "redis"
    program = REDIS

    @property
    def url(self) -> str:
        return self.address(self.port)

    @staticmethod
    def address(port: int) -> str:
        """Write the address of a Redis of ours."""
        return f"redis://127.0.0.1:{port}/0"

    def _command(self, path: Path) -> list[str]:
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        return [str(path), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def _answers(self) -> bool:
        client = redis.Redis(port=self.port, socket_timeout=1, socket_connect_timeout=1)
        try:
            client.ping()  # refused while the append-only file is being read
            information: Any = client.info("server")
        except redis.RedisError:
            return False
        finally:
            client.close()
        return bool(information["process_id"] == self.pid)


class MongodServer(Server):
    """mongod as a replica set of one, so that acknowledged writes are journaled and transactions exist."""

    name = "mongod"
    program = MONGOD

    @property
    def url(self) -> str:
        return self.address(self.port)

    @staticmethod
    def address(port: int) -> str:
        """Write the address of a mongod of ours."""
        return (
            f"mongodb://127.0.0.1:{port}/{DATABASE}"
            f"?replicaSet={REPLICA_SET}&w=majority&journal=true&wtimeoutMS=5000"
        )

    def _command(self, path: Path) -> list[str]:
        data = self._folder / "data"
        data.mkdir(exist_ok=True)
        return [
            str(path),
            *("--dbpath", str(data)),
            *("--port", str(self.port)),
            *("--bind_ip", "127.0.0.1"),
            *("--replSet", REPLICA_SET),
            *("--wiredTigerCacheSizeGB", "0.25"),
            *("--oplogSize", "64"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # Nobody reads the past: without it every order's earlier versions are kept for five minutes.
            *("--setParameter", "minSnapshotHistoryWindowInSeconds=0"),
            # A process killed in a transaction holds its rows for so long; a minute is the server's own default.
            *("--setParameter", "transactionLifetimeLimitSeconds=5"),
            # There is no other member to hand over to: do not wait 15 s for one at shutdown.
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
            "--nounixsocket",
            "--quiet",
        ]

    def _answers(self) -> bool:
        with pymongo.MongoClient[dict[str, Any]](
            "127.0.0.1",
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=500,
            socketTimeoutMS=10_000,
        ) as client:
            try:
                if client.admin.command("serverStatus")["pid"] != self.pid:
                    return False
                self._configure(client)
                return bool(client.admin.command("hello")["isWritablePrimary"])
            except PyMongoError:
                return False

    def _configure(self, client: "pymongo.MongoClient[dict[str, Any]]") -> None:
        """Make this server the only member, under the port it has now."""
        member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != NOT_YET_INITIALIZED:
                raise
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            return
        if config["members"][0]["host"] != member["host"]:
            config["members"] = [member]
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)
