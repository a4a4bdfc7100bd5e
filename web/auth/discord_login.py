"""Sign in with Discord: Flask-Dance leads there and back; what it leaves to the cookie is held by a row as well.

A state is random, bound to the browser that asked, good for ten minutes and once. The library keeps it in the signed
cookie, where an old copy could come again: the row is what makes it single. PKCE (S256) is sent; Discord does not ask
for it. The library keeps its HTTP session on the blueprint, which all requests share: here each request has its own.
"""

from typing import Any
from urllib.parse import urlsplit

import requests
from flask import current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_dance.consumer import OAuth2ConsumerBlueprint, oauth_authorized
from flask_dance.consumer.requests import OAuth2Session
from flask_dance.consumer.storage import NullStorage
from oauthlib.oauth2 import OAuth2Error
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from shared.logs import get_logger
from shared.models import sign_ins
from shared.oauth.discord import SCOPE, TIMEOUT_SECONDS, DiscordAway, addresses_of, read_profile, revoke
from shared.settings import Settings
from web.auth.arrival import AccountDisabled, welcome
from web.auth.policy import public
from web.auth.session import visitor
from web.auth.sign_in_page import safe_target, show_sign_in
from web.extensions import settings_in_force
from web.formatting import moment
from web.limits import limited

log = get_logger(__name__)

_NAME = "discord"
_STATE = f"{_NAME}_oauth_state"
_SESSION = "discord_oauth_session"


class PlainAdapter(HTTPAdapter):
    """Speaks plain HTTP to an emulator whose address the library only takes as HTTPS."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        """Send to the address as the settings have it."""
        request.url = (request.url or "").replace("https://", "http://", 1)
        return super().send(request, *arguments, **named)


class DiscordSession(OAuth2Session):  # type: ignore[misc]  # the library has no types
    """The library's HTTP session: five seconds, no redirects, and the one address that people come back to."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.max_redirects = 0
        api = settings_in_force().discord_api_url
        if api.startswith("http://"):
            self.mount(_as_https(api), PlainAdapter())

    @property
    def redirect_uri(self) -> str:
        """The address registered at Discord: of WEB_URL where it is set, whatever host a request names."""
        path = url_for(f"{_NAME}.authorized")
        base = settings_in_force().web_url
        return f"{base}{path}" if base else url_for(f"{_NAME}.authorized", _external=True)

    @redirect_uri.setter
    def redirect_uri(self, _value: str) -> None:
        # The library sets what the request's host makes of it.
        return

    def authorization_url(self, url: str, state: str | None = None, **named: Any) -> tuple[str, str]:
        """Write the address that a browser is led to, and the state in it."""
        made: tuple[str, str] = super().authorization_url(_as_https(url), state=state, **named)
        scheme = urlsplit(url).scheme
        return urlsplit(made[0])._replace(scheme=scheme).geturl(), made[1]

    def fetch_token(self, token_url: str, **named: Any) -> dict[str, Any]:
        """Exchange the code; only code and state are read from the address that the browser came to."""
        named["authorization_response"] = _as_https(named["authorization_response"])
        token: dict[str, Any] = super().fetch_token(token_url, timeout=TIMEOUT_SECONDS, **named)
        return token


class DiscordLogin(OAuth2ConsumerBlueprint):  # type: ignore[misc]  # the library has no types
    """The way out and the way back."""

    @property
    def session(self) -> DiscordSession:
        """The HTTP session of this request, and of no other that is under way."""
        if _SESSION not in g:
            made = DiscordSession(client_id=self._client_id, scope=self.scope, blueprint=self, base_url=None)
            setattr(g, _SESSION, made)
        found: DiscordSession = getattr(g, _SESSION)
        return found

    def teardown_session(self, _error: BaseException | None = None) -> None:
        """Forget this request's HTTP session."""
        g.pop(_SESSION, None)

    @limited("login")
    @public
    def login(self) -> ResponseReturnValue:
        """Lead to Discord."""
        target = safe_target(request.args.get("next"))
        leads: ResponseReturnValue = super().login()
        sign_ins.begin(session[_STATE], visitor(), target, moment())
        return leads

    @limited("login")
    @public
    def authorized(self) -> ResponseReturnValue:
        """Take who comes back, if it is who was led there."""
        state = request.args.get("state", "")
        begun = sign_ins.take(state, visitor(), moment()) if state else None
        if begun is None or session.get(_STATE) != state:
            return show_sign_in("stale", 400)
        if "error" in request.args:
            session.pop(_STATE, None)
            return show_sign_in("denied", 403)
        g.login_target = begun.target
        try:
            finished: ResponseReturnValue = super().authorized()
        except (OAuth2Error, ValueError) as error:
            log.warning("login.refused", error=type(error).__name__)
            return show_sign_in("refused", 400)
        except requests.RequestException as error:
            log.warning("login.discord_away", error=type(error).__name__)
            return show_sign_in("away", 502)
        return finished


def make_blueprint(settings: Settings) -> DiscordLogin:
    """Make the blueprint for an application at Discord."""
    addresses = addresses_of(settings.discord_api_url)
    blueprint = DiscordLogin(
        _NAME,
        __name__,
        url_prefix="/login",
        client_id=settings.discord_client_id,
        client_secret=settings.discord_client_secret.get_secret_value(),
        scope=[SCOPE],
        authorization_url=addresses.authorise,
        authorization_url_params={"prompt": "none"},
        token_url=_as_https(addresses.token),
        storage=NullStorage(),
        use_pkce=True,
    )
    oauth_authorized.connect(_signed_in, sender=blueprint)
    return blueprint


def _signed_in(_blueprint: DiscordLogin, token: dict[str, Any]) -> ResponseReturnValue:
    settings = settings_in_force()
    addresses = addresses_of(settings.discord_api_url)
    access = SecretStr(str(token.get("access_token", "")))
    try:
        profile = read_profile(addresses, access)
    except DiscordAway as error:
        log.warning("login.no_profile", error=str(error))
        return current_app.make_response(show_sign_in("away", 502))
    finally:
        revoke(addresses, settings.discord_client_id, settings.discord_client_secret, access)
    try:
        welcome(profile, settings)
    except AccountDisabled:
        return current_app.make_response(show_sign_in("disabled", 403))
    return redirect(g.login_target)


def _as_https(address: str) -> str:
    return urlsplit(address)._replace(scheme="https").geturl()
