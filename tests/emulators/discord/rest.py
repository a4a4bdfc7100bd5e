"""The door of the REST API (faults, token check, log), and the endpoints about the bot and its guilds."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from tests.emulators.discord import payloads
from tests.emulators.discord.answers import ApiError, answer, nothing, unknown
from tests.emulators.discord.bodies import read_body
from tests.emulators.discord.faults import Fault, FaultKind, Faults
from tests.emulators.discord.gateway import Gateway
from tests.emulators.discord.log import TrafficLog
from tests.emulators.discord.oauth import OAuth
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.places import Places
from tests.emulators.discord.state import UnknownObjectError, World

API_PREFIX = "/api/v10"
_IDENTIFIES_PER_DAY = 1000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Rest:
    """What stands before every endpoint."""

    def __init__(self, world: World, faults: Faults, log: TrafficLog, oauth: OAuth) -> None:
        self._world = world
        self._faults = faults
        self._log = log
        self._oauth = oauth

    @web.middleware
    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Strike a call with a fault, or check its token and let it through; log it either way."""
        if not request.path.startswith("/api/"):
            return await handler(request)
        path = request.path.removeprefix(API_PREFIX)
        struck = await self._strike(request.method, path)
        response = struck or await self._call(request, handler, path)
        self._log.add(
            "rest",
            method=request.method,
            path=path,
            query=dict(request.query),
            body=await _logged_body(request),
            status=response.status,
            struck=struck is not None,
        )
        return response

    async def _strike(self, method: str, path: str) -> web.Response | None:
        delay = self._faults.take(FaultKind.DELAY, method, path)
        if delay is not None:
            await asyncio.sleep(delay.seconds)
        limited = self._faults.take(FaultKind.RATE_LIMIT, method, path)
        if limited is not None:
            return _rate_limited(limited)
        failed = self._faults.take(FaultKind.STATUS, method, path)
        if failed is not None:
            return answer(
                {"message": f"{failed.status}: {HTTPStatus(failed.status).phrase}", "code": 0}, failed.status
            )
        return None

    async def _call(self, request: web.Request, handler: Handler, path: str) -> web.StreamResponse:
        try:
            # Interactions and webhooks carry their token in the path, OAuth2 the application's; GET /gateway is public.
            own = ("/interactions/", "/webhooks/", "/oauth2/token")
            if not path.startswith(own) and path != "/gateway":
                self._check_token(request, path)
            return await handler(request)
        except UnknownObjectError as error:
            return _answer_error(unknown(error))
        except ApiError as error:
            return _answer_error(error)
        except web.HTTPException as error:
            return answer({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)

    def _check_token(self, request: web.Request, path: str) -> None:
        if path == "/users/@me" and self._oauth.user_of(request) is not None:
            return
        if request.headers.get("Authorization") != f"Bot {self._world.token}":
            raise ApiError(401, 0, "401: Unauthorized")


def _answer_error(error: ApiError) -> web.Response:
    return answer(error.body, error.status)


def _rate_limited(fault: Fault) -> web.Response:
    if fault.cloudflare:
        return web.Response(
            status=429, text="error code: 1015", headers={"Retry-After": str(int(fault.seconds) + 1)}
        )
    headers = {
        "Via": "1.1 google",  # what tells Discord's own limiter from a Cloudflare ban
        "Retry-After": str(int(fault.seconds) + 1),
        "X-RateLimit-Limit": "5",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset-After": str(fault.seconds),
        "X-RateLimit-Scope": "global" if fault.is_global else "user",
    }
    if fault.is_global:
        headers["X-RateLimit-Global"] = "true"
    body = {"message": "You are being rate limited.", "retry_after": fault.seconds, "global": fault.is_global}
    return answer(body, 429, headers)


async def _logged_body(request: web.Request) -> object:
    if request.content_type == "multipart/form-data":
        return await read_body(request)
    text = await request.text()
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


class AboutBot:
    """The endpoints about the gateway, the bot, its application and commands."""

    def __init__(self, world: World, gateway: Gateway, places: Places, oauth: OAuth) -> None:
        self._world = world
        self._gateway = gateway
        self._places = places
        self._oauth = oauth

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, below the API's prefix."""
        commands = "/applications/{application_id}/commands"
        guild_commands = "/applications/{application_id}/guilds/{guild_id}/commands"
        return [
            web.get("/gateway", self.get_gateway),
            web.get("/gateway/bot", self.get_gateway_bot),
            web.get("/users/@me", self.get_me),
            web.post("/users/@me/channels", self.open_dm),
            web.get("/users/{user_id}", self.get_user),
            web.get("/oauth2/applications/@me", self.get_application),
            web.get("/applications/@me", self.get_application),
            web.get(commands, self.get_commands),
            web.put(commands, self.put_commands),
            web.get(guild_commands, self.get_commands),
            web.put(guild_commands, self.put_commands),
        ]

    async def get_gateway(self, request: web.Request) -> web.Response:
        """Tell the gateway's address."""
        return answer({"url": self._gateway.url})

    async def get_gateway_bot(self, request: web.Request) -> web.Response:
        """Tell the gateway's address, the number of shards and how many sessions may still be started."""
        limit = {
            "total": _IDENTIFIES_PER_DAY,
            "remaining": max(0, _IDENTIFIES_PER_DAY - self._gateway.hub.identifies),
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return answer({"url": self._gateway.url, "shards": 1, "session_start_limit": limit})

    async def get_me(self, request: web.Request) -> web.Response:
        """Return the bot's user, or the one whose bearer token it is."""
        user_id = self._oauth.user_of(request)
        if user_id is not None:
            return answer(self._world.get("users", user_id))
        private: Json = {"verified": True, "mfa_enabled": True, "locale": "en-US", "email": None, "flags": 0}
        return answer({**self._world.bot, **private})

    async def get_user(self, request: web.Request) -> web.Response:
        """Return any user."""
        return answer(self._world.get("users", request.match_info["user_id"]))

    async def get_application(self, request: web.Request) -> web.Response:
        """Return the application; its flags say which privileged intents are on."""
        bot = self._world.bot
        owner = self._world.get("users", self._world.get("settings", "bot")["owner_id"])
        return answer(
            payloads.application(bot["id"], bot["username"], owner, self._world.application_flags())
        )

    async def open_dm(self, request: web.Request) -> web.Response:
        """Open the direct channel with a user."""
        return answer(self._places.open_dm(str((await read_body(request))["recipient_id"])))

    async def get_commands(self, request: web.Request) -> web.Response:
        """Return the commands registered globally or for a guild."""
        scope = request.match_info.get("guild_id", "global")
        return answer(self._world.tables["commands"].get(scope, {"commands": []})["commands"])

    async def put_commands(self, request: web.Request) -> web.Response:
        """Replace the commands registered globally or for a guild."""
        guild_id = request.match_info.get("guild_id")
        if guild_id is not None:
            self._world.get("guilds", guild_id)
        definitions: list[Json] = await request.json()
        bot_id = self._world.bot["id"]
        made = [payloads.command(self._world.new_id(), bot_id, guild_id, one) for one in definitions]
        self._world.put("commands", guild_id or "global", {"commands": made})
        return answer(made)


class AboutGuilds:
    """The endpoints that read guilds, their members and channels."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, below the API's prefix."""
        return [
            web.get("/guilds/{guild_id}", self.get_guild),
            web.get("/guilds/{guild_id}/channels", self.get_channels),
            web.get("/guilds/{guild_id}/threads/active", self.get_active_threads),
            web.get("/guilds/{guild_id}/members/{user_id}", self.get_member),
            web.get("/channels/{channel_id}", self.get_channel),
            web.post("/channels/{channel_id}/typing", self.show_typing),
        ]

    async def get_guild(self, request: web.Request) -> web.Response:
        """Return a guild."""
        return answer(self._world.get("guilds", request.match_info["guild_id"]))

    async def get_channels(self, request: web.Request) -> web.Response:
        """Return a guild's channels without its threads."""
        return answer([one for one in self._channels(request) if one["type"] != payloads.PUBLIC_THREAD])

    async def get_active_threads(self, request: web.Request) -> web.Response:
        """Return a guild's threads."""
        threads = [one for one in self._channels(request) if one["type"] == payloads.PUBLIC_THREAD]
        return answer({"threads": threads, "members": []})

    async def get_member(self, request: web.Request) -> web.Response:
        """Return a member of a guild."""
        return answer(self._world.full_member(request.match_info["guild_id"], request.match_info["user_id"]))

    async def get_channel(self, request: web.Request) -> web.Response:
        """Return a channel, thread or direct channel."""
        return answer(self._world.get("channels", request.match_info["channel_id"]))

    async def show_typing(self, request: web.Request) -> web.Response:
        """Accept that the bot is typing."""
        self._world.get("channels", request.match_info["channel_id"])
        return nothing()

    def _channels(self, request: web.Request) -> list[Json]:
        guild_id = self._world.get("guilds", request.match_info["guild_id"])["id"]
        return [one for one in self._world.tables["channels"].values() if one.get("guild_id") == guild_id]
