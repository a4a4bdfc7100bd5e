"""A trade: entry to exit for one trading bot, and the cover that it must have."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import ZERO
from shared.domain.signals import Side, UpdateKind


class TradeStatus(StrEnum):
    """PENDING waits for its first fill; CANCELED never had one."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"
    CANCELED = "canceled"


class StopSource(StrEnum):
    """Whose stop it is; receipts and pages say so."""

    MESSAGE = "message"
    DEFAULT = "default"
    UPDATE = "update"
    BREAK_EVEN = "break_even"
    USER = "user"
    TRAILING = "trailing"


@dataclass(frozen=True, slots=True)
class Target:
    """A take-profit: `fraction` of the position is to leave at `price`."""

    price: Decimal
    fraction: Decimal


class UpdateState(StrEnum):
    """WAITING is parked until the trade is ready for it; the others are ends."""

    WAITING = "waiting"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class NotedUpdate:
    """What a provider asked of a trade, and how far it has come.

    `cause` names the message revision and the command in it, so that nothing is carried out twice; `at` is when it was
    posted. `code` says how it ended, empty where nothing is to be said of it; `fraction` is the share that a close is
    to sell. `was_parked`: it could not be carried out at once, and its follower is told how it ends.
    """

    cause: str
    kind: UpdateKind
    at: datetime
    state: UpdateState
    code: str = ""
    fraction: Decimal | None = None
    was_parked: bool = False


@dataclass(frozen=True)
class Trade:
    """What was planned, what the fills add up to, and how it is covered.

    Quantities are in base units, prices and money in the quote asset. `stop_percent` waits for the
    first fill to become `stop_price`. `target_split` weighs the targets, also those that an update names; once
    `break_even_after` targets are reached the stop moves to the entry, 0 is never. `naked_seconds` sums the time that a part of the position stood
    without a stop. `cover_version` grows whenever the wanted cover changes; `needs_cover` while wanted
    and actual cover differ. `external` is what somebody else has sold of the position at the venue, taken off `held`;
    `gone_since` when a balance first said so. `updates` are the provider's, oldest first, those that wait among them.
    `managed` is the part whose stop we watch ourselves; `is_watched` while there is any level to look at. Where the price at which it could be left (the bid of a long,
    the ask of a short) falls to `watch_below` or rises to `watch_above`, something is to be done; `touched_price` is the
    first one that did, until it is acted on. `trail_percent`: the stop follows the price at that distance.
    `leverage` where it is held on margin, None where it is paid for in full; `funding` is what its position has received
    so far, negative where it has paid, and part of `realised_pnl`.
    """

    trade_id: str
    user_id: str
    account_id: str
    trading_bot_id: str
    provider_id: str
    signal_id: str
    source: str
    channel_id: str
    message_id: str
    venue: str
    environment: str
    symbol: str
    side: Side
    status: TradeStatus
    planned_quantity: Decimal
    planned_entry: Decimal
    stop_source: StopSource
    created_at: datetime
    version: int = 0
    stop_price: Decimal | None = None
    stop_percent: Decimal | None = None
    initial_stop_price: Decimal | None = None
    targets: tuple[Target, ...] = ()
    targets_percent: tuple[Decimal, ...] = ()
    target_split: tuple[Decimal, ...] = ()
    break_even_after: int = 0
    cover_version: int = 0
    entered: Decimal = ZERO
    exited: Decimal = ZERO
    entry_average: Decimal | None = None
    exit_average: Decimal | None = None
    realised_pnl: Decimal = ZERO
    r_multiple: Decimal | None = None
    held: Decimal = ZERO
    external: Decimal = ZERO
    gone_since: datetime | None = None
    coverable: Decimal = ZERO
    resting: Decimal = ZERO
    managed: Decimal = ZERO
    needs_cover: bool = False
    naked_since: datetime | None = None
    naked_seconds: Decimal = ZERO
    exit_cause: str | None = None
    exit_reason: str | None = None
    exit_fraction: Decimal | None = None
    close_reason: str | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    errors: tuple[str, ...] = field(default=())
    updates: tuple[NotedUpdate, ...] = ()
    is_watched: bool = False
    watch_below: Decimal | None = None
    watch_above: Decimal | None = None
    touched_price: Decimal | None = None
    trail_percent: Decimal | None = None
    leverage: int | None = None
    funding: Decimal = ZERO

    @property
    def is_over(self) -> bool:
        """Tell whether nothing is left to do for this trade."""
        return self.status in {TradeStatus.CLOSED, TradeStatus.CANCELED}


@dataclass(frozen=True)
class AliveTrade:
    """A trade as far as limits look at it: an account may have hundreds, and all are read at each signal.

    Fields as in `Trade`; `multiplier` is the instrument's.
    """

    trade_id: str
    user_id: str
    account_id: str
    symbol: str
    side: Side
    status: TradeStatus
    realised_pnl: Decimal = ZERO
    exited: Decimal = ZERO
    held: Decimal = ZERO
    entry_average: Decimal | None = None
    stop_price: Decimal | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    leverage: int | None = None
    funding: Decimal = ZERO
    multiplier: Decimal = Decimal(1)

    @property
    def is_over(self) -> bool:
        """Tell whether it has ended since it was read."""
        return self.status in {TradeStatus.CLOSED, TradeStatus.CANCELED}
