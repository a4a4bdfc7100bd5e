"""What a provider said: the parser's result, independent of any follower."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from shared.domain.instruments import AssetClass, OptionContract


class Action(StrEnum):
    """What a copier should do on a message."""

    OPEN = "open"
    CLOSE = "close"
    UPDATE = "update"


class UpdateKind(StrEnum):
    """The kinds of closes and updates; the last three report and ask for nothing."""

    CLOSE_ALL = "close_all"
    CLOSE_PARTIAL = "close_partial"
    MOVE_STOP = "move_stop"
    MOVE_STOP_TO_BREAKEVEN = "move_stop_to_breakeven"
    SET_TAKE_PROFIT = "set_take_profit"
    CANCEL = "cancel"
    TP_HIT = "tp_hit"
    SL_HIT = "sl_hit"
    ENTRY_FILLED = "entry_filled"


class Side(StrEnum):
    """Buy or sell, of a position or of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        """The side that closes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Trigger(StrEnum):
    """A breakout entry: enter once the price is above or below the entry price."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `[start, end)` of the message that were read as `role` (symbol, side, entry ...)."""

    role: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Signal:
    """One actionable reading of a message.

    Prices stand as written, in the message's own scale. `entry` is empty for "enter now", one price,
    or the points of a zone or ladder in ascending order. Levels given as a distance stand in `..._pct`
    (percent of the entry) or `..._pips` (a forex pair's pips), with the price fields empty. Of a range of
    leverage or size (percent of equity) the lower bound stands alone and the pair in `..._range`;
    `size_fraction` is a share of the usual size, `risk_pct` the percent of equity to lose. `also` holds further commands of
    the message. `doubt` is the code of what speaks against acting, where something does.
    """

    action: Action
    symbol: str | None
    asset_class: AssetClass | None = None
    side: Side | None = None
    order_type: str | None = None
    entry: tuple[Decimal, ...] = ()
    trigger: Trigger | None = None
    stop_loss: Decimal | None = None
    take_profits: tuple[Decimal, ...] = ()
    stop_loss_pct: Decimal | None = None
    take_profits_pct: tuple[Decimal, ...] = ()
    stop_loss_pips: Decimal | None = None
    take_profits_pips: tuple[Decimal, ...] = ()
    option: OptionContract | None = None
    leverage: Decimal | None = None
    leverage_range: tuple[Decimal, ...] = ()
    size_pct: Decimal | None = None
    size_pct_range: tuple[Decimal, ...] = ()
    size_fraction: Decimal | None = None
    risk_pct: Decimal | None = None
    update_kind: UpdateKind | None = None
    close_fraction: Decimal | None = None
    exit_price: Decimal | None = None
    confidence: Decimal = Decimal(0)
    doubt: str = ""
    spans: tuple[Span, ...] = ()
    also: tuple["Signal", ...] = field(default=())


@dataclass(frozen=True, slots=True)
class NotASignal:
    """A message that asks for nothing; `reason` is a code such as NO_INTENT or STATUS_REPORT."""

    reason: str
    update_kind: UpdateKind | None = None
    symbol: str | None = None
    confidence: Decimal = Decimal(1)
    spans: tuple[Span, ...] = ()


Reading = Signal | NotASignal
