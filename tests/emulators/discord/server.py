"""Puts the emulator together and lets it listen, in an event loop or in a thread of its own."""

import asyncio
import json
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.emulators.discord.client import DiscordControl
from tests.emulators.discord.control import Control
from tests.emulators.discord.faults import Faults
from tests.emulators.discord.gateway import Gateway
from tests.emulators.discord.interactions import Interactions
from tests.emulators.discord.log import Changes, TrafficLog
from tests.emulators.discord.messages import Messages
from tests.emulators.discord.oauth import OAuth
from tests.emulators.discord.places import Places
from tests.emulators.discord.rest import API_PREFIX, AboutBot, AboutGuilds, Rest
from tests.emulators.discord.rest_messages import AboutMessages
from tests.emulators.discord.rest_webhooks import AboutWebhooks
from tests.emulators.discord.sessions import SessionHub
from tests.emulators.discord.state import World

_LOOPBACK = "127.0.0.1"
_HEARTBEAT_SECONDS = 41.25
_LARGEST_BODY = 32 * 1024 * 1024
_START_SECONDS = 10.0


class EmulatorServer:
    """The emulator inside a running event loop.

    Parameters
    ----------
    token
        The bot's token; made up when not given, see `token`.
    state_dir
        Folder for `world.jsonl` (what exists; a restart finds it again) and `traffic.jsonl` (the log).
    seed
        Control actions for a world without guilds: `[{"action": "create_guild", "name": ...}, ...]`.
    heartbeat_seconds
        The heartbeat interval told to clients.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        state_dir: Path | None = None,
        seed: list[dict[str, Any]] | None = None,
        heartbeat_seconds: float = _HEARTBEAT_SECONDS,
    ) -> None:
        self._seed = seed or []
        self._changes = Changes()
        self.world = World(token=token, journal=None if state_dir is None else state_dir / "world.jsonl")
        self.log = TrafficLog(self._changes, None if state_dir is None else state_dir / "traffic.jsonl")
        self.faults = Faults(self._changes)
        hub = SessionHub(self._changes)
        self.gateway = Gateway(
            self.world, hub, self.faults, self.log, self._changes, heartbeat_seconds=heartbeat_seconds
        )
        places = Places(self.world, hub)
        messages = Messages(self.world, hub)
        interactions = Interactions(self.world, hub, messages)
        self.control = Control(
            self.world, places, messages, interactions, self.gateway, self.log, self._changes
        )
        self.oauth = OAuth(self.world)
        self._endpoints = (
            AboutBot(self.world, self.gateway, places, self.oauth),
            self.oauth,
            AboutGuilds(self.world),
            AboutMessages(self.world, messages),
            AboutWebhooks(self.world, messages, interactions),
        )
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """What the bot's DISCORD_API_URL must be."""
        return f"http://{_LOOPBACK}:{self.port}{API_PREFIX}"

    @property
    def token(self) -> str:
        """The bot token that is accepted."""
        return self.world.token

    def describe(self) -> dict[str, Any]:
        """Return what a starter needs to know: addresses, port, token and the bot's id."""
        return {
            "url": self.url,
            "gateway": self.gateway.url,
            "port": self.port,
            "token": self.token,
            "application_id": self.world.bot["id"],
        }

    async def start(self, port: int = 0) -> None:
        """Sow the seed and listen on loopback; raises OSError when the port is taken."""
        if not self.world.tables["guilds"]:
            for step in self._seed:
                await self.control.perform(step["action"], {k: v for k, v in step.items() if k != "action"})
        application = web.Application(
            middlewares=[Rest(self.world, self.faults, self.log, self.oauth).__call__], client_max_size=_LARGEST_BODY
        )
        for endpoints in self._endpoints:
            application.add_routes(
                web.route(route.method, API_PREFIX + route.path, route.handler)
                for route in endpoints.routes()
            )
        application.add_routes(self.oauth.pages())
        application.add_routes(
            [web.get("/gateway", self.gateway.handle), web.post("/_control/{action}", self.control.handle)]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, _LOOPBACK, port).start()
        self.port = int(self._runner.addresses[0][1])
        self.gateway.url = f"ws://{_LOOPBACK}:{self.port}/gateway"

    async def stop(self) -> None:
        """Cut every socket, stop listening and close the files."""
        self.faults.clear()
        self.gateway.drop(None)
        if self._runner is not None:
            await self._runner.cleanup()
        self.log.close()
        self.world.close()


class DiscordEmulator:
    """The emulator in a thread of its own, for tests; a context manager.

    `control` is the hand on it; its calls block for a moment. Its waits belong in `asyncio.to_thread` where the client
    under test shares the caller's event loop.
    """

    def __init__(self, **settings: Any) -> None:
        self._server = EmulatorServer(**settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="discord-emulator", daemon=True)

    def start(self, port: int = 0) -> Self:
        """Start listening; raises OSError when the port is taken."""
        self._thread.start()
        try:
            self._call(self._server.start(port))
        except BaseException:
            self._end_thread()
            raise
        return self

    def stop(self) -> None:
        """Stop listening and end the thread."""
        self._call(self._server.stop())
        self._end_thread()

    @property
    def url(self) -> str:
        """What the bot's DISCORD_API_URL must be."""
        return self._server.url

    @property
    def token(self) -> str:
        """The bot token that is accepted."""
        return self._server.token

    @property
    def oauth(self) -> OAuth:
        """What people have allowed the application; read and filled by tests in the same process."""
        return self._server.oauth

    @property
    def control(self) -> DiscordControl:
        """A client for the control API."""
        return DiscordControl(self.url)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_SECONDS)

    def _end_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)
        self._loop.close()


def read_seed(path: Path) -> list[dict[str, Any]]:
    """Return the actions of a seed file; raises ValueError in one line for anything but a list of actions."""
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error})") from error
    if not isinstance(steps, list) or not all(isinstance(step, dict) and "action" in step for step in steps):
        raise ValueError(
            f'{path}: expected a list of objects like {{"action": "create_guild", "name": "..."}}'
        )
    return steps
