"""What happens at a venue without us: orders that are not ours, and positions that somebody else has closed.

Neither is ever touched. An order is shown; a position that is gone is no position of ours any more: its cover is
cancelled, its trade ends as CLOSED_EXTERNALLY and its owner is told. One read is no proof, because a balance may
be older than our own last sale: it takes two, some seconds apart, with nothing of ours under way between them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from shared.brokers.base import Balance
from shared.domain.instruments import Instrument
from shared.domain.ladder import is_tradable
from shared.domain.money import ZERO
from shared.domain.order_status import UNRESOLVED, OrderStatus
from shared.domain.orders import OrderReport
from shared.domain.signals import Side
from shared.domain.trades import Trade
from shared.logs import get_logger
from shared.models import external, orders, trades
from shared.models.external import SeenOrder
from shared.models.mapping import millisecond
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.pipeline.apply import apply_report
from worker.pipeline.follow import Polled

log = get_logger(__name__)

SURE_AFTER = timedelta(seconds=4)
_MOVING = UNRESOLVED | {OrderStatus.PENDING_CANCEL, OrderStatus.INITIALIZED}


def record_others(polled: Sequence[Polled]) -> None:
    """Look at what rests at the venue and was not asked for: late arrivals of ours, and strangers' orders."""
    told = {report.client_order_id: (answer, report) for answer in polled for report in answer.others}
    if not told:
        return
    now = utc_now()
    ours = {order.order_id: order for order in orders.find_many(set(told))}
    for order_id, order in ours.items():
        if order.status in {OrderStatus.ABANDONED, OrderStatus.UNKNOWN}:
            apply_report(order, told[order_id][1], now)
            enqueue(TaskName.TRADES_SETTLE, order.trade_id)
    strangers = [_seen(*told[name]) for name in told.keys() - ours.keys()]
    external.record_seen(strangers)


def suspect(
    context: Context, alive: Mapping[str, Sequence[Trade]], held: Mapping[str, Sequence[Balance]]
) -> None:
    """Compare trades, read before, with balances, read after; where a position is gone for the second time, say so."""
    now = millisecond(utc_now())
    for account_id, balances in held.items():
        totals = {balance.asset: balance.total for balance in balances}
        for symbol, listed in _by_symbol(alive.get(account_id, ())).items():
            instrument = context.instruments(listed[0].venue, listed[0].environment, [symbol]).get(symbol)
            if instrument is None:
                continue
            gone = _gone(listed, instrument, totals)
            for trade in sorted(listed, key=lambda t: t.created_at, reverse=True):
                taken = min(gone, trade.held)
                gone -= taken
                _note(
                    trade,
                    taken,
                    instrument,
                    sure=trade.gone_since is not None and now - trade.gone_since >= SURE_AFTER,
                )


def _note(trade: Trade, gone: Decimal, instrument: Instrument, *, sure: bool) -> None:
    if not is_tradable(instrument, gone, trade.entry_average or ZERO):
        if trade.gone_since is not None:
            trades.compare_and_set(trade, gone_since=None)
        return
    if any(order.status in _MOVING for order in orders.of_trade(trade.trade_id)):
        return
    if trade.gone_since is None:
        trades.compare_and_set(trade, gone_since=millisecond(utc_now()))
    elif sure and trades.compare_and_set(
        trade, external=trade.external + gone, gone_since=None, needs_cover=True
    ):
        log.warning("trade.closed_externally", trade_id=trade.trade_id, quantity=str(gone))
        enqueue(TaskName.TRADES_SETTLE, trade.trade_id)


def _gone(listed: Sequence[Trade], instrument: Instrument, totals: Mapping[str, Decimal]) -> Decimal:
    """Return how much of our spot positions the account does not hold any more."""
    ours = sum((trade.held for trade in listed if trade.side is Side.BUY), ZERO)
    return instrument.floor_quantity(max(ours - totals.get(instrument.base, ZERO), ZERO))


def _by_symbol(alive: Collection[Trade]) -> dict[str, list[Trade]]:
    found: dict[str, list[Trade]] = {}
    for trade in alive:
        if trade.held > ZERO:
            found.setdefault(trade.symbol, []).append(trade)
    return found


def _seen(answer: Polled, report: OrderReport) -> SeenOrder:
    now = millisecond(utc_now())
    return SeenOrder(
        external_id=f"{answer.desk.account_id}:{report.symbol}:{report.venue_order_id}",
        account_id=answer.desk.account_id,
        symbol=report.symbol,
        venue_order_id=report.venue_order_id,
        client_order_id=report.client_order_id,
        status=str(report.status),
        filled_quantity=report.filled_quantity,
        open_quantity=report.open_quantity,
        first_seen_at=now,
        last_seen_at=now,
    )
