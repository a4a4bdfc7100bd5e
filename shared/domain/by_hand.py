"""What is next for a user's command: decided from the trade as it stands, so that a repeat changes nothing.

One exit of a trade at a time: while one is wanted or an order of it is alive, another one waits, because both
would be computed from the same holding and the same coins would be sold twice. A full close may enlarge the exit
under way, whose next order has the same identity either way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.commands import Command, CommandKind, CommandStatus
from shared.domain.instruments import Instrument
from shared.domain.ladder import is_tradable
from shared.domain.money import ONE, ZERO, to_plain
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.signals import Side
from shared.domain.trades import StopSource, Trade

PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Scene:
    """A trade with all that decides about a command; `is_outdated`: a later command moves the same stop."""

    trade: Trade
    orders: tuple[Order, ...]
    instrument: Instrument | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    is_outdated: bool = False

    @property
    def live_entries(self) -> list[Order]:
        """Entries that may still be filled."""
        return [o for o in self.orders if o.purpose is Purpose.ENTRY and o.status in LIVE]

    @property
    def exits(self) -> list[Order]:
        """Orders that an exit was asked for with, neither stops nor targets."""
        return [o for o in self.orders if o.purpose is Purpose.EXIT]

    @property
    def is_counted(self) -> bool:
        """Tell whether the trade knows of everything that its exits have sold."""
        sold = sum((o.filled_quantity for o in self.orders if o.purpose is not Purpose.ENTRY), ZERO)
        return self.trade.exited >= sold


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now: cancel first, then change the trade; or how the command ends; or why it waits."""

    cancel: tuple[str, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    status: CommandStatus = CommandStatus.PENDING
    code: str = ""
    sentence: str = ""

    @property
    def is_waiting(self) -> bool:
        """Tell whether there is nothing to do but to look again."""
        return self.status is CommandStatus.PENDING and not self.cancel and not self.changes


def plan_command(command: Command, scene: Scene, now: datetime) -> Step:
    """Decide what is next for a pending command."""
    step = _PLANS[command.kind](command, scene)
    if step.is_waiting and command.begun_at is None and now - command.at > PATIENCE:
        minutes = int(PATIENCE.total_seconds()) // 60
        return _refused(
            "NOT_IN_TIME", f"It could not be carried out within {minutes} minutes. {step.sentence}"
        )
    return step


def _close(command: Command, scene: Scene) -> Step:
    trade = scene.trade
    mine = [o for o in scene.exits if command.caused(o.cause)]
    if trade.is_over:
        return _end_of_close(command, scene, mine)
    entries = scene.live_entries if command.is_full_close else []
    cancel = tuple(o.order_id for o in entries if not o.cancel_requested)
    if trade.exit_cause is not None or any(o.status in LIVE for o in scene.exits):
        return _beside_an_exit(command, scene, mine, cancel)
    if not scene.is_counted:
        return Step(cancel, sentence="The last fills of the trade are being counted.")
    if not command.is_full_close and _sold(mine) > ZERO:
        return _end_of_close(command, scene, mine)
    if trade.coverable > ZERO:
        refusal = None if command.is_full_close else _too_small(command, scene)
        return refusal or Step(cancel, _exit(command, mine))
    if not scene.orders and command.is_full_close:
        return _done("NEVER_FILLED", "The trade was planned and never entered.")
    if command.is_full_close:
        left = "The entry is being cancelled." if entries else "What covered the position is being cancelled."
        return Step(cancel, sentence=left)
    return _end_of_close(command, scene, mine)


def _exit(command: Command, mine: list[Order]) -> dict[str, Any]:
    """Write the exit that a command wants; what its earlier ones have sold is done and has its own causes."""
    number = len({o.cause for o in mine if o.status is OrderStatus.FILLED})
    return {
        "exit_cause": command.exit_cause(number),
        "exit_fraction": command.fraction,
        "exit_reason": command.exit_reason,
        "needs_cover": True,
    }


def _beside_an_exit(command: Command, scene: Scene, mine: list[Order], cancel: tuple[str, ...]) -> Step:
    trade = scene.trade
    own = command.caused(trade.exit_cause)
    if trade.exit_cause is not None and command.is_full_close and trade.exit_fraction != ONE:
        # The exit under way keeps its cause, so its next order is the same row whoever writes it, only larger.
        changes = {"exit_fraction": ONE, "exit_reason": command.exit_reason, "needs_cover": True}
        return Step(cancel, changes)
    if own and not any(o.status in LIVE for o in mine) and scene.is_counted and _is_rest_dust(scene, mine):
        # A try that was cut off has sold all but a part that no venue takes: that was the exit.
        return Step(cancel, {"exit_cause": None, "exit_fraction": None, "needs_cover": True})
    if own:
        return Step(cancel, sentence=_last_answer(mine) or "The close is on its way.")
    return Step(cancel, sentence=f"Another exit of the trade ({trade.exit_reason or 'EXIT'}) is under way.")


def _is_rest_dust(scene: Scene, mine: list[Order]) -> bool:
    trade, sold = scene.trade, _sold([o for o in mine if o.cause == scene.trade.exit_cause])
    fraction = trade.exit_fraction or ONE
    rest = (trade.coverable + sold) * fraction - sold
    return sold > ZERO and fraction < ONE and not _tradable(scene, rest)


def _last_answer(mine: list[Order]) -> str:
    refused = [o for o in mine if o.status in {OrderStatus.REJECTED, OrderStatus.ABANDONED}]
    if not refused or any(o.status in LIVE for o in mine):
        return ""
    return f"The venue refused it ({refused[-1].code or refused[-1].status}); it is tried again."


def _too_small(command: Command, scene: Scene) -> Step | None:
    """Refuse a share that no venue would take: cover would otherwise make it the whole position."""
    trade, instrument = scene.trade, scene.instrument
    if instrument is None:
        return Step(sentence="The venue's rules for the instrument are not known at the moment.")
    if _tradable(scene, trade.coverable * command.fraction):
        return None
    share = f"{to_plain(command.value or ZERO)} % of {to_plain(trade.coverable)} {trade.symbol}"
    minimum = f"steps of {to_plain(instrument.lot)}, at least {to_plain(instrument.minimum_notional)}"
    return _refused("TOO_SMALL", f"{share} is less than the venue takes ({minimum} {instrument.quote}).")


def _tradable(scene: Scene, quantity: Decimal) -> bool:
    instrument = scene.instrument
    if instrument is None:
        return True
    floored = instrument.floor_quantity(max(quantity, ZERO))
    return is_tradable(instrument, floored, scene.trade.entry_average or ZERO)


def _end_of_close(command: Command, scene: Scene, mine: list[Order]) -> Step:
    trade, sold = scene.trade, _sold(mine)
    left = f"Left: {to_plain(trade.held)}." if trade.held else "Nothing is left."
    if sold > ZERO:
        return _done("", f"{to_plain(sold)} {trade.symbol} closed at {_average(mine, scene)}. {left}")
    reason = trade.close_reason or trade.status
    if not trade.is_over:
        return _refused("NOTHING_HELD", "Nothing is held yet; an entry that waits can be cancelled.")
    if not command.is_full_close:
        return _refused("TRADE_OVER", f"The trade had ended before ({reason}).")
    if trade.entered == ZERO:
        return _done("NEVER_FILLED", "Nothing had been filled; no entry is waiting any more.")
    return _done("CLOSED_OTHERWISE", f"The position was closed by another exit ({reason}). {left}")


def _move_stop(command: Command, scene: Scene) -> Step:
    trade, instrument = scene.trade, scene.instrument
    if trade.is_over:
        ended = f"The trade has ended ({trade.close_reason or trade.status})."
        return _done("TRADE_OVER", ended) if command.applied_at else _refused("TRADE_OVER", ended)
    if scene.is_outdated:
        return _refused("SUPERSEDED", "A later command moves the same stop.")
    if instrument is None or command.value is None:
        return Step(sentence="The venue's rules for the instrument are not known at the moment.")
    price = instrument.round_price(command.value)
    if trade.stop_price == price and trade.stop_percent is None:
        return _standing_stop(scene, price)
    if command.applied_at is not None:
        return _done("SUPERSEDED", "The stop was moved, and has been moved again since.")
    if trade.coverable <= ZERO and not scene.live_entries:
        return _refused("NOTHING_TO_PROTECT", "The trade has neither a position nor an entry that waits.")
    if scene.bid is None or scene.ask is None:
        return Step(sentence="There is no price of the market at the moment.")
    complaint = _wrong_side(scene, price, scene.bid, scene.ask)
    if complaint:
        return _refused("WRONG_SIDE", complaint)
    changes: dict[str, Any] = {
        "stop_price": price,
        "stop_percent": None,
        "stop_source": StopSource.USER,
        # Where the follower has put it, there it stays.
        "trail_percent": None,
        "needs_cover": True,
    }
    if trade.initial_stop_price is None:
        changes["initial_stop_price"] = price
    return Step(changes=changes)


def _standing_stop(scene: Scene, price: Decimal) -> Step:
    if scene.trade.coverable <= ZERO:
        return _done("", f"The stop is {to_plain(price)}; it is placed when the entry is filled.")
    if scene.trade.needs_cover:
        return Step(sentence=f"The stop is to be {to_plain(price)}; the venue does not have it yet.")
    return _done("", f"The stop is at {to_plain(price)}.")


def _wrong_side(scene: Scene, price: Decimal, bid: Decimal, ask: Decimal) -> str:
    """Say why a stop cannot be there, or nothing; before there is a position the entry's price counts too."""
    is_long = scene.trade.side is Side.BUY
    word, market = ("below", bid) if is_long else ("above", ask)
    if price >= market if is_long else price <= market:
        return f"The stop must be {word} the market price of {to_plain(market)}; {to_plain(price)} is not."
    entries = [o.limit_price for o in scene.live_entries if o.limit_price is not None]
    if scene.trade.coverable > ZERO or not entries:
        return ""
    entry = min(entries) if is_long else max(entries)
    if price >= entry if is_long else price <= entry:
        return f"The stop must be {word} the entry of {to_plain(entry)}; {to_plain(price)} is not."
    return ""


def _cancel_entry(command: Command, scene: Scene) -> Step:
    cancel = tuple(o.order_id for o in scene.live_entries if not o.cancel_requested)
    if cancel:
        return Step(cancel)
    if scene.live_entries:
        return Step(sentence="The venue was asked to cancel the entry and has not answered yet.")
    if command.begun_at is None:
        return _refused("NO_ENTRY", "No entry is waiting.")
    asked = [o for o in scene.orders if o.purpose is Purpose.ENTRY and o.cancel_requested]
    ended = sum(o.status is not OrderStatus.FILLED for o in asked)
    held = (
        f"Held: {to_plain(scene.trade.held)} {scene.trade.symbol}."
        if scene.trade.held
        else "Nothing is held."
    )
    if not ended:
        return _done("FILLED_BEFORE", f"The entry was filled before it could be cancelled. {held}")
    return _done("", f"{ended} {'entry' if ended == 1 else 'entries'} cancelled. {held}")


_PLANS = {
    CommandKind.CLOSE: _close,
    CommandKind.MOVE_STOP: _move_stop,
    CommandKind.CANCEL_ENTRY: _cancel_entry,
}


def _sold(mine: list[Order]) -> Decimal:
    return sum((o.filled_quantity for o in mine), ZERO)


def _average(mine: list[Order], scene: Scene) -> str:
    value = sum((o.filled_quantity * (o.average_fill_price or ZERO) for o in mine), ZERO)
    price = value / _sold(mine)
    return to_plain(scene.instrument.round_price(price) if scene.instrument else round(price, 8))


def _done(code: str, sentence: str) -> Step:
    return Step(status=CommandStatus.DONE, code=code, sentence=sentence)


def _refused(code: str, sentence: str) -> Step:
    return Step(status=CommandStatus.REFUSED, code=code, sentence=sentence)
