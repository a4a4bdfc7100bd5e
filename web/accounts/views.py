"""Accounts and venues as pages show them: every state in a word, every right in a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.brokers.capabilities import Capabilities
from shared.brokers.venue import Venue
from shared.domain.accounts import AccountStatus, Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass
from shared.models.connections import Connection

_STATES = {
    AccountStatus.CHECKING: ("Checking the key", "accent"),
    AccountStatus.ACTIVE: ("Connected", "good"),
    AccountStatus.REFUSED: ("Not used", "warn"),
    AccountStatus.NEEDS_REAUTH: ("Connect again", "warn"),
    AccountStatus.REVOKED: ("Disconnected", "plain"),
}
_CLASSES = {
    AssetClass.CRYPTO: "Crypto",
    AssetClass.STOCK: "Stocks",
    AssetClass.OPTION: "Options",
}
_COVER = {
    CoverStyle.LINKED: "stop and targets rest at the venue",
    CoverStyle.PAIRED: "stop and target rest at the venue in pairs",
    CoverStyle.SINGLE: "stops rest at the venue, targets are watched by us",
    CoverStyle.REDUCE_ONLY: "stop and targets rest at the venue and only reduce",
    CoverStyle.MANAGED: "stop and targets are watched by us, nothing rests",
}
_ENVIRONMENTS = {
    Environment.PAPER: ("Paper", "Made-up money on our own book. No key, no risk."),
    Environment.SANDBOX: ("Sandbox", "The venue's own test system, with a key from there."),
    Environment.LIVE: ("Live", "Real money."),
}


@dataclass(frozen=True, slots=True)
class Right:
    """What a key may do, in words; `is_good` says whether it is as it should be."""

    text: str
    is_good: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account as a card."""

    account_id: str
    name: str
    venue: str
    environment: str
    state: str
    tone: str
    text: str
    login: str
    rights: tuple[Right, ...]
    balance: Decimal | None
    balance_at: datetime | None
    unit: str
    checked_at: datetime | None
    open_trades: int
    is_waiting: bool
    is_keyed: bool
    is_over: bool


@dataclass(frozen=True, slots=True)
class Ability:
    """What a venue can do with one class of instruments."""

    title: str
    cover: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An environment to choose; one that the venue lacks is not among them."""

    value: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class VenueView:
    """A venue to choose, with what it can and cannot do."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    abilities: tuple[Ability, ...]
    money: str
    advice: str
    is_keyed: bool


def account_view(held: Connection, venues: Mapping[str, Venue], open_trades: int) -> AccountView:
    """Describe one account."""
    venue = venues.get(held.venue)
    state, tone = _STATES[held.status]
    is_over = held.status is AccountStatus.REVOKED
    if held.candidate_id is not None:
        state, tone = "Checking the new key", "accent"
    elif held.is_waiting and held.status is AccountStatus.ACTIVE:
        state, tone = "Testing the key", "accent"
    logins = {"key": "API key", "oauth": f"{venue.title if venue else held.venue} login"}
    is_keyed = held.environment != Environment.PAPER
    return AccountView(
        account_id=held.account_id,
        name=held.name,
        venue=venue.title if venue else held.venue,
        environment=held.environment,
        state=state,
        tone=tone,
        text=held.note or ("" if held.status is AccountStatus.ACTIVE else held.status_reason),
        login=logins.get(held.login or ("key" if is_keyed else ""), "No key"),
        rights=() if is_over else _rights(held.key_rights),
        balance=held.balance_total,
        balance_at=held.balance_at,
        unit=held.quote_asset,
        checked_at=held.key_checked_at,
        open_trades=open_trades,
        is_waiting=held.is_waiting,
        is_keyed=is_keyed,
        is_over=is_over,
    )


def venue_view(venue: Venue) -> VenueView:
    """Describe a venue; what it can do there, and on paper only where it has no environment of its own."""
    own = [row for row in venue.rows if Environment.PAPER not in row.environments]
    titles = ((environment, *_ENVIRONMENTS[environment]) for environment in venue.environments)
    return VenueView(
        name=venue.name,
        title=venue.title,
        choices=tuple(Choice(str(environment), title, text) for environment, title, text in titles),
        abilities=tuple(dict.fromkeys(_ability(row) for row in own or venue.rows)),
        money=venue.quote_asset,
        advice=venue.key_advice,
        is_keyed=venue.needs_credentials and len(venue.environments) > 1,
    )


def _rights(told: Mapping[str, bool]) -> tuple[Right, ...]:
    words = {
        "trade": ("May trade", "May not trade", True),
        "withdraw": ("May withdraw", "Cannot withdraw", False),
        "bound": ("Bound to our addresses", "Usable from any address", True),
    }
    return tuple(
        Right(yes if told[name] else no, told[name] is good)
        for name, (yes, no, good) in words.items()
        if name in told
    )


def _ability(row: Capabilities) -> Ability:
    title = _CLASSES.get(row.asset_class, str(row.asset_class).capitalize())
    if str(row.quantities) in {"whole", "fractional"}:
        title += f", {row.quantities}"
    notes = ["long and short" if row.shorts else "long only"]
    if row.max_leverage > 1:
        notes.append(f"up to {row.max_leverage}x, isolated")
    if row.stop_limit_percent is not None:
        notes.append("no stop at market: ours is a limit beyond it")
    if row.calendar:
        notes.append("in trading hours")
    return Ability(title, _COVER[row.cover], tuple(notes))
