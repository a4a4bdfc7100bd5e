"""What a user asks of a trade by hand: what may be asked, and how far it is carried out."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import HUNDRED, ONE, parse_decimal, to_plain
from shared.domain.trades import StopSource, Trade

OPERATOR = "operator"
"""Who may command every trade."""

USER_CLOSED = "USER_CLOSED"
FLATTENED = "FLATTENED"

_MAX_PRICE = Decimal(10) ** 12
_MIN_PRICE = Decimal(10) ** -12
_MAX_DIGITS = 24
_MAX_PERCENT_PLACES = 4


class CommandKind(StrEnum):
    """The user's own commands; none of them ever adds risk by itself but a stop that its owner widens."""

    CLOSE = "close"
    MOVE_STOP = "move_stop"
    CANCEL_ENTRY = "cancel_entry"


class CommandStatus(StrEnum):
    """PENDING until its effect is there or it is refused with a sentence."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


class Via(StrEnum):
    """The door a command came through."""

    CLI = "cli"
    WEB = "web"
    BOT = "bot"
    BREAKER = "breaker"


@dataclass(frozen=True, slots=True)
class Command:
    """One command for one trade.

    `value` is a percentage of what is held (close) or a price (move_stop). `begun_at` is set before the first
    write that carries it out, `applied_at` after: what has begun is never refused for its age. `halt_id` names
    the halt whose flatten this is. `before` holds the trade's facts when it was asked for.
    """

    command_id: str
    trade_id: str
    user_id: str
    account_id: str
    kind: CommandKind
    value: Decimal | None
    by: str
    via: Via
    status: CommandStatus
    at: datetime
    next_check_at: datetime
    exit_reason: str = USER_CLOSED
    halt_id: str | None = None
    begun_at: datetime | None = None
    applied_at: datetime | None = None
    ended_at: datetime | None = None
    code: str = ""
    sentence: str = ""
    before: dict[str, str] = field(default_factory=dict)

    @property
    def is_full_close(self) -> bool:
        """Tell whether nothing is to be left: neither a position nor an entry that could make one."""
        return self.kind is CommandKind.CLOSE and self.value == HUNDRED

    @property
    def fraction(self) -> Decimal:
        """The share of what is held that is to leave."""
        return ONE if self.value is None else self.value / HUNDRED

    def exit_cause(self, number: int) -> str:
        """Name the command's n-th exit: a late fill of an entry, after the first one, needs another."""
        return f"command:{self.command_id}" + (f":{number}" if number else "")

    def caused(self, cause: str | None) -> bool:
        """Tell whether an exit's cause is this command."""
        first = self.exit_cause(0)
        return cause is not None and (cause == first or cause.startswith(f"{first}:"))


def parse_value(kind: CommandKind, text: str | None) -> Decimal | None:
    """Read a command's percentage or price.

    Raises
    ------
    ValueError
        With one sentence that says what is expected.
    """
    match kind:
        case CommandKind.CLOSE:
            return _parse_percent("100" if text is None else text)
        case CommandKind.MOVE_STOP:
            if text is None:
                raise ValueError("a stop needs a price")
            return _parse_price(text)
        case CommandKind.CANCEL_ENTRY:
            if text is not None:
                raise ValueError("to cancel an entry takes no value")
            return None


def may_be_awaited(trade: Trade, changed: Set[str]) -> bool:
    """Tell whether a command may be waiting for what has changed in a trade: its turn, or its effect."""
    is_by_hand = trade.stop_source is StopSource.USER or trade.exit_reason in {USER_CLOSED, FLATTENED}
    return "exit_cause" in changed or (is_by_hand and bool({"needs_cover", "status"} & changed))


def facts_of(trade: Trade) -> Mapping[str, str]:
    """Write what a command may change, for the audit log."""
    return {
        "status": str(trade.status),
        "held": to_plain(trade.held),
        "coverable": to_plain(trade.coverable),
        "resting": to_plain(trade.resting),
        "stop_price": "" if trade.stop_price is None else to_plain(trade.stop_price),
        "close_reason": trade.close_reason or "",
    }


def _parse_percent(text: str) -> Decimal:
    said = "the percentage must be a number from 1 to 100"
    percent = _parse(text, said)
    if not ONE <= percent <= HUNDRED:
        raise ValueError(f"{said}, not {text.strip()[:40]!r}")
    if percent != round(percent, _MAX_PERCENT_PLACES):
        raise ValueError(f"{said} with at most {_MAX_PERCENT_PLACES} decimals")
    return percent


def _parse_price(text: str) -> Decimal:
    said = "the price must be a positive number"
    price = _parse(text, said)
    if not _MIN_PRICE <= price <= _MAX_PRICE or len(price.as_tuple().digits) > _MAX_DIGITS:
        raise ValueError(f"{said}, not {text.strip()[:40]!r}")
    return price


def _parse(text: str, said: str) -> Decimal:
    try:
        return parse_decimal(text)
    except ValueError:
        raise ValueError(f"{said}, not {text.strip()[:40]!r}") from None
