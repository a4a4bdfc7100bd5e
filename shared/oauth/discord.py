"""Discord as the place where people sign in: its addresses, who a token belongs to, and the token's end.

OAuth2 with the scope `identify` alone (Discord's developer documentation, "OAuth2" and "Get Current User"). A token is
used once, to read who it is, and revoked; nothing of it is stored.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

TIMEOUT_SECONDS: Final = 5
SCOPE: Final = "identify"

_SNOWFLAKE = re.compile(r"[0-9]{15,21}")
_AVATAR = re.compile(r"(a_)?[0-9a-f]{32}")
_NAME_CHARACTERS = 80


class DiscordAway(Exception):
    """Raised where Discord does not answer in time, or not with what it documents; holds no token."""


@dataclass(frozen=True, slots=True)
class DiscordProfile:
    """Who has signed in: the id that never changes, the name to show, and the hash of the picture."""

    discord_id: str
    name: str
    avatar: str | None


@dataclass(frozen=True, slots=True)
class DiscordAddresses:
    """Where Discord asks people and gives tokens."""

    authorise: str
    token: str
    revoke: str
    me: str


def addresses_of(api_url: str) -> DiscordAddresses:
    """Derive the addresses from DISCORD_API_URL; the page that asks people is not below it."""
    parts = urlsplit(api_url)
    return DiscordAddresses(
        authorise=f"{parts.scheme}://{parts.netloc}/oauth2/authorize",
        token=f"{api_url}/oauth2/token",
        revoke=f"{api_url}/oauth2/token/revoke",
        me=f"{api_url}/users/@me",
    )


def read_profile(addresses: DiscordAddresses, token: SecretStr) -> DiscordProfile:
    """Ask Discord whose token this is.

    Raises
    ------
    DiscordAway
        If it does not answer within 5 s, or the answer names nobody.
    """
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    try:
        answer = requests.get(addresses.me, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        said = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError) as error:
        raise DiscordAway(type(error).__name__) from None
    if not isinstance(said, dict) or not _SNOWFLAKE.fullmatch(str(said.get("id", ""))):
        raise DiscordAway(f"status {answer.status_code}")
    name = said.get("global_name") or said.get("username") or said["id"]
    avatar = said.get("avatar")
    is_hash = isinstance(avatar, str) and _AVATAR.fullmatch(avatar)
    return DiscordProfile(str(said["id"]), str(name)[:_NAME_CHARACTERS], avatar if is_hash else None)


def revoke(addresses: DiscordAddresses, client_id: str, client_secret: SecretStr, token: SecretStr) -> bool:
    """Make a token worthless; false where Discord did not say so, which nobody waits for."""
    form = {"token": token.get_secret_value(), "token_type_hint": "access_token"}
    try:
        answer = requests.post(
            addresses.revoke,
            data=form,
            auth=(client_id, client_secret.get_secret_value()),
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException:
        return False
    return answer.ok
