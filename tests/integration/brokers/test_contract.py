"""Contract cards: every broker behaves like this, the paper book and venues in other processes alike."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.brokers.base import Broker, NotFound
from shared.brokers.gate import sending_until
from shared.brokers.margin import MarginBroker
from shared.domain.errors import DuplicateOrderId, PermanentError, RetryableError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderRequest, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.offered import offers
from tests.integration.brokers.stages import (
    CASH,
    Stage,
    a_limit,
    a_stop,
    an_order,
    lookup_of,
    utc_now,
)

A_MINUTE = timedelta(minutes=1)
LINKED = pytest.mark.parametrize("stage", ["paper", "http"], indirect=True)
"""For cards of venues where any number of exits share one position."""
FREED = pytest.mark.parametrize("stage", ["paper", "http", "binance", "futures", "kucoin"], indirect=True)
"""For cards of venues where an order that has ended frees its id."""


def money_of(stage: Stage) -> str:
    return stage.symbol.partition("/")[2]


async def look_up(broker: Broker, request: OrderRequest) -> OrderReport:
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport)
    return found


async def held(broker: Broker, stage: Stage) -> Decimal:
    if isinstance(broker, MarginBroker):
        positions = await broker.fetch_positions(stage.symbol)
        return sum((position.quantity for position in positions), Decimal(0))
    base = stage.symbol.partition("/")[0]
    totals = {balance.asset: balance.total for balance in await broker.fetch_balances()}
    return totals.get(base, Decimal(0))


async def refusal_code(broker: Broker, request: OrderRequest) -> str:
    with pytest.raises(PermanentError) as refused:
        await broker.submit_order(request)
    return refused.value.code


async def bought(broker: Broker, stage: Stage, quantity: str) -> Decimal:
    """Buy, and return what can be sold again: a commission may be taken from the asset itself."""
    await broker.submit_order(an_order(stage, quantity=Decimal(quantity)))
    return (await held(broker, stage)).quantize(Decimal("0.001"), rounding="ROUND_DOWN")


async def test_b01_a_market_buy_fills_at_the_ask(stage: Stage) -> None:
    broker = stage.open_broker()
    request = an_order(stage)
    report = await broker.submit_order(request)
    assert report.status is OrderStatus.FILLED
    assert (report.client_order_id, report.symbol) == (request.client_order_id, stage.symbol)
    assert (report.filled_quantity, report.average_fill_price) == (Decimal(1), Decimal("100.01"))
    assert report.open_quantity == 0
    assert [(fill.quantity, fill.side) for fill in report.fills] == [(Decimal(1), Side.BUY)]


async def test_b02_a_limit_rests_and_fills_at_its_price_when_the_market_comes(stage: Stage) -> None:
    broker = stage.open_broker()
    request = a_limit(stage, Side.BUY, "95")
    resting = await broker.submit_order(request)
    assert (resting.status, resting.filled_quantity) == (OrderStatus.ACCEPTED, Decimal(0))
    await stage.set_price("94")
    filled = await look_up(broker, request)
    assert (filled.status, filled.average_fill_price) == (OrderStatus.FILLED, Decimal(95))


async def test_b03_a_limit_that_crosses_on_arrival_gets_the_better_price(stage: Stage) -> None:
    report = await stage.open_broker().submit_order(a_limit(stage, Side.BUY, "104"))
    assert (report.status, report.average_fill_price) == (OrderStatus.FILLED, Decimal("100.01"))


async def test_b04_a_partial_fill_is_reported_and_the_rest_fills_on_the_next_quote(stage: Stage) -> None:
    stage.fill_next_partly()
    broker = stage.open_broker()
    # Priced, because what a market order cannot get at once is gone at some venues.
    request = a_limit(stage, Side.BUY, "100.01")
    first = await broker.submit_order(request)
    assert (first.status, first.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, Decimal("0.5"))
    assert first.open_quantity == Decimal("0.5")
    await stage.requote()
    last = await look_up(broker, request)
    assert (last.status, last.filled_quantity) == (OrderStatus.FILLED, Decimal(1))
    assert len(last.fills) == 2


async def test_b05_a_stop_rests_until_the_bid_reaches_it_and_then_sells_at_market(stage: Stage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage, "2")
    request = a_stop(stage, Side.SELL, "90", quantity=quantity)
    assert (await broker.submit_order(request)).status is OrderStatus.ACCEPTED
    await stage.set_price("91")
    assert (await look_up(broker, request)).status is OrderStatus.ACCEPTED
    await stage.set_price("89")
    triggered = await look_up(broker, request)
    assert (triggered.status, triggered.average_fill_price) == (OrderStatus.FILLED, Decimal("88.99"))


async def test_b06_a_stop_whose_price_has_passed_is_refused(stage: Stage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage, "1")
    late = a_stop(stage, Side.SELL, "101", quantity=quantity)
    if offers(stage, "passed stop"):
        assert await refusal_code(broker, late) == "STOP_ALREADY_PASSED"
    else:
        met = await broker.submit_order(late)
        assert (met.status, met.average_fill_price) == (OrderStatus.FILLED, Decimal("99.99"))


@LINKED
async def test_b07_a_target_fill_takes_its_quantity_off_the_linked_stop(stage: Stage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage, "3")
    half = (quantity / 2).quantize(Decimal("0.001"), rounding="ROUND_DOWN")
    stop = a_stop(stage, Side.SELL, "90", quantity=quantity, link_group="trade")
    target = a_limit(stage, Side.SELL, "110", quantity=half, link_group="trade")
    last_target = a_limit(stage, Side.SELL, "120", quantity=quantity - half, link_group="trade")
    for request in (stop, target, last_target):
        assert (await broker.submit_order(request)).status is OrderStatus.ACCEPTED
    await stage.set_price("111")
    assert (await look_up(broker, target)).status is OrderStatus.FILLED
    covered = await look_up(broker, stop)
    assert (covered.status, covered.open_quantity) == (OrderStatus.ACCEPTED, quantity - half)
    assert (await look_up(broker, last_target)).open_quantity == quantity - half


@LINKED
async def test_b08_a_stop_fill_cancels_the_linked_targets(stage: Stage) -> None:
    broker = stage.open_broker()
    before = await held(broker, stage)
    quantity = await bought(broker, stage, "1")
    rest = await held(broker, stage) - quantity
    stop = a_stop(stage, Side.SELL, "90", quantity=quantity, link_group="trade")
    target = a_limit(stage, Side.SELL, "110", quantity=quantity, link_group="trade")
    await broker.submit_order(stop)
    await broker.submit_order(target)
    await stage.set_price("89")
    assert (await look_up(broker, stop)).status is OrderStatus.FILLED
    canceled = await look_up(broker, target)
    assert (canceled.status, canceled.open_quantity) == (OrderStatus.CANCELED, Decimal(0))
    assert await held(broker, stage) == before + rest
    await stage.set_price("111")
    assert (await look_up(broker, target)).filled_quantity == 0


async def test_b09_a_cancel_frees_what_the_order_held(stage: Stage) -> None:
    broker = stage.open_broker()
    request = a_limit(stage, Side.BUY, "50", quantity=Decimal(100))
    await broker.submit_order(request)
    (cash,) = [balance for balance in await broker.fetch_balances() if balance.asset == money_of(stage)]
    assert cash.free <= CASH - 5000
    report = await broker.cancel_order(lookup_of(request))
    assert isinstance(report, OrderReport)
    assert report.status is OrderStatus.CANCELED
    (cash,) = [balance for balance in await broker.fetch_balances() if balance.asset == money_of(stage)]
    assert (cash.total, cash.free) == (CASH, CASH)


async def test_b10_a_second_cancel_reports_the_same_end(stage: Stage) -> None:
    broker = stage.open_broker()
    request = a_limit(stage, Side.BUY, "50")
    await broker.submit_order(request)
    first = await broker.cancel_order(lookup_of(request))
    second = await broker.cancel_order(lookup_of(request))
    assert isinstance(first, OrderReport)
    assert isinstance(second, OrderReport)
    assert first.status is second.status is OrderStatus.CANCELED


async def test_b11_a_cancel_of_a_filled_order_reports_the_fill(stage: Stage) -> None:
    broker = stage.open_broker()
    request = an_order(stage)
    await broker.submit_order(request)
    report = await broker.cancel_order(lookup_of(request))
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled_quantity) == (OrderStatus.FILLED, Decimal(1))


async def test_b12_a_cancel_of_an_unknown_order_is_not_found(stage: Stage) -> None:
    assert isinstance(await stage.open_broker().cancel_order(lookup_of(an_order(stage))), NotFound)


async def test_b13_the_id_of_an_open_order_is_refused_as_a_duplicate(stage: Stage) -> None:
    broker = stage.open_broker()
    request = a_limit(stage, Side.BUY, "50")
    await broker.submit_order(request)
    with pytest.raises(DuplicateOrderId):
        await broker.submit_order(request)
    assert len(await broker.fetch_open_orders()) == 1


@FREED
async def test_b14_the_id_of_a_filled_order_may_come_again_and_the_newest_is_found(stage: Stage) -> None:
    broker = stage.open_broker()
    request = an_order(stage)
    first = await broker.submit_order(request)
    second = await broker.submit_order(request)
    assert first.venue_order_id != second.venue_order_id
    assert (await look_up(broker, request)).venue_order_id == second.venue_order_id


async def test_b15_an_order_is_found_by_its_client_order_id_alone_on_both_endpoints(stage: Stage) -> None:
    broker = stage.open_broker()
    began = utc_now() - A_MINUTE
    request = an_order(stage)
    sent = await broker.submit_order(request)
    found = await look_up(stage.open_broker(), request)
    listed = await broker.fetch_orders_since(stage.symbol, began)
    assert [order.venue_order_id for order in listed] == [sent.venue_order_id] == [found.venue_order_id]
    assert listed[0].status is found.status is OrderStatus.FILLED
    assert found.fills == sent.fills


async def test_b16_what_was_never_sent_is_not_found_by_either_endpoint(stage: Stage) -> None:
    broker = stage.open_broker()
    await broker.submit_order(an_order(stage))
    unsent = an_order(stage)
    assert isinstance(await broker.fetch_order(lookup_of(unsent)), NotFound)
    listed = await broker.fetch_orders_since(stage.symbol, utc_now() - A_MINUTE)
    assert unsent.client_order_id not in {order.client_order_id for order in listed}


async def test_b17_fills_are_unique_and_add_up_to_what_the_orders_filled(stage: Stage) -> None:
    stage.fill_next_partly()
    broker = stage.open_broker()
    requests = [a_limit(stage, Side.BUY, "100.01", quantity=Decimal(quantity)) for quantity in (1, 2, 3)]
    for request in requests:
        await broker.submit_order(request)
    await stage.requote()
    fills = await broker.fetch_fills(stage.symbol, utc_now() - A_MINUTE)
    assert len({(fill.venue_order_id, fill.venue_fill_id) for fill in fills}) == len(fills) >= 4
    assert sum(fill.quantity for fill in fills) == 6
    for request in requests:
        order = await look_up(broker, request)
        # Not every venue tells our id with a fill, but each tells its own.
        own = [fill.quantity for fill in fills if fill.venue_order_id == order.venue_order_id]
        assert sum(own) == order.filled_quantity == request.quantity
        assert {fill.client_order_id for fill in order.fills} == {request.client_order_id}


async def test_b18_balances_orders_and_fills_survive_a_restart(stage: Stage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage, "2")
    stop = a_stop(stage, Side.SELL, "90", quantity=quantity)
    await broker.submit_order(stop)
    balances = list(await broker.fetch_balances())
    await stage.restart()
    again = stage.open_broker()
    assert list(await again.fetch_balances()) == balances
    assert [order.client_order_id for order in await again.fetch_open_orders()] == [stop.client_order_id]
    await stage.set_price("89")
    assert (await look_up(again, stop)).status is OrderStatus.FILLED


async def test_b19_an_order_beyond_the_cash_is_refused(stage: Stage) -> None:
    broker = stage.open_broker()
    assert await refusal_code(broker, an_order(stage, quantity=Decimal(101))) == "INSUFFICIENT_FUNDS"
    assert await refusal_code(broker, a_limit(stage, Side.BUY, "99", quantity=Decimal(102))) == (
        "INSUFFICIENT_FUNDS"
    )
    (cash,) = [balance for balance in await broker.fetch_balances() if balance.asset == money_of(stage)]
    assert (cash.total, cash.free) == (CASH, CASH)


async def test_b20_a_sell_without_a_position_and_one_beyond_it_are_refused(stage: Stage) -> None:
    broker = stage.open_broker()
    if stage.shorts:
        # What only reduces is refused there, and a position that exits share is not held by any of them.
        exit_without = an_order(stage, side=Side.SELL, reduce_only=True)
        assert await refusal_code(broker, exit_without) == "REDUCE_ONLY_REFUSED"
        assert isinstance(await broker.fetch_order(lookup_of(exit_without)), NotFound)
        return
    assert await refusal_code(broker, an_order(stage, side=Side.SELL)) == "SHORT_NOT_POSSIBLE"
    quantity = await bought(broker, stage, "1")
    await broker.submit_order(a_stop(stage, Side.SELL, "90", quantity=quantity))
    again = an_order(stage, side=Side.SELL, quantity=quantity, reduce_only=True)
    if not offers(stage, "held stop"):
        # Two resting sales cannot hold the same.
        await broker.submit_order(a_limit(stage, Side.SELL, "110", quantity=quantity))
    assert await refusal_code(broker, again) == "INSUFFICIENT_FUNDS"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "NOPE/USDT"}, "UNKNOWN_SYMBOL"),
        ({"quantity": Decimal("0.001")}, "BELOW_MINIMUM_NOTIONAL"),
        ({"quantity": Decimal("1.0005")}, "INVALID_LOT"),
        ({"quantity": Decimal(0)}, "INVALID_ORDER"),
        ({"limit_price": Decimal(100)}, "INVALID_ORDER"),
    ],
)
async def test_b21_an_order_against_the_rules_is_refused_by_name(
    stage: Stage, changes: dict[str, object], code: str
) -> None:
    assert await refusal_code(stage.open_broker(), an_order(stage, **changes)) == code


async def test_b22_a_price_between_ticks_is_refused(stage: Stage) -> None:
    assert await refusal_code(stage.open_broker(), a_limit(stage, Side.BUY, "99.005")) == "INVALID_TICK"


async def test_b23_an_order_that_arrives_after_its_time_is_refused_and_not_found(stage: Stage) -> None:
    broker = stage.open_broker()
    late = an_order(stage, send_before=utc_now() - timedelta(seconds=1))
    assert await refusal_code(broker, late) == "EXPIRED_BEFORE_ARRIVAL"
    assert isinstance(await broker.fetch_order(lookup_of(late)), NotFound)


async def test_b24_an_immediate_order_fills_what_it_can_and_never_rests(stage: Stage) -> None:
    broker = stage.open_broker()
    request = a_limit(stage, Side.BUY, "95", time_in_force=TimeInForce.IOC)
    report = await broker.submit_order(request)
    # Who ended it is the venue's choice of words; that it has ended is not.
    assert report.status in {OrderStatus.CANCELED, OrderStatus.EXPIRED}
    assert (report.filled_quantity, report.open_quantity) == (Decimal(0), Decimal(0))
    assert list(await broker.fetch_open_orders()) == []


async def test_b25_after_the_send_window_nothing_is_sent(stage: Stage) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    with sending_until(time.monotonic() - 0.001), pytest.raises(RetryableError, match="SEND_WINDOW_CLOSED"):
        await broker.submit_order(request)
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
