"""The only reader of the environment; every problem is listed at once, in plain words."""

import os
import sys
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, NoReturn
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.logs import hide_values

EX_CONFIG: Final = 78
"""Exit status of a process that cannot start with this configuration (sysexits.h)."""

_VENUE_PREFIX = "VENUE_URL_"
_MARKET_KEY_PREFIX = "MARKET_KEY_"
_OAUTH_PREFIX = "OAUTH_URL_"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
Words = Annotated[tuple[str, ...], NoDecode]


class ConfigurationError(Exception):
    """Raised with one line per problem when the environment cannot be used."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Everything that may differ between two installations.

    Field names in capitals are the environment's names. Secrets print as stars.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # Addresses may hold a password.
    redis_url: str = Field(repr=False)
    mongodb_uri: str = Field(repr=False)
    secret_key: SecretStr = SecretStr("")
    credential_public_keys: Words = ()
    credential_private_keys: SecretStr = SecretStr("")
    discord_bot_token: SecretStr = SecretStr("")
    discord_client_id: str = ""
    discord_client_secret: SecretStr = SecretStr("")
    discord_api_url: str = "https://discord.com/api/v10"
    alpaca_oauth_client_id: str = ""
    alpaca_oauth_client_secret: SecretStr = SecretStr("")
    coinbase_oauth_client_id: str = ""
    coinbase_oauth_client_secret: SecretStr = SecretStr("")
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8000, ge=1, le=65535)
    web_url: str = ""
    flower_host: str = "127.0.0.1"
    flower_port: int = Field(default=5555, ge=1, le=65535)
    flower_basic_auth: SecretStr = SecretStr("")
    allowed_venue_hosts: Words = ()
    egress_addresses: Words = ()
    venue_adapters: Words = ()
    live_venues: Words = ()
    failpoints: str = ""
    venue_urls: dict[str, str] = Field(default_factory=dict)
    oauth_urls: dict[str, str] = Field(default_factory=dict)
    market_keys: dict[str, SecretStr] = Field(default_factory=dict)
    provider_max_signals: Annotated[int, Field(ge=0, le=100_000)] = 60
    provider_max_loss_r: Annotated[Decimal, Field(ge=0, le=10_000)] = Decimal(20)
    max_unknown_orders: Annotated[int, Field(ge=0, le=100_000)] = 50
    price_seed: int = 7
    demo: bool = False
    log_level: str = "INFO"

    @field_validator(
        "credential_public_keys",
        "allowed_venue_hosts",
        "egress_addresses",
        "venue_adapters",
        "live_venues",
        mode="before",
    )
    @classmethod
    def _split_words(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("redis_url")
    @classmethod
    def _check_redis(cls, value: str) -> str:
        return _check_scheme(value, ("redis", "rediss", "unix"))

    @field_validator("mongodb_uri")
    @classmethod
    def _check_mongodb(cls, value: str) -> str:
        return _check_scheme(value, ("mongodb", "mongodb+srv"))

    @field_validator("web_url")
    @classmethod
    def _check_web(cls, value: str) -> str:
        # The address people use. With https, cookies are Secure and one proxy in front is trusted.
        return _check_scheme(value, ("https", "http")).rstrip("/") if value else ""

    @field_validator("discord_api_url")
    @classmethod
    def _check_discord(cls, value: str) -> str:
        return _check_scheme(value, ("https", "http")).rstrip("/")

    @field_validator("venue_urls")
    @classmethod
    def _check_venue_hosts(cls, urls: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        live = {key: url for key, url in urls.items() if key.endswith("_live")}
        _check_hosts(_VENUE_PREFIX, live, "a live override", info)
        return urls

    @field_validator("oauth_urls")
    @classmethod
    def _check_oauth_hosts(cls, urls: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        # Codes and client secrets go there: whatever the account's environment, the rule is that of live ones.
        _check_hosts(_OAUTH_PREFIX, urls, "an override", info)
        return {name: _check_scheme(url, ("https", "http")).rstrip("/") for name, url in urls.items()}

    @field_validator("market_keys")
    @classmethod
    def _check_market_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        wrong = [name for name, key in keys.items() if not all(_halves(key))]
        if wrong:
            raise ValueError(
                f"{_MARKET_KEY_PREFIX}{wrong[0].upper()} must be a key and its secret, as KEY:SECRET"
            )
        return keys

    def market_key(self, venue: str, environment: str) -> tuple[str, str] | None:
        """Return the key and secret that the installation asks a venue for prices with, or None."""
        found = self.market_keys.get(f"{venue}_{environment}".lower())
        return None if found is None else _halves(found)

    @property
    def public_url(self) -> str:
        """The address that people, and answers of other parties, come to."""
        host = "127.0.0.1" if self.web_host in {"0.0.0.0", "::"} else self.web_host  # noqa: S104 - compared, not bound
        return self.web_url or f"http://{host}:{self.web_port}"

    def oauth_client(self, provider: str) -> tuple[str, SecretStr]:
        """Return the id and secret of this installation's client at an OAuth provider, empty where it has none."""
        clients = {
            "alpaca": (self.alpaca_oauth_client_id, self.alpaca_oauth_client_secret),
            "coinbase": (self.coinbase_oauth_client_id, self.coinbase_oauth_client_secret),
        }
        return clients.get(provider, ("", SecretStr("")))

    def venue_url(self, venue: str, environment: str) -> str | None:
        """Return the address that replaces a venue's own, or None."""
        return self.venue_urls.get(f"{venue}_{environment}".lower())


def read_settings(*required: str, **overrides: Any) -> Settings:
    """Read the environment; `required` names fields that this process cannot do without.

    Raises
    ------
    ConfigurationError
        With every problem found, each naming its variable.
    """
    problems: list[str] = []
    try:
        by_venue = {
            "venue_urls": _named(_VENUE_PREFIX),
            "oauth_urls": _named(_OAUTH_PREFIX),
            "market_keys": _named(_MARKET_KEY_PREFIX),
        }
        settings = Settings(**{**by_venue, **overrides})
    except ValidationError as error:
        for item in error.errors():
            name = ".".join(str(part) for part in item["loc"]).upper()
            text = "is not set" if item["type"] == "missing" else item["msg"].removeprefix("Value error, ")
            # A line about a venue names its variable itself.
            is_named = text.startswith((_VENUE_PREFIX, _OAUTH_PREFIX, _MARKET_KEY_PREFIX))
            problems += text.splitlines() if is_named else [f"{name} {text}"]
        missing = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
        problems += [
            f"{n.upper()} is not set" for n in required if n not in missing and not os.environ.get(n.upper())
        ]
        raise ConfigurationError(problems) from None
    for name in required:
        value = getattr(settings, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not plain:
            problems.append(f"{name.upper()} is not set")
    if problems:
        raise ConfigurationError(problems)
    hide_values(_secrets_of(settings))
    return settings


@cache
def load_settings() -> Settings:
    """Read the environment once per process."""
    return read_settings()


def stop_on_bad_configuration(program: str, error: ConfigurationError) -> NoReturn:
    """Print one line per problem and end with EX_CONFIG, which the runner does not restart."""
    for problem in error.problems:
        sys.stderr.write(f"{program}: {problem} (see .env.example)\n")
    raise SystemExit(EX_CONFIG)


def _named(prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix).lower(): value
        for name, value in os.environ.items()
        if name.startswith(prefix) and value
    }


def _secrets_of(settings: Settings) -> list[str]:
    """List every secret by itself: those that come in lists or pairs one by one."""
    values = [getattr(settings, name) for name in Settings.model_fields]
    secrets = [value for value in values if isinstance(value, SecretStr)]
    whole = [secret.get_secret_value() for secret in (*secrets, *settings.market_keys.values())]
    _, _, password = settings.flower_basic_auth.get_secret_value().partition(":")
    parts = settings.credential_private_keys.get_secret_value().split(",")
    pairs = [half for key in settings.market_keys.values() for half in _halves(key)]
    return [value.strip() for value in (*whole, password, *parts, *pairs)]


def _check_hosts(prefix: str, urls: dict[str, str], kind: str, info: ValidationInfo) -> None:
    allowed = (*_LOOPBACK, *info.data.get("allowed_venue_hosts", ()))
    problems = [
        f"{prefix}{key.upper()} points to {host!r}: {kind} must be loopback or listed in ALLOWED_VENUE_HOSTS"
        for key, url in urls.items()
        if (host := urlsplit(url).hostname or "") not in allowed
    ]
    if problems:
        raise ValueError("\n".join(problems))


def _halves(key: SecretStr) -> tuple[str, str]:
    name, _, secret = key.get_secret_value().partition(":")
    return name.strip(), secret.strip()


def _check_scheme(value: str, schemes: tuple[str, ...]) -> str:
    if value.split("://", 1)[0] not in schemes or "://" not in value:
        raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return value
