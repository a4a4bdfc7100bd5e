"""The brokers that can be connected by OAuth2, as data: where each asks, for what, and how it names our environments.

Only rights to read and to trade are ever asked for. A token that may move money out is refused, whoever gave it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from shared.domain.accounts import Environment
from shared.oauth.proofs import CHALLENGE_METHOD
from shared.settings import Settings

_NO_WORDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider as this installation uses it.

    `environments` are ours with the words that each adds to the authorise address. `revoke_url` is None where a
    grant is taken back at the provider's own pages only. `moves_money` are scopes that no token here may have.
    """

    name: str
    title: str
    venue: str
    authorise_url: str
    exchange_url: str
    revoke_url: str | None
    scopes: tuple[str, ...]
    asks_for: tuple[str, ...]
    environments: Mapping[Environment, Mapping[str, str]]
    uses_pkce: bool
    moves_money: frozenset[str] = frozenset()
    client_id: str = ""
    client_secret: SecretStr = field(default_factory=lambda: SecretStr(""))
    redirect_uri: str = ""

    def address_to_authorise(self, state: str, challenge: str, environment: Environment) -> str:
        """Return where the user goes to say yes; `challenge` is left out where the provider knows no PKCE."""
        words = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.scopes),
            "state": state,
            **self.environments[environment],
        }
        if self.uses_pkce:
            words |= {"code_challenge": challenge, "code_challenge_method": CHALLENGE_METHOD}
        return f"{self.authorise_url}?{urlencode(words)}"

    def offers(self, environment: Environment) -> bool:
        """Tell whether accounts of an environment can be connected this way."""
        return environment in self.environments


_ALPACA = Provider(
    name="alpaca",
    title="Alpaca",
    venue="alpaca",
    authorise_url="https://app.alpaca.markets/oauth/authorize",
    exchange_url="https://api.alpaca.markets/oauth/token",
    # Its tokens do not expire; their owner takes them back on Alpaca's pages.
    revoke_url=None,
    scopes=("trading", "data"),
    asks_for=("read your balances, orders and positions", "place, change and cancel orders", "read prices"),
    environments={Environment.SANDBOX: {"env": "paper"}, Environment.LIVE: {"env": "live"}},
    uses_pkce=False,
)

_COINBASE = Provider(
    name="coinbase",
    title="Coinbase",
    venue="coinbase",
    authorise_url="https://login.coinbase.com/oauth2/auth",
    exchange_url="https://login.coinbase.com/oauth2/token",
    revoke_url="https://login.coinbase.com/oauth2/revoke",
    scopes=(
        # Without it there is no refresh token, and the account would be lost after an hour.
        "offline_access",
        "wallet:user:read",
        "wallet:accounts:read",
        "wallet:orders:read",
        "wallet:orders:create",
        "wallet:buys:create",
        "wallet:sells:create",
        "wallet:trades:read",
        "wallet:trades:create",
        "wallet:transactions:read",
    ),
    asks_for=(
        "read your balances and what you traded",
        "buy and sell for you",
        "stay connected while you are away",
    ),
    environments={Environment.LIVE: _NO_WORDS},
    uses_pkce=True,
    moves_money=frozenset(
        {
            "all",
            "wallet:transactions:send",
            "wallet:transactions:transfer",
            "wallet:transactions:request",
            "wallet:withdrawals:create",
        }
    ),
)

_KNOWN = (_ALPACA, _COINBASE)


def list_providers(settings: Settings) -> dict[str, Provider]:
    """List the providers that this installation has a client at, by name; none without its id and secret."""
    found: dict[str, Provider] = {}
    for provider in _KNOWN:
        client_id, secret = settings.oauth_client(provider.name)
        if client_id and secret.get_secret_value():
            found[provider.name] = _of_installation(provider, settings, client_id, secret)
    return found


def redirect_uri(settings: Settings, name: str) -> str:
    """Return the one address that a provider may send its answer to, as it is to be registered there."""
    return f"{settings.public_url}/oauth/{name}/callback"


def _of_installation(provider: Provider, settings: Settings, client_id: str, secret: SecretStr) -> Provider:
    base = settings.oauth_urls.get(provider.name)

    def placed(url: str) -> str:
        if base is None:
            return url
        there = urlsplit(base)
        path = there.path.rstrip("/") + urlsplit(url).path
        return urlunsplit((there.scheme, there.netloc, path, "", ""))

    return replace(
        provider,
        authorise_url=placed(provider.authorise_url),
        exchange_url=placed(provider.exchange_url),
        revoke_url=placed(provider.revoke_url) if provider.revoke_url else None,
        client_id=client_id,
        client_secret=secret,
        redirect_uri=redirect_uri(settings, provider.name),
    )
