"""Who takes part in one scenario: providers of its own, each with followers who trade on the HTTP venue.

Scenarios share a house, because starting one is the expensive part; nobody shares people, channels or money,
so that each is judged apart.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.house.house import House
from tests.house.population import Provider

START_MONEY = "1000000"
TERMS = {"max_open_positions": "1000", "max_per_symbol": "10", "max_signal_age_seconds": "600"}


@dataclass(frozen=True)
class Member:
    """A follower: what we call the account and the bot, whom it follows, and the key that the venue knows."""

    account_id: str
    bot_id: str
    provider: Provider
    key: str


@dataclass(frozen=True)
class Crew:
    """The people of one scenario."""

    providers: tuple[Provider, ...]
    members: tuple[Member, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The accounts as the venue names them."""
        return frozenset(member.key for member in self.members)

    @property
    def channel_ids(self) -> list[str]:
        """Where its providers speak."""
        return [provider.channel_id for provider in self.providers]

    @property
    def provider_ids(self) -> list[str]:
        """Its providers."""
        return [provider.provider_id for provider in self.providers]

    @property
    def account_ids(self) -> list[str]:
        """Its accounts."""
        return [member.account_id for member in self.members]

    def followers_of(self, channel_id: str) -> list[Member]:
        """Those who follow whoever speaks in a channel."""
        return [member for member in self.members if member.provider.channel_id == channel_id]


def gather(
    house: House,
    name: str,
    *,
    teams: Sequence[int] = (3, 1, 1, 1),
    settings: Mapping[str, str] | None = None,
) -> Crew:
    """Create one provider per team with so many followers; their balances are not read yet, nor watched."""
    providers = tuple(
        house.create_provider(f"{name}-{number}".replace(" ", "-")) for number in range(len(teams))
    )
    terms = {**TERMS, **(settings or {})}
    members = tuple(
        _join(house, provider, f"{provider.name}-{number}", terms)
        for provider, followers in zip(providers, teams, strict=True)
        for number in range(followers)
    )
    return Crew(providers, members)


def _join(house: House, provider: Provider, name: str, settings: Mapping[str, str]) -> Member:
    assert house.venue is not None
    key, secret = f"key-{name}", f"secret-{name}"
    house.venue.create_account(key, secret, USDT=START_MONEY)
    who = ("--discord-id", name, "--name", name, "--tier", "premium")
    user = house.cli("users", "create", *who)[-1]["user_id"]
    account = house.cli(
        *("accounts", "connect", "--user", user, "--venue", "testvenue", "--environment", "sandbox"),
        *("--credentials-file", "-"),
        stdin=json.dumps({"api_key": key, "secret": secret}),
    )[-1]["account_id"]
    terms = [part for item in settings.items() for part in ("--set", "=".join(item))]
    bot = house.cli(
        *("bots", "create", "--user", user, "--provider", provider.provider_id, "--account", account),
        *("--sizing", "fixed:200", *terms),
    )[-1]["trading_bot_id"]
    return Member(account, bot, provider, key)
