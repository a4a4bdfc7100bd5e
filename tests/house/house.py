"""The whole system, really running: servers, emulators and every process of the Procfile, on free ports.

    with House() as house:
        crew = house.populate(followers=3)
        house.wait_until_ready()                 # starts the Procfile's processes and waits for them
        house.wait_for_balances()
        posted = house.post(crew.provider, "BTC/USDT long now, stop -3%")
        house.wait_for_message(posted["id"])

Who populates before the processes start spares the wait for the bot, which reads new channels every 15 s.
Everything ends with the block, also when this process is killed: each child has a watchdog of its own.
"""

import fnmatch
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pymongo
from celery import Celery
from pymongo.database import Database
from redis import Redis

from shared.local import PROJECT, LocalServers
from shared.processes import parse_procfile
from shared.run import Runner
from shared.tasks import QUEUE_OF, TaskName
from shared.watchdog import Watchdog
from tests.emulators.discord.client import DiscordControl
from tests.house import population, readiness
from tests.house.children import EmulatorProcess, list_children, send
from tests.house.commands import CommandResult, CommandServer, rows_or_failure, run_flask
from tests.house.environment import (
    clean_environment,
    discord_settings,
    generate_settings,
    with_database,
)
from tests.house.population import Follower, Population, Provider
from tests.house.venues import EmulatedVenue

_ENDS = ("noise", "quarantined", "done", "failed")
_LOOK_SECONDS = 0.05
_FAILURE_LOOK_SECONDS = 0.5
_LOG_TAIL_BYTES = 6000


class House:
    """The system on one machine, fresh at every start.

    Parameters
    ----------
    folder
        Where servers and emulators keep their state; None: removed at the end.
    venues
        Emulated venues to start as well; accounts trade in the environment that each names.
    processes, database
        Only these lines of the Procfile; the database's name, which begins with `test` where FAILPOINTS are set.
    settings
        Environment variables to add or replace, such as DEMO or FAILPOINTS.
    gentle
        End the processes in order, as `make run` does; else kill them, which is quicker.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        venues: Sequence[EmulatedVenue] = (),
        processes: Sequence[str] | None = None,
        database: str = "test_house",
        settings: Mapping[str, str] | None = None,
        gentle: bool = False,
    ) -> None:
        self._given_folder = folder
        self._venues = tuple(venues)
        self._database_name = database
        self._settings = dict(settings or {})
        self._gentle = gentle
        procfile = parse_procfile((PROJECT / "Procfile").read_text())
        self._processes = {n: c for n, c in procfile.items() if processes is None or n in processes}
        self._stack = ExitStack()
        self._runner: Runner | None = None
        self._commands: CommandServer | None = None
        self._bells: Celery | None = None
        self.env: dict[str, str] = {}
        """The environment of every process, for commands of your own."""
        self.folder = self._state = Path()
        self.servers = LocalServers()
        """Redis and mongod: `.redis.kill()`, `.redis.start()`, the same for `.mongod`."""
        self.discord_process: EmulatorProcess | None = None
        self.venue_processes: dict[str, EmulatorProcess] = {}
        self.seconds: dict[str, float] = {}
        """What the start took, part by part."""

    # life ----------------------------------------------------------------
    def start(self) -> None:
        """Start servers, emulators and the command process; the Procfile's processes are `launch`'s."""
        began = time.monotonic()
        try:
            self._open_folder()
            watchdog = self._stack.enter_context(Watchdog())
            base = clean_environment()
            self._commands = CommandServer(base, watchdog)
            self._stack.callback(self._commands.close)
            emulators = self._launch_emulators(base, watchdog)
            self.servers.start()
            self._stack.callback(self.servers.stop)
            self._clear_servers()
            self.seconds["servers"] = round(time.monotonic() - began, 2)
            for emulator in emulators:
                emulator.wait_until_listening()
            for venue in self._venues:
                venue.prepare(self.venue(venue))
            self.env = self._environment(base)
            self._commands.open(self.env)
            self._bells = readiness.open_queue(self.env["REDIS_URL"])
            self._stack.callback(self._bells.close)
            self.seconds["emulators"] = round(time.monotonic() - began, 2)
        except BaseException:
            self.stop()
            raise

    def launch(self) -> None:
        """Start the Procfile's processes, once; they are on their way, not ready, when this returns."""
        if self._runner is not None:
            return
        out = self._stack.enter_context((self.folder / "processes.log").open("w"))
        state = self.folder / "processes.json"
        self._runner = Runner(self._processes, self.env, out=out, state_file=state)
        self._runner.start()
        self._stack.callback(self._stop_processes)

    def stop(self) -> None:
        """End everything that was started."""
        self._stack.close()

    def __enter__(self) -> "House":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # parts ----------------------------------------------------------------
    @property
    def discord(self) -> DiscordControl:
        """The hand on the emulated Discord."""
        assert self.discord_process is not None, "the house has not been started"
        return DiscordControl(self.discord_process.url)

    def venue(self, venue: EmulatedVenue) -> Any:
        """The hand on an emulated venue, in a house that was started with it."""
        return venue.control(self.venue_processes[venue.name].url)

    def venue_log(self, venue: EmulatedVenue) -> Path:
        """A venue's own log, readable while it is down."""
        return Path(self.venue_processes[venue.name].description["log"])

    @property
    def web_url(self) -> str:
        """The dashboard's address; like Flower's, without a slash at its end."""
        return f"http://127.0.0.1:{self.env['WEB_PORT']}"

    @property
    def flower_url(self) -> str:
        """Flower's address."""
        return f"http://127.0.0.1:{self.env['FLOWER_PORT']}"

    def open_database(self) -> "Database[dict[str, Any]]":
        """Return the database, for judging what happened; rows hold BSON's own types."""
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            self.env["MONGODB_URI"], tz_aware=True, serverSelectionTimeoutMS=2000, socketTimeoutMS=10_000
        )
        self._stack.callback(client.close)
        return client.get_default_database()

    # processes ----------------------------------------------------------------
    def pids(self) -> dict[str, int]:
        """Return what runs now by its Procfile name; children of a process are `name/0`, `name/1`."""
        if self._runner is None:
            return {}
        found: dict[str, int] = {}
        for name, pid in self._runner.pids().items():
            found[name] = pid
            found |= {f"{name}/{number}": child for number, child in enumerate(list_children(pid))}
        return found

    def kill(self, pattern: str, number: int = signal.SIGKILL) -> list[int]:
        """Send a signal to every process whose name matches, as in `worker-*`; return their ids.

        `worker-orders` is the main process alone; its runner ends what it leaves behind and starts it anew.
        """
        matching = [pid for name, pid in self.pids().items() if fnmatch.fnmatchcase(name, pattern)]
        if not matching:
            raise ValueError(f"nothing that runs is called {pattern!r}; there are {', '.join(self.pids())}")
        return [pid for pid in matching if send(pid, number)]

    def log_tail(self) -> str:
        """Return the last lines that the processes wrote."""
        return (self.folder / "processes.log").read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")

    # commands ----------------------------------------------------------------
    def run(self, *args: str, stdin: str | None = None) -> CommandResult:
        """Run a command of the command line in the process that stays; its exit status is the caller's."""
        if self._commands is None:
            raise RuntimeError("the house has not been started")
        return self._commands.run(*args, stdin=stdin)

    def cli(self, *args: str, stdin: str | None = None) -> list[dict[str, Any]]:
        """Run a command and return its rows; CommandFailed when it was not done."""
        return rows_or_failure(args, self.run(*args, stdin=stdin))

    def flask(self, *args: str, stdin: str | None = None) -> CommandResult:
        """Run `flask --app web` in a process of its own, as an operator does; about 2 s."""
        return run_flask(self.env, *args, stdin=stdin)

    def ring(self, task: TaskName, *ids: object) -> None:
        """Send a task to the workers by its name, as web and beat do."""
        if self._bells is None:
            raise RuntimeError("the house has not been started")
        self._bells.send_task(str(task), args=list(ids), queue=str(QUEUE_OF[task]))

    # waiting ----------------------------------------------------------------
    def wait_until_ready(self, seconds: float = 90.0) -> dict[str, float]:
        """Launch what has not been, wait until every process works; return how long each part took.

        Every queue has a worker that answers, a job that beat started has run, the bot holds its session,
        web and Flower answer. After a kill it waits for what came back. Raises NotReady.
        """
        self.launch()
        assert self._bells is not None
        queues = readiness.queues_of(self._processes)
        bells = self._bells
        database = self.open_database()
        since = datetime.now(UTC)
        checks: dict[str, readiness.Check] = {}
        if "bot" in self._processes:
            checks["bot"] = lambda: readiness.bot_listens(self.discord, self.env["REDIS_URL"])
        if "web" in self._processes:
            checks["web"] = lambda: readiness.answers_http(f"{self.web_url}/readyz")
        if "flower" in self._processes:
            checks["flower"] = lambda: readiness.answers_http(f"{self.flower_url}/healthcheck")
        if "beat" in self._processes:
            checks["beat"] = lambda: readiness.beat_ticks(database, since)
        checks["workers"] = lambda: readiness.are_read(bells, queues)
        try:
            return readiness.wait_for_all(checks, seconds, self._failure)
        except readiness.NotReady as error:
            raise readiness.NotReady(f"{error}\n{self.log_tail()}") from None

    def wait_idle(self, seconds: float = 30.0) -> dict[str, Any]:
        """Wait until nothing is on its way; CommandFailed says what still moves."""
        return self.cli("wait", "--idle", "--timeout", str(seconds))[-1]

    def wait_for_message(
        self, message_id: str, *, revisions: int = 1, seconds: float = 20.0
    ) -> dict[str, Any]:
        """Wait until so many revisions of a message have their end; return the newest."""
        deadline = time.monotonic() + seconds
        while True:
            rows = self.cli("messages", "show", "--message", message_id)
            if len(rows) >= revisions and all(row["status"] in _ENDS for row in rows):
                return max(rows, key=lambda row: int(row["revision"]))
            if time.monotonic() > deadline:
                raise AssertionError(f"message {message_id} has no end after {seconds:g} s: {rows}")
            time.sleep(_LOOK_SECONDS)

    # people ----------------------------------------------------------------
    def create_provider(self, name: str, **options: bool) -> Provider:
        """Create a Discord server and list it as a provider; options as of `population.create_provider`."""
        return population.create_provider(self, name, **options)

    def create_follower(self, name: str, providers: Sequence[Provider], **options: Any) -> Follower:
        """Create a user, an account and a bot a provider; options as of `population.create_follower`."""
        return population.create_follower(self, name, providers, **options)

    def populate(
        self,
        *,
        providers: Sequence[str] = ("alpha",),
        followers: int = 1,
        sizing: str = "fixed:200",
        venue: str = "paper",
        balance: str = "10000",
        settings: Mapping[str, str] | None = None,
    ) -> Population:
        """Create providers and `followers` who follow all of them; on `testvenue` in its sandbox.

        The accounts' balances are read by workers: `wait_for_balances` before the first message counts.
        """
        return population.populate(
            self, providers, followers, sizing=sizing, venue=venue, balance=balance, settings=settings
        )

    def wait_for_balances(self, seconds: float = 30.0) -> None:
        """Wait until a worker has read every account's balance."""
        population.wait_for_balances(self.open_database(), seconds)

    def wait_until_watched(self, seconds: float = 40.0) -> None:
        """Wait until the bot watches every provider's channels: after populating a house that runs."""
        population.wait_until_watched(self.open_database(), self.env["REDIS_URL"], seconds)

    def post(self, provider: Provider, content: str = "", **options: Any) -> dict[str, Any]:
        """Post in a provider's channel as its author, or with `webhook=True` as its webhook."""
        return population.post(self.discord, provider, content, **options)

    def copy_discord_log(self, path: Path) -> None:
        """Keep the emulated Discord's own log of what reached it."""
        shutil.copy(self._state / "discord" / "traffic.jsonl", path)

    def wait_for_failure(self) -> str:
        """Wait until the runner gives up, and return why; for a house that is to run until Ctrl-C."""
        while not self._failure():
            time.sleep(_FAILURE_LOOK_SECONDS)
        return self._failure()

    # inside ----------------------------------------------------------------
    def _open_folder(self) -> None:
        if self._given_folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="trade-executor-house-"))
            self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        else:
            self.folder = self._given_folder.resolve()
            self.folder.mkdir(parents=True, exist_ok=True)
        self.servers = LocalServers(self.folder / "servers")

    def _launch_emulators(self, env: dict[str, str], watchdog: Watchdog) -> list[EmulatorProcess]:
        # Their state is of this run alone; it lies outside the servers' folder and its lock.
        self._state = state = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        self._stack.callback(shutil.rmtree, state, ignore_errors=True)

        def launch(module: str, folder: Path) -> EmulatorProcess:
            emulator = EmulatorProcess(f"tests.emulators.{module}", folder, env, watchdog)
            emulator.launch()
            self._stack.callback(emulator.stop)
            return emulator

        self.discord_process = launch("discord", state / "discord")
        for venue in self._venues:
            self.venue_processes[venue.name] = launch(venue.emulator, self.folder / venue.name)
        return [self.discord_process, *self.venue_processes.values()]

    def _clear_servers(self) -> None:
        with Redis.from_url(self.servers.redis_url) as client:
            client.flushall()
        with pymongo.MongoClient[dict[str, Any]](self.servers.mongodb_uri) as mongo:
            mongo.drop_database(self._database_name)

    def _environment(self, base: Mapping[str, str]) -> dict[str, str]:
        assert self.discord_process is not None
        env = {**base, **generate_settings(), **discord_settings(self.discord_process.description)}
        env["REDIS_URL"] = self.servers.redis_url
        env["MONGODB_URI"] = with_database(self.servers.mongodb_uri, self._database_name)
        env["VENUE_ADAPTERS"] = ",".join(venue.adapter for venue in self._venues if venue.adapter)
        for venue in self._venues:
            env |= venue.settings(self.venue_processes[venue.name].url)
        return env | self._settings

    def _stop_processes(self) -> None:
        if self._runner is None:
            return
        if not self._gentle:
            # Asked twice, it waits for nobody.
            self._runner.ask_to_stop()
        self._runner.stop()

    def _failure(self) -> str:
        return "" if self._runner is None else self._runner.failure
