"""Contract cards for Alpaca: stocks whole and in parts, crypto and options, each by what its row says.

The numbers are those of `test_contract`. b07 and b08 are about linked exits, which Alpaca does not have for orders
that are sent one by one: the cards say what holds instead.
"""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest

from shared.brokers.base import Broker, NotFound
from shared.brokers.gate import sending_until
from shared.domain.errors import DuplicateOrderId, PermanentError, RetryableError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderRequest, TimeInForce
from shared.domain.signals import Side
from tests.emulators.alpaca.control import AlpacaProcess
from tests.integration.brokers.alpaca_stage import KINDS, AlpacaStage, a_limit, a_stop, an_order
from tests.integration.brokers.offered import NOT_OFFERED
from tests.integration.brokers.stages import lookup_of, utc_now

A_MINUTE = timedelta(minutes=1)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
async def stage(request: pytest.FixtureRequest, alpaca_process: AlpacaProcess) -> AsyncIterator[AlpacaStage]:
    stage = AlpacaStage(alpaca_process, request.param)
    yield stage
    await stage.close()


async def look_up(broker: Broker, request: OrderRequest) -> OrderReport:
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport)
    return found


async def balance(broker: Broker, asset: str) -> tuple[Decimal, Decimal]:
    """Total and free of an asset."""
    found = {item.asset: (item.total, item.free) for item in await broker.fetch_balances()}
    return found.get(asset, (Decimal(0), Decimal(0)))


async def refusal_code(broker: Broker, request: OrderRequest) -> str:
    with pytest.raises(PermanentError) as refused:
        await broker.submit_order(request)
    return refused.value.code


async def bought(broker: Broker, stage: AlpacaStage, units: int = 1) -> Decimal:
    """Buy, and return what can be sold again: crypto's commission is taken from what is received."""
    await broker.submit_order(an_order(stage, quantity=units * stage.kind.unit))
    total, _ = await balance(broker, stage.asset)
    if stage.kind.fee:
        return total.quantize(Decimal("0.001"), rounding=ROUND_DOWN)
    return total


async def is_refused_here(stage: AlpacaStage, broker: Broker, what: str, request: OrderRequest) -> bool:
    """Where a venue does not offer something, show that it is refused by the code that the table names."""
    if (stage.kind.name, what) not in NOT_OFFERED:
        return False
    code, _ = NOT_OFFERED[stage.kind.name, what]
    assert await refusal_code(broker, request) == code
    assert stage.counted(request) == (0, 0)
    return True


async def test_b01_a_market_buy_fills_at_the_ask(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    report = await broker.submit_order(request)
    assert report.status is OrderStatus.FILLED
    assert (report.client_order_id, report.symbol) == (request.client_order_id, stage.symbol)
    assert (report.filled_quantity, report.average_fill_price) == (stage.kind.unit, Decimal("100.01"))
    assert report.open_quantity == 0
    (fill,) = report.fills
    assert (fill.quantity, fill.side) == (stage.kind.unit, Side.BUY)
    assert fill.commission == stage.kind.fee * stage.kind.unit
    assert fill.commission_asset == (stage.asset if stage.kind.fee else "USD")
    # What our fills say is held is what the venue says.
    assert await balance(broker, stage.asset) == (fill.quantity - fill.commission,) * 2


async def test_b02_a_limit_rests_and_fills_at_its_price_when_the_market_comes(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), a_limit(stage, Side.BUY, "95")
    resting = await broker.submit_order(request)
    assert (resting.status, resting.filled_quantity) == (OrderStatus.ACCEPTED, Decimal(0))
    stage.set_price("94")
    filled = await look_up(broker, request)
    assert (filled.status, filled.average_fill_price) == (OrderStatus.FILLED, Decimal(95))


async def test_b03_a_limit_that_crosses_on_arrival_gets_the_better_price(stage: AlpacaStage) -> None:
    # The venue holds a purchase's cash at its limit.
    report = await stage.open_broker().submit_order(
        a_limit(stage, Side.BUY, "120", quantity=stage.kind.unit * 2)
    )
    assert (report.status, report.average_fill_price) == (OrderStatus.FILLED, Decimal("100.01"))


async def test_b04_a_partial_fill_is_reported_and_the_rest_fills_on_the_next_quote(
    stage: AlpacaStage,
) -> None:
    stage.control.fill_partly("0.5", stage.symbol)
    broker = stage.open_broker()
    request = a_limit(stage, Side.BUY, "100.01", quantity=stage.kind.unit * 2)
    first = await broker.submit_order(request)
    assert (first.status, first.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, stage.kind.unit)
    assert first.open_quantity == stage.kind.unit
    stage.control.tick(stage.symbol)
    last = await look_up(broker, request)
    assert (last.status, last.filled_quantity) == (OrderStatus.FILLED, stage.kind.unit * 2)
    assert len(last.fills) == 2


async def test_b05_a_stop_rests_until_the_bid_reaches_it_and_then_sells(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage)
    request = a_stop(stage, Side.SELL, "90", quantity=quantity, reduce_only=True)
    if await is_refused_here(stage, broker, "stop", request):
        return
    assert (await broker.submit_order(request)).status is OrderStatus.ACCEPTED
    stage.set_price("91")
    assert (await look_up(broker, request)).status is OrderStatus.ACCEPTED
    stage.set_price("89")
    triggered = await look_up(broker, request)
    assert (triggered.status, triggered.average_fill_price) == (OrderStatus.FILLED, Decimal("88.99"))


async def test_b06_a_stop_whose_price_has_passed_is_refused(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage)
    late = a_stop(stage, Side.SELL, "101", quantity=quantity)
    if not await is_refused_here(stage, broker, "stop", late):
        assert await refusal_code(broker, late) == "STOP_ALREADY_PASSED"


async def test_b07_a_stop_holds_its_quantity_and_no_target_can_rest_beside_it(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage)
    stop = a_stop(stage, Side.SELL, "90", quantity=quantity, link_group="trade", reduce_only=True)
    if await is_refused_here(stage, broker, "stop", stop):
        return
    await broker.submit_order(stop)
    target = a_limit(stage, Side.SELL, "110", quantity=quantity, link_group="trade", reduce_only=True)
    assert await refusal_code(broker, target) == "INSUFFICIENT_FUNDS"
    _, free = await balance(broker, stage.asset)
    assert free < quantity


async def test_b08_what_a_stop_held_is_free_for_a_target_once_it_is_cancelled(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage)
    stop = a_stop(stage, Side.SELL, "90", quantity=quantity, link_group="trade", reduce_only=True)
    if await is_refused_here(stage, broker, "stop", stop):
        return
    await broker.submit_order(stop)
    await broker.cancel_order(lookup_of(stop))
    target = a_limit(stage, Side.SELL, "110", quantity=quantity, link_group="trade", reduce_only=True)
    assert (await broker.submit_order(target)).status is OrderStatus.ACCEPTED


async def test_b09_a_cancel_frees_what_the_order_held(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    request = a_limit(stage, Side.BUY, "50", quantity=stage.kind.unit * 100)
    await broker.submit_order(request)
    total, free = await balance(broker, "USD")
    assert (total, free) == (stage.cash, stage.cash - 5000 * stage.kind.unit * stage.kind.units)
    report = await broker.cancel_order(lookup_of(request))
    assert isinstance(report, OrderReport)
    assert (report.status, report.code) == (OrderStatus.CANCELED, "CANCELED_BY_REQUEST")
    assert await balance(broker, "USD") == (stage.cash, stage.cash)


async def test_b10_a_second_cancel_reports_the_same_end(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), a_limit(stage, Side.BUY, "50")
    await broker.submit_order(request)
    first = await broker.cancel_order(lookup_of(request))
    second = await broker.cancel_order(lookup_of(request))
    assert isinstance(first, OrderReport)
    assert isinstance(second, OrderReport)
    assert first.status is second.status is OrderStatus.CANCELED


async def test_b11_a_cancel_of_a_filled_order_reports_the_fill(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    await broker.submit_order(request)
    report = await broker.cancel_order(lookup_of(request))
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled_quantity) == (OrderStatus.FILLED, stage.kind.unit)


async def test_b12_a_cancel_of_an_unknown_order_is_not_found(stage: AlpacaStage) -> None:
    assert isinstance(await stage.open_broker().cancel_order(lookup_of(an_order(stage))), NotFound)


async def test_b13_the_id_of_an_open_order_is_refused_as_a_duplicate(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), a_limit(stage, Side.BUY, "50")
    await broker.submit_order(request)
    with pytest.raises(DuplicateOrderId):
        await broker.submit_order(request)
    assert len(await broker.fetch_open_orders()) == 1


async def test_b14_the_id_of_an_order_that_has_ended_is_a_duplicate_too(stage: AlpacaStage) -> None:
    assert stage.row.client_id_unique_for_good
    broker = stage.open_broker()
    filled, canceled = an_order(stage), a_limit(stage, Side.BUY, "50")
    for request in (filled, canceled):
        first = await broker.submit_order(request)
        await broker.cancel_order(lookup_of(request))
        with pytest.raises(DuplicateOrderId):
            await broker.submit_order(request)
        assert (await look_up(broker, request)).venue_order_id == first.venue_order_id
        assert stage.counted(request) == (2, 1)


async def test_b15_an_order_is_found_by_its_client_order_id_alone_on_both_endpoints(
    stage: AlpacaStage,
) -> None:
    broker, request, began = stage.open_broker(), an_order(stage), utc_now() - A_MINUTE
    sent = await broker.submit_order(request)
    found = await look_up(stage.open_broker(), request)
    listed = await broker.fetch_orders_since(stage.symbol, began)
    assert [order.venue_order_id for order in listed] == [sent.venue_order_id] == [found.venue_order_id]
    assert listed[0].status is found.status is OrderStatus.FILLED
    assert found.fills == sent.fills


async def test_b16_what_was_never_sent_is_not_found_by_either_endpoint(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    await broker.submit_order(an_order(stage))
    unsent = an_order(stage)
    assert isinstance(await broker.fetch_order(lookup_of(unsent)), NotFound)
    listed = await broker.fetch_orders_since(stage.symbol, utc_now() - A_MINUTE)
    assert unsent.client_order_id not in {order.client_order_id for order in listed}


async def test_b17_fills_are_unique_and_add_up_to_what_the_orders_filled(stage: AlpacaStage) -> None:
    stage.control.fill_partly("0.5", stage.symbol)
    broker = stage.open_broker()
    requests = [a_limit(stage, Side.BUY, "100.01", quantity=stage.kind.unit * units) for units in (2, 1, 3)]
    for request in requests:
        await broker.submit_order(request)
    stage.control.tick(stage.symbol)
    fills = await broker.fetch_fills(stage.symbol, utc_now() - A_MINUTE)
    assert len({(fill.venue_order_id, fill.venue_fill_id) for fill in fills}) == len(fills) == 4
    assert sum(fill.quantity for fill in fills) == 6 * stage.kind.unit
    for request in requests:
        order = await look_up(broker, request)
        own = [fill.quantity for fill in fills if fill.venue_order_id == order.venue_order_id]
        assert sum(own) == order.filled_quantity == request.quantity
        assert {fill.client_order_id for fill in order.fills} == {request.client_order_id}


async def test_b18_balances_orders_and_fills_survive_a_restart(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    quantity = await bought(broker, stage)
    # What rests on an option is a limit.
    exits = a_limit(stage, Side.SELL, "110", quantity=quantity, reduce_only=True)
    await broker.submit_order(exits)
    balances = list(await broker.fetch_balances())
    stage.process.restart()
    again = stage.open_broker()
    assert list(await again.fetch_balances()) == balances
    assert [order.client_order_id for order in await again.fetch_open_orders()] == [exits.client_order_id]
    stage.set_price("111")
    assert (await look_up(again, exits)).status is OrderStatus.FILLED


async def test_b19_an_order_beyond_the_cash_is_refused(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    dear = an_order(stage, quantity=stage.kind.unit + 101)
    assert await refusal_code(broker, dear) == "INSUFFICIENT_FUNDS"
    priced = a_limit(stage, Side.BUY, "99", quantity=stage.kind.unit + 102)
    assert await refusal_code(broker, priced) == "INSUFFICIENT_FUNDS"
    assert await balance(broker, "USD") == (stage.cash, stage.cash)


async def test_b20_a_sell_without_a_position_and_one_beyond_it_are_refused(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    assert await refusal_code(broker, an_order(stage, side=Side.SELL)) == "SHORT_NOT_POSSIBLE"
    quantity = await bought(broker, stage)
    await broker.submit_order(a_limit(stage, Side.SELL, "110", quantity=quantity, reduce_only=True))
    again = an_order(stage, side=Side.SELL, quantity=quantity, reduce_only=True)
    assert await refusal_code(broker, again) == "INSUFFICIENT_FUNDS"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "NOPE"}, "UNKNOWN_SYMBOL"),
        ({"symbol": "NOPE/USD", "time_in_force": TimeInForce.GTC}, "UNKNOWN_SYMBOL"),
        ({"quantity": Decimal(0)}, "INVALID_ORDER"),
        ({"limit_price": Decimal(100)}, "INVALID_ORDER"),
    ],
)
async def test_b21_an_order_against_the_rules_is_refused_by_name(
    stage: AlpacaStage, changes: dict[str, Any], code: str
) -> None:
    broker = stage.open_broker()
    assert await refusal_code(broker, an_order(stage, **changes)) == code


async def test_b21_a_quantity_that_is_not_traded_is_refused(stage: AlpacaStage) -> None:
    broker = stage.open_broker()
    assert await refusal_code(broker, an_order(stage, quantity=stage.kind.off_lot)) == "INVALID_LOT"


async def test_b21_an_order_below_the_least_value_is_refused(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), an_order(stage, quantity=stage.kind.tiny)
    if (stage.kind.name, "minimum") in NOT_OFFERED:
        stage.set_price("0.02")
        assert (await broker.submit_order(request)).status is OrderStatus.FILLED
    else:
        assert await refusal_code(broker, request) == "BELOW_MINIMUM_NOTIONAL"


async def test_b22_a_price_between_ticks_is_refused(stage: AlpacaStage) -> None:
    assert await refusal_code(stage.open_broker(), a_limit(stage, Side.BUY, "99.005")) == "INVALID_TICK"


async def test_b23_an_order_that_would_come_after_its_time_is_not_sent(stage: AlpacaStage) -> None:
    # The venue takes no expiry, so the adapter is the last who can look.
    assert (stage.row.takes_expiry, stage.row.resolve_after_seconds) == (False, 120)
    broker, late = stage.open_broker(), an_order(stage, send_before=utc_now() - timedelta(seconds=1))
    assert await refusal_code(broker, late) == "EXPIRED_BEFORE_ARRIVAL"
    assert stage.counted(late) == (0, 0)
    assert isinstance(await broker.fetch_order(lookup_of(late)), NotFound)


async def test_b24_an_immediate_order_fills_what_it_can_and_never_rests(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), a_limit(stage, Side.BUY, "95", time_in_force=TimeInForce.IOC)
    if await is_refused_here(stage, broker, "ioc", request):
        return
    report = await broker.submit_order(request)
    assert (report.status, report.code) == (OrderStatus.CANCELED, "IMMEDIATE_ONLY")
    assert (report.filled_quantity, report.open_quantity) == (Decimal(0), Decimal(0))
    assert list(await broker.fetch_open_orders()) == []


async def test_b25_after_the_send_window_nothing_is_sent(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    with sending_until(time.monotonic() - 0.001), pytest.raises(RetryableError, match="SEND_WINDOW_CLOSED"):
        await broker.submit_order(request)
    assert stage.counted(request) == (0, 0)
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
