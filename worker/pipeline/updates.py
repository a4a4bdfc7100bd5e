"""Closes, updates, edits and deletes: bound to open trades, then carried out as wanted cover or exits."""

from dataclasses import replace
from typing import Any

from shared.domain.codes import sentence_of
from shared.domain.halts import HaltState, scopes_of, strictest
from shared.domain.money import ONE
from shared.domain.order_status import AT_VENUE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.receipts import GateResult, Receipt, Verdict
from shared.domain.signals import Signal
from shared.domain.trades import StopSource, Trade, TradeStatus
from shared.domain.updates import TradeUpdate, plan_edit, plan_update
from shared.logs import get_logger
from shared.models import halts, orders, trades
from shared.models.messages import InboxMessage
from shared.models.providers import ProviderTerms
from shared.models.signals import SignalRecord
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.pipeline.asking import withdraw_questions
from worker.pipeline.cancel import cancel_orders
from worker.pipeline.receipts import Outcome, make_receipt
from worker.pipeline.tell import tell

log = get_logger(__name__)

ATTEMPTS = 5
NOTHING_HELD = "NOTHING_HELD"


def apply_commands(
    context: Context, message: InboxMessage, terms: ProviderTerms, record: SignalRecord
) -> str | None:
    """Carry out a message's closes and updates in order; a code where a person must say which is meant."""
    if record.signal is None:
        return "NO_SIGNAL"
    bound: list[tuple[Signal, list[Trade]]] = []
    for command in (record.signal, *record.signal.also):
        found = _bind(message, terms, command)
        if isinstance(found, str):
            return found
        bound.append((command, found))
    receipts: dict[str, Receipt] = {}
    for number, (command, found) in enumerate(bound):
        for trade in found:
            update = plan_update(command, trade)
            code = _carry_out(context, terms, trade, update, cause=f"{message.row_id}:{number}")
            receipts[trade.trading_bot_id] = _receipt(record, trade, update, code)
    tell(list(receipts.values()))
    return None


def apply_edit(
    context: Context, message: InboxMessage, terms: ProviderTerms, before: Signal, record: SignalRecord
) -> None:
    """Act on what an edit changed, for every trade that the message opened."""
    if record.signal is None:
        return
    receipts = []
    for trade in trades.of_message(message.source, message.channel_id, message.message_id):
        if trade.is_over:
            continue
        update = plan_edit(before, record.signal, trade)
        code = _carry_out(context, terms, trade, update, cause=f"{message.row_id}:edit")
        receipts.append(_receipt(record, trade, update, code))
    tell(receipts)


def withdraw(message: InboxMessage, code: str) -> int:
    """Withdraw the message's questions and its entries that were not sent; what was sent stays, and people are told."""
    withdrawn = 0
    now = utc_now()
    withdraw_questions(message, code, now)
    for order in orders.of_message(message.message_id):
        is_unsent = order.status is OrderStatus.INITIALIZED and order.purpose is Purpose.ENTRY
        if order.channel_id == message.channel_id and is_unsent:
            moved = orders.compare_and_set(order, OrderStatus.CANCELED, now, code=code, unsettled=True)
            withdrawn += moved
            if moved:
                enqueue(TaskName.TRADES_SETTLE, order.trade_id)
    return withdrawn


def _bind(message: InboxMessage, terms: ProviderTerms, command: Signal) -> list[Trade] | str:
    """Find the trades an update means: its parent's, else the one open message of that symbol."""
    if message.reply_to is not None:
        found = trades.of_message(message.source, message.channel_id, message.reply_to)
        if found:
            return [trade for trade in found if not trade.is_over]
    if command.symbol is None:
        return "UPDATE_WITHOUT_SYMBOL"
    alive = trades.alive_of_provider(terms.provider_id, None)
    found = [trade for trade in alive if _names(command.symbol, trade.symbol)]
    if len({(trade.channel_id, trade.message_id) for trade in found}) > 1:
        return "UPDATE_AMBIGUOUS"
    return found


def _names(said: str, symbol: str) -> bool:
    # An option is closed by its underlying alone: `SPY` means `SPY261218C00600000`.
    is_option_of = symbol.startswith(said) and symbol[len(said) : len(said) + 6].isdecimal()
    return said == symbol or is_option_of


def _carry_out(
    context: Context, terms: ProviderTerms, trade: Trade, update: TradeUpdate, *, cause: str
) -> str:
    scopes = scopes_of(
        community_id=terms.community_id,
        provider_id=trade.provider_id,
        user_id=trade.user_id,
        account_id=trade.account_id,
    )
    halt = strictest(halts.in_force(), scopes)
    if halt is not None and halt.state is HaltState.HALTED:
        return "HALT"
    if update.cancel_entries:
        live = [o for o in orders.of_trade(trade.trade_id) if _is_live_entry(o)]
        if live:
            cancel_orders(context, [order.order_id for order in live])
    changes = _changes(trade, _on_tick(context, trade, update), cause)
    refusal = _store(trade, changes) if changes else ""
    if refusal:
        return refusal
    if changes:
        enqueue(TaskName.TRADES_PROTECT, [trade.trade_id])
    elif update.exit_fraction is not None and not update.cancel_entries:
        return NOTHING_HELD
    return update.code


def _on_tick(context: Context, trade: Trade, update: TradeUpdate) -> TradeUpdate:
    """Round levels to what the venue takes: an entry's average, as written by a break-even, lies between ticks."""
    if update.stop_price is None and not update.targets:
        return update
    instrument = context.instruments(trade.venue, trade.environment, [trade.symbol]).get(trade.symbol)
    if instrument is None:
        return update
    stop = update.stop_price
    return replace(
        update,
        stop_price=None if stop is None else instrument.round_price(stop),
        targets=tuple(replace(t, price=instrument.round_price(t.price)) for t in update.targets),
    )


def _changes(trade: Trade, update: TradeUpdate, cause: str) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if update.stop_price is not None:
        changes |= {"stop_price": update.stop_price, "stop_source": StopSource.UPDATE, "needs_cover": True}
    if update.targets:
        changes |= {"targets": update.targets, "needs_cover": True}
    # A share of nothing would wait, and sell what an entry that rests buys later.
    if (
        update.exit_fraction is not None
        and (trade.coverable or update.exit_fraction == ONE)
        and trade.status is TradeStatus.OPEN
    ):
        changes |= {
            "exit_cause": cause,
            "exit_fraction": update.exit_fraction,
            "exit_reason": "PROVIDER_CLOSED",
            "needs_cover": True,
        }
    return changes


def _store(trade: Trade, changes: dict[str, Any]) -> str:
    """Write what an update wants into its trade; return a code where it could not be."""
    current: Trade | None = trade
    for _ in range(ATTEMPTS):
        if current is None:
            break
        wanted = _beside_an_exit(current, changes)
        if wanted is None:
            return "EXIT_UNDER_WAY"
        if trades.compare_and_set(current, **wanted):
            return ""
        current = trades.find(trade.trade_id)
    return "TRADE_BUSY"


def _beside_an_exit(trade: Trade, changes: dict[str, Any]) -> dict[str, Any] | None:
    """Never replace an exit under way, of which an order may be on its way: a full close only enlarges it."""
    if "exit_cause" not in changes or trade.exit_cause in {None, changes["exit_cause"]}:
        return changes
    if changes["exit_fraction"] != ONE:
        return None
    grown = {"exit_fraction": ONE, "exit_reason": changes["exit_reason"], "needs_cover": True}
    return grown if trade.exit_fraction != ONE else {"needs_cover": True}


def _is_live_entry(order: Order) -> bool:
    waiting = AT_VENUE | {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN}
    return order.purpose is Purpose.ENTRY and order.status in waiting


_SENTENCES = {
    "": "The update was carried out.",
    "HALT": "Trading is halted, so the provider's update was not carried out; your stop stays in place.",
}
_CARRIED_OUT = frozenset({"", "ENTRY_CHANGED"})


def _receipt(record: SignalRecord, trade: Trade, update: TradeUpdate, code: str) -> Receipt:
    verdict = Verdict.PASSED if code in _CARRIED_OUT else Verdict.DENIED
    gate = GateResult("update", _describe(update), "risk may not grow", verdict)
    outcome = Outcome(verdict, code or "UPDATED", _SENTENCES.get(code) or sentence_of(code))
    return make_receipt(record, trade, outcome, (gate,), trade=trade)


def _describe(update: TradeUpdate) -> str:
    parts = []
    if update.exit_fraction is not None:
        parts.append(f"close {update.exit_fraction:.0%}")
    if update.stop_price is not None:
        parts.append(f"stop {update.stop_price}")
    if update.targets:
        parts.append("targets " + ", ".join(str(target.price) for target in update.targets))
    if update.cancel_entries:
        parts.append("cancel entries")
    return ", ".join(parts) or "nothing"
