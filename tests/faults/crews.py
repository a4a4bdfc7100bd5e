"""Who takes part in one row: providers of its own, each with followers who trade at the row's venue.

Rows share a house, because starting one is the expensive part; nobody shares people, channels or money, so that
each is judged apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.faults.rigs import Rig, rig_of
from tests.house.house import House
from tests.house.population import Provider

AGE_SECONDS = 120
BUDGET = "200"
TERMS = {
    "max_open_positions": "1000",
    "max_per_symbol": "10",
    "max_signal_age_seconds": str(AGE_SECONDS),
}


@dataclass(frozen=True)
class Member:
    """A follower: what we call the account and the bot, whom it follows, and the key that the venue knows."""

    account_id: str
    bot_id: str
    provider: Provider
    key: str

    @property
    def number(self) -> int:
        """Which of all followers it is."""
        return int(self.key.rpartition("-")[2])


@dataclass(frozen=True)
class Crew:
    """The people of one row; a signal older than `age_seconds` is not traded for them."""

    row: str
    rig: Rig
    providers: tuple[Provider, ...]
    members: tuple[Member, ...]
    age_seconds: int

    @property
    def keys(self) -> frozenset[str]:
        """The accounts as the venue names them."""
        return frozenset(member.key for member in self.members)

    @property
    def channel_ids(self) -> list[str]:
        """Where its providers speak."""
        return [provider.channel_id for provider in self.providers]

    @property
    def account_ids(self) -> list[str]:
        """Its accounts."""
        return [member.account_id for member in self.members]

    def followers_of(self, channel_id: str) -> list[Member]:
        """Those who follow whoever speaks in a channel."""
        return [member for member in self.members if member.provider.channel_id == channel_id]


def gather(
    house: House,
    row: str,
    first: int,
    *,
    teams: Sequence[int],
    settings: Mapping[str, str] | None = None,
) -> Crew:
    """Create one provider per team with so many followers, numbered from `first` on."""
    rig, terms = rig_of(row), {**TERMS, **(settings or {})}
    providers, members = [], []
    for number, followers in enumerate(teams):
        provider = house.create_provider(f"row {row} team {number}".replace(" ", "-"))
        providers.append(provider)
        members += _join(house, provider, first + len(members), followers, terms, rig)
    return Crew(row, rig, tuple(providers), tuple(members), int(terms["max_signal_age_seconds"]))


def _join(
    house: House,
    provider: Provider,
    first: int,
    followers: int,
    terms: Mapping[str, str],
    rig: Rig,
) -> list[Member]:
    many = ("--count", str(followers), "--first", str(first), "--provider", provider.provider_id)
    where = (*_where(rig), "--sizing", f"fixed:{BUDGET}")
    settings = [part for item in terms.items() for part in ("--set", "=".join(item))]
    rows = house.cli("followers", "create", *many, *where, *settings)
    return [
        Member(row["account_id"], row["trading_bot_id"], provider, row["name"])
        for row in rows
        if "account_id" in row
    ]


def _where(rig: Rig) -> tuple[str, ...]:
    return "--venue", rig.venue.name, "--environment", rig.venue.environment
