"""What Discord says of a token, and the link that invites the bot."""

import base64
import http.client
import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

_ANSWER_SECONDS = 5.0
_MAX_ANSWER_BYTES = 1_000_000
_VIEW_CHANNEL, _SEND_MESSAGES, _READ_MESSAGE_HISTORY = 1 << 10, 1 << 11, 1 << 16
_MESSAGE_CONTENT_FLAGS = 1 << 18 | 1 << 19
_AGENT = "DiscordBot (discord-trade-executor, 1)"


@dataclass(frozen=True, slots=True)
class BotAccount:
    """The bot behind a token; `message_content` is None where Discord does not say."""

    name: str
    application_id: str
    message_content: bool | None


def check_token(api_url: str, token: SecretStr) -> BotAccount:
    """Ask Discord who the token is.

    Raises
    ------
    ValueError
        With one sentence: Discord did not answer, refused the token, or it is no bot's.
    """
    headers = {"Authorization": f"Bot {token.get_secret_value()}"}
    status, user = _ask(api_url, "GET", "/users/@me", headers)
    if status == 401:
        raise ValueError("Discord refuses this token (401): copy it again, or reset it on the Bot page")
    if status != 200 or not isinstance(user.get("username"), str):
        raise ValueError(f"Discord answered {status} to the token, which says nothing: try again later")
    if user.get("bot") is not True:
        raise ValueError("this is not a bot's token: a person's token must never be used")
    status, application = _ask(api_url, "GET", "/oauth2/applications/@me", headers)
    flags = application.get("flags") if status == 200 else None
    return BotAccount(
        name=user["username"],
        application_id=str(application.get("id") or user.get("id") or ""),
        message_content=bool(flags & _MESSAGE_CONTENT_FLAGS) if isinstance(flags, int) else None,
    )


def check_client(api_url: str, client_id: str, secret: SecretStr) -> None:
    """Ask Discord for a token of the application itself, to prove id and secret.

    Raises
    ------
    ValueError
        With one sentence: Discord did not answer, or refused the pair.
    """
    pair = base64.b64encode(f"{client_id}:{secret.get_secret_value()}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"grant_type": "client_credentials", "scope": "identify"})
    status, _ = _ask(api_url, "POST", "/oauth2/token", headers, body)
    if status in {400, 401}:
        raise ValueError(
            "Discord refuses this client id and secret: copy the secret again from the OAuth2 page"
        )
    if status != 200:
        raise ValueError(
            f"Discord answered {status} to the client secret, which says nothing: try again later"
        )


def invite_link(client_id: str) -> str:
    """Write the link that adds the bot to a server with the few rights it needs."""
    rights = _VIEW_CHANNEL | _SEND_MESSAGES | _READ_MESSAGE_HISTORY
    query = urlencode({"client_id": client_id, "scope": "bot applications.commands", "permissions": rights})
    return f"https://discord.com/oauth2/authorize?{query}"


def _ask(
    api_url: str, method: str, path: str, headers: dict[str, str], body: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Send one request, follow nothing; raises ValueError with one sentence when there is no answer."""
    place = urlsplit(api_url)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    try:
        with closing(kind(place.hostname or "", place.port, timeout=_ANSWER_SECONDS)) as connection:
            connection.request(method, place.path.rstrip("/") + path, body, {"User-Agent": _AGENT, **headers})
            answer = connection.getresponse()
            text = answer.read(_MAX_ANSWER_BYTES)
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        reason = type(error).__name__ if isinstance(error, UnicodeError | ValueError) else str(error)
        raise ValueError(f"{place.netloc} does not answer: {reason}") from None
    try:
        read = json.loads(text)
    except ValueError:
        read = {}
    return answer.status, read if isinstance(read, dict) else {}
