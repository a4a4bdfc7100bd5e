"""Futures cards f07-f17: exits that share a position, both sides, trailing, and what becomes of orders that wait."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.brokers.base import NotFound
from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.binance_futures_broker import BinanceFuturesBroker
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from shared.domain.errors import DuplicateOrderId, PermanentError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest, OrderType
from shared.domain.signals import Side
from tests.integration.brokers.futures_stage import FuturesStage
from tests.integration.brokers.stages import a_limit, a_stop, an_order, lookup_of, utc_now

TWO = Decimal(2)


async def look_up(stage: FuturesStage, request: OrderRequest) -> OrderReport:
    """What a process that has just started is told by our id alone."""
    found = await stage.open_broker().fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport)
    return found


async def held(stage: FuturesStage) -> tuple[Side, Decimal] | None:
    position = await stage.position()
    return None if position is None else (position.side, position.quantity)


def an_exit(stage: FuturesStage, side: Side = Side.SELL, **changes: object) -> OrderRequest:
    return an_order(stage, side=side, reduce_only=True, **changes)


def a_trail(stage: FuturesStage, side: Side, percent: str, quantity: Decimal = TWO) -> OrderRequest:
    trail = Decimal(percent)
    return an_exit(stage, side, order_type=OrderType.TRAILING_STOP, trail_percent=trail, quantity=quantity)


async def test_f07_an_exit_larger_than_the_position_shrinks_to_it_and_never_turns_it_round(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    await broker.submit_order(an_order(futures_stage, quantity=TWO))
    report = await broker.submit_order(an_exit(futures_stage, quantity=Decimal(5)))
    assert (report.status, report.filled_quantity) == (OrderStatus.EXPIRED, TWO)
    assert await held(futures_stage) is None
    with pytest.raises(PermanentError, match="REDUCE_ONLY_REFUSED"):
        await broker.submit_order(an_exit(futures_stage))
    assert await held(futures_stage) is None


async def test_f08_a_filled_target_leaves_the_stop_which_sells_no_more_than_what_is_left(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    await broker.submit_order(an_order(futures_stage, quantity=TWO))
    stop = a_stop(futures_stage, Side.SELL, "90", quantity=TWO, reduce_only=True)
    first = a_limit(futures_stage, Side.SELL, "110", reduce_only=True)
    second = a_limit(futures_stage, Side.SELL, "120", reduce_only=True)
    for request in (stop, first, second):
        assert (await broker.submit_order(request)).status is OrderStatus.ACCEPTED
    open_ids = {report.client_order_id for report in await broker.fetch_open_orders(futures_stage.symbol)}
    assert open_ids == {request.client_order_id for request in (stop, first, second)}
    await futures_stage.set_price("111")
    assert (await look_up(futures_stage, first)).status is OrderStatus.FILLED
    # Nothing was taken off the stop: it is still as large as it was, and only reduces.
    resting = await look_up(futures_stage, stop)
    assert (resting.status, resting.open_quantity) == (OrderStatus.ACCEPTED, TWO)
    await futures_stage.set_price("89")
    triggered = await look_up(futures_stage, stop)
    assert (triggered.status, triggered.filled_quantity) == (OrderStatus.EXPIRED, Decimal(1))
    assert sum(fill.quantity for fill in triggered.fills) == 1
    assert await held(futures_stage) is None
    # With the position its last target went too.
    assert (await look_up(futures_stage, second)).status is OrderStatus.EXPIRED


async def test_f09_a_short_has_its_stop_above_and_its_target_below(futures_stage: FuturesStage) -> None:
    broker = futures_stage.open_broker()
    await broker.submit_order(an_order(futures_stage, side=Side.SELL, quantity=TWO))
    assert await held(futures_stage) == (Side.SELL, TWO)
    with pytest.raises(PermanentError, match="STOP_ALREADY_PASSED"):
        await broker.submit_order(a_stop(futures_stage, Side.BUY, "99", reduce_only=True))
    stop = a_stop(futures_stage, Side.BUY, "110", quantity=TWO, reduce_only=True)
    target = a_limit(futures_stage, Side.BUY, "90", reduce_only=True)
    for request in (stop, target):
        assert (await broker.submit_order(request)).status is OrderStatus.ACCEPTED
    await futures_stage.set_price("89")
    filled = await look_up(futures_stage, target)
    assert (filled.status, filled.average_fill_price) == (OrderStatus.FILLED, Decimal(90))
    assert await held(futures_stage) == (Side.SELL, Decimal(1))
    await futures_stage.set_price("111")
    stopped = await look_up(futures_stage, stop)
    assert (stopped.filled_quantity, stopped.average_fill_price) == (Decimal(1), Decimal("111.01"))
    assert await held(futures_stage) is None


@pytest.mark.parametrize(
    ("entry", "prices", "last", "filled_at"),
    [
        # 5 % behind the best price so far: 120 was the best, so 114 is where it goes.
        (Side.BUY, ("110", "120", "115", "118"), "114", "113.99"),
        (Side.SELL, ("90", "80", "83", "82"), "84", "84.01"),
    ],
)
async def test_f10_a_trailing_stop_follows_the_best_price_and_never_moves_back(
    futures_stage: FuturesStage, entry: Side, prices: tuple[str, ...], last: str, filled_at: str
) -> None:
    broker = futures_stage.open_broker()
    await broker.submit_order(an_order(futures_stage, side=entry, quantity=TWO))
    trail = a_trail(futures_stage, entry.opposite, "5")
    assert (await broker.submit_order(trail)).status is OrderStatus.ACCEPTED
    for price in prices:
        await futures_stage.set_price(price)
        assert (await look_up(futures_stage, trail)).status is OrderStatus.ACCEPTED
    await futures_stage.set_price(last)
    done = await look_up(futures_stage, trail)
    assert (done.status, done.average_fill_price) == (OrderStatus.FILLED, Decimal(filled_at))
    assert await held(futures_stage) is None


@pytest.mark.parametrize("percent", ["0.05", "20.1", "1.25"])
async def test_f11_a_distance_that_the_venue_does_not_trail_at_is_refused_unsent(
    futures_stage: FuturesStage, percent: str
) -> None:
    trail = a_trail(futures_stage, Side.SELL, percent)
    with pytest.raises(PermanentError, match="INVALID_ORDER"):
        await futures_stage.open_broker().submit_order(trail)
    assert (
        futures_stage.control.summary()["submits_by_client_id"].get(
            f"{futures_stage.key}:{trail.client_order_id}"
        )
        is None
    )


@pytest.mark.parametrize("ids", ["same", "own"])
async def test_f12_what_a_waiting_order_becomes_is_found_by_our_id_with_its_executions(
    futures_stage: FuturesStage, ids: str
) -> None:
    futures_stage.control.settings(triggered_ids=ids)
    try:
        broker, began = futures_stage.open_broker(), utc_now() - timedelta(minutes=1)
        await broker.submit_order(an_order(futures_stage, quantity=TWO))
        stop = a_stop(futures_stage, Side.SELL, "90", quantity=TWO, reduce_only=True)
        waiting = await broker.submit_order(stop)
        await futures_stage.set_price("89")
    finally:
        futures_stage.control.settings(triggered_ids="same")
    found = await look_up(futures_stage, stop)
    assert found.status is OrderStatus.FILLED
    assert found.venue_order_id != waiting.venue_order_id
    assert [(fill.quantity, fill.client_order_id) for fill in found.fills] == [(TWO, stop.client_order_id)]
    # By the id that it had while it waited, by the one that it has now, and on the list of everybody's.
    for number in (waiting.venue_order_id, found.venue_order_id):
        lookup = OrderLookup(stop.client_order_id, stop.symbol, number)
        again = await futures_stage.open_broker().fetch_order(lookup)
        assert isinstance(again, OrderReport)
        assert (again.status, again.fills, again.client_order_id) == (
            found.status,
            found.fills,
            stop.client_order_id,
        )
    listed = await broker.fetch_orders_since(futures_stage.symbol, began)
    (of_stop,) = [report for report in listed if report.client_order_id == stop.client_order_id]
    assert (of_stop.status, of_stop.venue_order_id) == (found.status, found.venue_order_id)
    assert len(listed) == 2
    fills = await broker.fetch_fills(futures_stage.symbol, began)
    assert [fill for fill in fills if fill.venue_order_id == found.venue_order_id]


@pytest.mark.parametrize("ids", ["same", "own"])
@pytest.mark.parametrize("is_known", [True, False])
async def test_f13_a_cancel_reaches_what_waits_and_what_it_has_become(
    futures_stage: FuturesStage, ids: str, is_known: bool
) -> None:
    futures_stage.control.settings(triggered_ids=ids)
    try:
        broker = futures_stage.open_broker()
        await broker.submit_order(an_order(futures_stage, quantity=TWO))
        waiting = a_stop(futures_stage, Side.SELL, "80", quantity=TWO, reduce_only=True)
        limited = a_stop(
            futures_stage, Side.SELL, "95", order_type=OrderType.STOP_LIMIT, limit_price=Decimal("96")
        )
        numbers = {}
        for request in (waiting, limited):
            numbers[request] = (await broker.submit_order(request)).venue_order_id
        # Its limit lies above the market that has reached its stop: it rests as an order of its own.
        await futures_stage.set_price("94")
        for request in (waiting, limited):
            lookup = OrderLookup(
                request.client_order_id, request.symbol, numbers[request] if is_known else None
            )
            ended = await broker.cancel_order(lookup)
            assert isinstance(ended, OrderReport)
            assert (ended.status, ended.client_order_id) == (OrderStatus.CANCELED, request.client_order_id)
            again = await broker.cancel_order(lookup)
            assert isinstance(again, OrderReport)
            assert again.status is OrderStatus.CANCELED
        assert list(await broker.fetch_open_orders()) == []
    finally:
        futures_stage.control.settings(triggered_ids="same")


async def test_f14_a_stop_outlives_its_position_and_is_rejected_where_it_finds_nothing_to_reduce(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    await broker.submit_order(an_order(futures_stage, quantity=TWO))
    stop = a_stop(futures_stage, Side.SELL, "90", quantity=TWO, reduce_only=True)
    await broker.submit_order(stop)
    await broker.submit_order(an_exit(futures_stage, quantity=TWO))
    assert (await look_up(futures_stage, stop)).status is OrderStatus.ACCEPTED
    await futures_stage.set_price("89")
    rejected = await look_up(futures_stage, stop)
    assert (rejected.status, rejected.filled_quantity, rejected.open_quantity) == (
        OrderStatus.REJECTED,
        Decimal(0),
        Decimal(0),
    )
    assert await held(futures_stage) is None


async def test_f15_a_stop_that_was_reached_and_becomes_nothing_counts_as_rejected_after_a_while(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    await broker.submit_order(an_order(futures_stage, quantity=TWO))
    stop = a_stop(futures_stage, Side.SELL, "90", quantity=TWO, reduce_only=True)
    await broker.submit_order(stop)
    futures_stage.control.settings(stuck_triggers=True)
    try:
        await futures_stage.set_price("89")
    finally:
        futures_stage.control.settings(stuck_triggers=False)
    assert (await look_up(futures_stage, stop)).status is OrderStatus.ACCEPTED
    stuck = await broker.cancel_order(lookup_of(stop))
    assert isinstance(stuck, OrderReport)
    assert stuck.status is OrderStatus.ACCEPTED
    later = BinanceFuturesAdapter(now=lambda: datetime.now(UTC) + timedelta(seconds=31))
    access = AccountAccess(
        "a",
        "binance_futures",
        Environment.LIVE,
        Credentials(futures_stage.key, "secret"),
        futures_stage.control.url,
    )
    patient = later.open_broker(access)
    assert isinstance(patient, BinanceFuturesBroker)
    found = await patient.fetch_order(lookup_of(stop))
    await later.close()
    assert isinstance(found, OrderReport)
    assert (found.status, found.open_quantity) == (OrderStatus.REJECTED, Decimal(0))


async def test_f16_the_id_of_a_waiting_order_is_refused_as_a_duplicate_and_free_once_it_has_ended(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    stop = a_stop(futures_stage, Side.SELL, "90")
    first = await broker.submit_order(stop)
    with pytest.raises(DuplicateOrderId):
        await broker.submit_order(stop)
    assert len(await broker.fetch_open_orders(futures_stage.symbol)) == 1
    await broker.cancel_order(lookup_of(stop))
    second = await broker.submit_order(stop)
    assert first.venue_order_id != second.venue_order_id
    assert (await look_up(futures_stage, stop)).venue_order_id == second.venue_order_id


async def test_f17_positions_and_waiting_orders_survive_a_restart(futures_stage: FuturesStage) -> None:
    broker = futures_stage.open_broker()
    await broker.set_margin_terms(futures_stage.symbol, 4)
    await broker.submit_order(an_order(futures_stage, quantity=TWO))
    trail = a_trail(futures_stage, Side.SELL, "10")
    await broker.submit_order(trail)
    await futures_stage.set_price("130")
    before = (await futures_stage.position(), futures_stage.control.books(futures_stage.key))
    await futures_stage.restart()
    assert (await futures_stage.position(), futures_stage.control.books(futures_stage.key)) == before
    await futures_stage.set_price("117")
    assert (await look_up(futures_stage, trail)).status is OrderStatus.FILLED
    unknown = an_exit(futures_stage)
    assert isinstance(await futures_stage.open_broker().fetch_order(lookup_of(unknown)), NotFound)
