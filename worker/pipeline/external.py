"""What happens at a venue without us: orders that are not ours, and positions that somebody else has closed.

Neither is ever touched. An order is shown; a position that is gone is no position of ours any more: its cover is
cancelled, its trade ends as CLOSED_EXTERNALLY and its owner is told. One read is no proof, because a balance may
be older than our own last sale: it takes two, some seconds apart, with nothing of ours under way between them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from shared.brokers.base import Balance
from shared.domain.instruments import Instrument
from shared.domain.ladder import is_tradable
from shared.domain.money import ZERO
from shared.domain.order_status import AT_VENUE, UNRESOLVED, OrderStatus
from shared.domain.orders import Order, OrderReport
from shared.domain.signals import Side
from shared.domain.trades import Trade
from shared.logs import get_logger
from shared.models import external, orders, trades
from shared.models.external import SeenOrder
from shared.models.mapping import millisecond
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.pipeline.apply import apply_report
from worker.pipeline.follow import Polled, follow

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
            if instrument is not None:
                _compare(context, listed, instrument, totals, now)


def missing_symbol(
    context: Context, alive: Sequence[Trade], balances: Sequence[Balance], venue: str, environment: str
) -> str | None:
    """Name a symbol of which an account holds less than is open of ours there; None where it holds all."""
    totals = {balance.asset: balance.total for balance in balances}
    held = _by_symbol(alive)
    rules = context.instruments(venue, environment, held) if held else {}
    lost = (s for s, listed in held.items() if s in rules and _gone(listed, rules[s], totals))
    return next(lost, None)


def _compare(
    context: Context,
    listed: Sequence[Trade],
    instrument: Instrument,
    totals: Mapping[str, Decimal],
    now: datetime,
) -> None:
    sure = {t.trade_id for t in listed if t.gone_since is not None and now - t.gone_since >= SURE_AFTER}
    if sure and _gone(listed, instrument, totals):
        # What is gone may have left through our own stop or target, which nobody has asked about since.
        if not _ask_resting(context, listed):
            return
        listed = trades.find_many([trade.trade_id for trade in listed])
    for trade, gone in _shares(listed, _gone(listed, instrument, totals), instrument):
        _note(trade, gone, instrument, sure=trade.trade_id in sure)


def _ask_resting(context: Context, listed: Sequence[Trade]) -> bool:
    """Ask the venue about everything of these trades that rests; False where it did not answer."""
    made = orders.of_trades([trade.trade_id for trade in listed])
    resting = [order for order in made if order.status in AT_VENUE]
    polled = follow(context, resting)
    return not resting or (bool(polled) and all(answer.is_whole for answer in polled))


def _shares(
    listed: Sequence[Trade], gone: Decimal, instrument: Instrument
) -> Iterator[tuple[Trade, Decimal]]:
    """Share what is gone among the trades: what a stop holds at the venue cannot have been sold; then the newest."""
    newest = sorted(listed, key=lambda trade: trade.created_at, reverse=True)
    taken: dict[str, Decimal] = {}
    for trade in newest:
        free = instrument.floor_quantity(max(trade.held - trade.resting, ZERO))
        taken[trade.trade_id] = min(gone, free)
        gone -= taken[trade.trade_id]
    for trade in newest:
        more = min(gone, trade.held - taken[trade.trade_id])
        gone -= more
        yield trade, taken[trade.trade_id] + more


def _note(trade: Trade, gone: Decimal, instrument: Instrument, *, sure: bool) -> None:
    # A crumb is let be, unless it is what the position's cover lacks: no stop can be placed for what is not there.
    is_missed = is_tradable(instrument, gone, trade.entry_average or ZERO) or (gone and trade.needs_cover)
    if not is_missed:
        if trade.gone_since is not None:
            trades.compare_and_set(trade, gone_since=None)
        return
    if any(_is_uncounted(order) for order in orders.of_trade(trade.trade_id)):
        return
    if trade.gone_since is None:
        trades.compare_and_set(trade, gone_since=millisecond(utc_now()))
    elif sure and trades.compare_and_set(
        trade, external=trade.external + gone, gone_since=None, needs_cover=True
    ):
        log.warning("trade.closed_externally", trade_id=trade.trade_id, quantity=str(gone))
        enqueue(TaskName.TRADES_SETTLE, trade.trade_id)


def _is_uncounted(order: Order) -> bool:
    return order.status in _MOVING or order.lacks_fills or order.unsettled


def _gone(listed: Sequence[Trade], instrument: Instrument, totals: Mapping[str, Decimal]) -> Decimal:
    """Return how much of our positions the account does not hold any more.

    On margin a position goes by its symbol, below zero where it is short; elsewhere it is the asset itself.
    """
    if instrument.is_margined:
        ours = sum((t.held if t.side is Side.BUY else -t.held for t in listed), ZERO)
        there = totals.get(instrument.symbol, ZERO)
        lost = ours - there if ours > ZERO else there - ours
        return instrument.floor_quantity(min(max(lost, ZERO), abs(ours)))
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
