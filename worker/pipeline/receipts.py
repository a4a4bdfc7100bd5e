"""Write down what the gates said to one follower."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.bots import TradingBot
from shared.domain.confirmations import Confirmation
from shared.domain.errors import Denial
from shared.domain.identifiers import receipt_id
from shared.domain.orders import Order, Purpose
from shared.domain.receipts import GateResult, Receipt, Verdict
from shared.domain.trades import Trade
from shared.models import orders
from shared.models.mapping import millisecond
from shared.models.signals import SignalRecord
from worker.context import utc_now


def passed_receipt(
    record: SignalRecord, bot: TradingBot, gates: tuple[GateResult, ...], trade: Trade, made: Sequence[Order]
) -> Receipt:
    """Write the receipt of a follower whose trade is planned."""
    outcome = Outcome(Verdict.PASSED, "PASSED", "All gates passed.")
    return make_receipt(record, bot, outcome, gates, trade=trade, made=made)


def planned_before_receipts(
    record: SignalRecord, bots: Sequence[TradingBot], planned: Mapping[str, Trade]
) -> list[Receipt]:
    """Write the receipts of those followers whose trades, by bot, an earlier pass had planned."""
    mine = [(bot, planned[bot.trading_bot_id]) for bot in bots if bot.trading_bot_id in planned]
    entries: dict[str, list[Order]] = {}
    for order in orders.of_trades([trade.trade_id for _, trade in mine]) if mine else ():
        if order.purpose is Purpose.ENTRY:
            entries.setdefault(order.trade_id, []).append(order)
    return [passed_receipt(record, bot, (), trade, entries.get(trade.trade_id, ())) for bot, trade in mine]


def denied_receipt(
    record: SignalRecord, whose: TradingBot | Confirmation, gates: tuple[GateResult, ...], denial: Denial
) -> Receipt:
    """Write the receipt of a follower who is not to trade this signal."""
    return make_receipt(record, whose, Outcome(Verdict.DENIED, denial.code, denial.detail), gates)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a receipt says in the end: a verdict, its code, and a sentence for the follower."""

    verdict: Verdict
    code: str
    detail: str


def make_receipt(
    record: SignalRecord,
    whose: TradingBot | Trade | Confirmation,
    outcome: Outcome,
    gates: tuple[GateResult, ...],
    *,
    trade: Trade | None = None,
    made: Sequence[Order] = (),
) -> Receipt:
    """Write what became of a reading for one bot, or for the bot of one trade."""
    return Receipt(
        receipt_id=receipt_id(record.signal_id, whose.trading_bot_id),
        signal_id=record.signal_id,
        trading_bot_id=whose.trading_bot_id,
        user_id=whose.user_id,
        account_id=whose.account_id,
        provider_id=record.provider_id,
        source=record.source,
        channel_id=record.channel_id,
        message_id=record.message_id,
        revision=record.revision,
        outcome=outcome.verdict,
        code=outcome.code,
        detail=outcome.detail,
        gates=gates,
        order_ids=tuple(order.order_id for order in made),
        trade_id=trade.trade_id if trade else None,
        at=millisecond(utc_now()),
    )
