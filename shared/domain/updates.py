"""What an update, an edit or a delete asks of an open trade."""

from dataclasses import dataclass
from decimal import Decimal

from shared.domain.money import HUNDRED, ONE
from shared.domain.signals import Action, Side, Signal, UpdateKind
from shared.domain.targets import split_targets
from shared.domain.trades import Target, Trade

HALF = Decimal("0.5")
BREAKEVEN_NEEDS_FILL = "BREAKEVEN_BEFORE_ENTRY"


@dataclass(frozen=True, slots=True)
class TradeUpdate:
    """One change to one trade; exactly one of its parts is set, or `code` says why there is none."""

    stop_price: Decimal | None = None
    targets: tuple[Target, ...] = ()
    exit_fraction: Decimal | None = None
    cancel_entries: bool = False
    code: str = ""


def plan_update(signal: Signal, trade: Trade) -> TradeUpdate:
    """Turn a close or update into the change of one trade; widening a stop is refused here."""
    kind = signal.update_kind or (UpdateKind.CLOSE_ALL if signal.action is Action.CLOSE else None)
    match kind:
        case UpdateKind.CLOSE_ALL:
            return TradeUpdate(exit_fraction=ONE, cancel_entries=True)
        case UpdateKind.CLOSE_PARTIAL:
            return TradeUpdate(exit_fraction=signal.close_fraction or HALF)
        case UpdateKind.CANCEL:
            return TradeUpdate(cancel_entries=True)
        case UpdateKind.MOVE_STOP_TO_BREAKEVEN:
            if trade.entry_average is None:
                return TradeUpdate(code=BREAKEVEN_NEEDS_FILL)
            return _moved_stop(trade, trade.entry_average)
        case UpdateKind.MOVE_STOP:
            return _asked_stop(signal, trade)
        case UpdateKind.SET_TAKE_PROFIT:
            if not signal.take_profits:
                return TradeUpdate(code="NO_LEVEL")
            return TradeUpdate(targets=split_targets(signal.take_profits, trade.target_split))
        case _:
            return TradeUpdate(code="NOTHING_TO_DO")


def plan_edit(before: Signal, after: Signal, trade: Trade) -> TradeUpdate:
    """Act on the difference of two readings of one message, never adding an entry."""
    if (before.side, before.symbol, before.entry) != (after.side, after.symbol, after.entry):
        return TradeUpdate(cancel_entries=True, code="ENTRY_CHANGED")
    if after.stop_loss is not None and after.stop_loss != before.stop_loss:
        return _moved_stop(trade, after.stop_loss)
    if after.take_profits and after.take_profits != before.take_profits:
        return TradeUpdate(targets=split_targets(after.take_profits, trade.target_split))
    return TradeUpdate(code="NO_DIFFERENCE")


def _asked_stop(signal: Signal, trade: Trade) -> TradeUpdate:
    if signal.stop_loss is not None:
        return _moved_stop(trade, signal.stop_loss)
    if signal.stop_loss_pct is not None and trade.entry_average is not None:
        share = signal.stop_loss_pct / HUNDRED
        factor = ONE - share if trade.side is Side.BUY else ONE + share
        return _moved_stop(trade, trade.entry_average * factor)
    return TradeUpdate(code="NO_LEVEL")


def _moved_stop(trade: Trade, price: Decimal) -> TradeUpdate:
    current = trade.stop_price
    if current is not None:
        widens = price < current if trade.side is Side.BUY else price > current
        if widens:
            # More risk is never automatic; a policy for it comes with the follower's settings.
            return TradeUpdate(code="STOP_WOULD_WIDEN")
        if price == current:
            return TradeUpdate(code="NO_DIFFERENCE")
    return TradeUpdate(stop_price=price)
