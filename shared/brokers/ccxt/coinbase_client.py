"""ccxt's Coinbase client with our transport beneath it: it signs a token for each request, good for that one alone."""

import base64
import json
import re
from collections.abc import Mapping
from copy import copy
from typing import Any

from ccxt.async_support.coinbase import coinbase

from shared.brokers.ccxt.binance_client import Carrier
from shared.brokers.codes import Doubt, Refusal
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpAnswer, KeyGuard
from shared.domain.errors import PermanentError, RetryableError

PUBLIC, PRIVATE = ["v3", "public"], ["v3", "private"]
BEARER_HEADER = "Authorization"
_BEARER = "Bearer "
_PEM_LINE = 64
_read_pem = re.compile(
    r"(?P<begin>-----BEGIN [A-Z ]+-----)(?P<body>[\sA-Za-z0-9+/=]+)(?P<end>-----END [A-Z ]+-----)"
).fullmatch
# Public answers are a second old unless this is asked for.
_FRESH = {"Cache-Control": "no-cache"}


class TokenGuard(KeyGuard):
    """The one key whose tokens the requests of an account may bear; no two tokens are the same, their key is."""

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise RetryableError(WRONG_KEY) unless both parts of the token name the account's own key."""
        try:
            head, claims = _read_token(headers.get(self.header, ""))
            is_own = head["kid"] == self.key and claims["sub"] == self.key
        except (ValueError, KeyError, TypeError):
            is_own = False
        if not is_own:
            raise RetryableError(Doubt.WRONG_KEY, "the request bears another key than the account's")


class CoinbaseClient(coinbase):
    """ccxt's client: it signs; answers come back as `HttpAnswer`, whatever their status.

    Its own session, throttle, retries and reading of errors are never reached.
    """

    carrier: Carrier

    async def fetch(
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> HttpAnswer:
        return await self.carrier.carry(url, method, headers or _FRESH, body)

    def seconds(self) -> int:
        """Return the venue's time: a token is good for two minutes of its clock, not of ours."""
        ahead: int = self.options["timeDifference"]
        return (self.milliseconds() - ahead) // 1000

    def create_auth_token(
        self, seconds: int, method: str | None = None, url: str | None = None, use_eddsa: bool = False
    ) -> str:
        """Bind a token to method, host and path; ccxt leaves the scheme of an address without TLS before the host."""
        where = url.removeprefix("http://") if url is not None else None
        return super().create_auth_token(seconds, method, where, use_eddsa)


def make_template(carrier: Carrier) -> CoinbaseClient:
    """Make the client without a key that the accounts at one address are copied from."""
    client = CoinbaseClient({"enableRateLimit": False, "urls": {"api": {"rest": carrier.base_url}}})
    client.carrier = carrier
    return client


def make_guard(credentials: Credentials) -> KeyGuard:
    """Name what every request of an account must bear: a token of its own key, or its OAuth token itself."""
    if credentials.access_token:
        return KeyGuard(BEARER_HEADER, f"{_BEARER}{credentials.access_token}")
    return TokenGuard(BEARER_HEADER, credentials.api_key)


def copy_for(template: CoinbaseClient, credentials: Credentials | None, carrier: Carrier) -> CoinbaseClient:
    """Copy the template for one account, or for questions without a key; a client never changes its keys.

    Raises
    ------
    PermanentError
        UNAUTHORIZED for a secret that no token can be signed with.
    """
    client = copy(template)
    client.carrier = carrier
    if credentials is None:
        return client
    if credentials.access_token:
        client.token = credentials.access_token
        return client
    client.apiKey = credentials.api_key
    client.secret = _with_line_ends(credentials.secret)
    _check_signs(client)
    return client


def _with_line_ends(secret: str) -> str:
    """Give a private key the line ends back that it has lost on its way.

    The venue hands it out inside JSON, where they are written as two characters, and fields of forms drop them.
    """
    text = secret.replace("\\n", "\n").strip()
    found = _read_pem(text)
    if found is None:
        return text
    body = "".join(found["body"].split())
    lines = (body[start : start + _PEM_LINE] for start in range(0, len(body), _PEM_LINE))
    return "\n".join((found["begin"], *lines, found["end"], ""))


def _check_signs(client: CoinbaseClient) -> None:
    try:
        headers = client.sign("brokerage/accounts", PRIVATE, "GET", {})["headers"]
        can_sign = BEARER_HEADER in headers
    except Exception:  # noqa: BLE001 - whatever the libraries say of a bad key, it may show a part of it
        can_sign = False
    if not can_sign:
        raise PermanentError(
            Refusal.UNAUTHORIZED,
            "The secret is no private key as Coinbase hands it out: it begins with -----BEGIN EC PRIVATE KEY-----.",
        )


def _read_token(header: str) -> tuple[Any, Any]:
    if not header.startswith(_BEARER):
        raise ValueError("no token")
    head, claims, _ = header.removeprefix(_BEARER).split(".")
    return _read_part(head), _read_part(claims)


def _read_part(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
