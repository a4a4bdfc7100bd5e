"""Discord's OAuth2: the page that asks a person, codes that are good once, bearer tokens, and their revocation."""

import base64
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from urllib.parse import urlencode

from aiohttp import web

from tests.emulators.discord.answers import ApiError, answer, nothing
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.state import World

CLIENT_SECRET = "discord-client-secret-of-the-emulator"
_WEEK_SECONDS = 604_800


@dataclass
class Grant:
    """What a person has allowed: who, where the code went, and the challenge that its exchange must answer."""

    user_id: str
    redirect_uri: str
    scope: str
    challenge: str | None


@dataclass
class OAuth:
    """Codes, tokens and the addresses that the application has registered; nothing of it outlives the process."""

    world: World
    redirect_uris: set[str] = field(default_factory=set)
    codes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    asked: list[Json] = field(default_factory=list)

    def pages(self) -> list[web.RouteDef]:
        """Return the routes outside the API."""
        return [web.get("/oauth2/authorize", self.authorise)]

    def routes(self) -> list[web.RouteDef]:
        """Return the routes below the API's prefix."""
        return [web.post("/oauth2/token", self.exchange), web.post("/oauth2/token/revoke", self.revoke)]

    def user_of(self, request: web.Request) -> str | None:
        """Return the user whose bearer token a request carries."""
        return self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    async def authorise(self, request: web.Request) -> web.Response:
        """Ask the person; `as=USER` in the address answers yes at once, `as=nobody` no."""
        asked = dict(request.query)
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.world.bot["id"] or redirect_uri not in self.redirect_uris:
            return web.Response(status=400, text="Invalid OAuth2 redirect_uri")
        if asked.get("response_type") != "code" or asked.get("scope") != "identify":
            return web.Response(status=400, text="Invalid form body")
        self.asked.append(asked)
        chosen = asked.pop("as", None)
        if chosen is None:
            return self._page(asked)
        if chosen == "nobody":
            said = {"error": "access_denied", "error_description": "The resource owner denied the request"}
        else:
            code = secrets.token_hex(15)
            self.codes[code] = Grant(chosen, redirect_uri, asked["scope"], asked.get("code_challenge"))
            said = {"code": code}
        state = {"state": asked["state"]} if "state" in asked else {}
        raise web.HTTPFound(f"{redirect_uri}?{urlencode({**said, **state})}")

    def _page(self, asked: dict[str, str]) -> web.Response:
        people = [user for user in self.world.tables["users"].values() if not user.get("bot")]
        choices = [("nobody", "Cancel"), *((user["id"], f"Authorise {user['username']}") for user in people)]
        links = "".join(
            f'<p><a href="?{escape(urlencode({**asked, "as": who}))}">{escape(label)}</a></p>'
            for who, label in choices
        )
        icon = '<link rel="icon" href="data:,">'
        text = f"<!doctype html><title>Emulated Discord</title>{icon}<h1>Emulated Discord</h1>{links}"
        return web.Response(text=text, content_type="text/html")

    async def exchange(self, request: web.Request) -> web.Response:
        """Give a token for a code: once, to the application, for the same address and the answered challenge."""
        form = await request.post()
        self._check_application(request, {key: str(value) for key, value in form.items()})
        grant = self.codes.pop(str(form.get("code", "")), None)
        if form.get("grant_type") != "authorization_code" or grant is None:
            raise ApiError(400, 0, "invalid_grant")
        verifier = str(form.get("code_verifier", ""))
        if form.get("redirect_uri") != grant.redirect_uri or not _answers(grant.challenge, verifier):
            raise ApiError(400, 0, "invalid_grant")
        token = secrets.token_urlsafe(22)
        self.tokens[token] = grant.user_id
        return answer(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": _WEEK_SECONDS,
                "refresh_token": secrets.token_urlsafe(22),
                "scope": grant.scope,
            }
        )

    async def revoke(self, request: web.Request) -> web.Response:
        """Make a token worthless."""
        form = await request.post()
        self._check_application(request, {key: str(value) for key, value in form.items()})
        self.tokens.pop(str(form.get("token", "")), None)
        return nothing()

    def _check_application(self, request: web.Request, form: dict[str, str]) -> None:
        given = request.headers.get("Authorization", "")
        if given.startswith("Basic "):
            name, _, secret = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        if (name, secret) != (self.world.bot["id"], CLIENT_SECRET):
            raise ApiError(401, 0, "invalid_client")


def _answers(challenge: str | None, verifier: str) -> bool:
    if challenge is None:
        return True
    digest = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return digest == challenge
