"""Contract cards in Coinbase's own way: one exit rests, ids are used once, fees are dollars; and what each call costs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.brokers.base import Broker
from shared.brokers.ccxt.coinbase_broker import CoinbaseBroker
from shared.brokers.factory import Credentials
from shared.brokers.rows.coinbase import LIMITS
from shared.brokers.weights import Call
from shared.domain.cover import CoverStyle
from shared.domain.errors import DuplicateOrderId, PermanentError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.coinbase_stage import FEE, CoinbaseStage
from tests.integration.brokers.stages import CASH, a_limit, a_stop, an_order, lookup_of, take_number, utc_now

Asking = Callable[[CoinbaseBroker, OrderLookup], Awaitable[object]]


@pytest.fixture(params=["coinbase"])
def stage(request: pytest.FixtureRequest) -> CoinbaseStage:
    found: CoinbaseStage = request.getfixturevalue(f"{request.param}_stage")
    return found


async def look_up(broker: Broker, request: OrderRequest) -> OrderReport:
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport)
    return found


async def refusal_code(broker: Broker, request: OrderRequest) -> str:
    with pytest.raises(PermanentError) as refused:
        await broker.submit_order(request)
    return refused.value.code


async def balance(broker: Broker, asset: str) -> tuple[Decimal, Decimal]:
    """What is held of an asset, and how much of that is free."""
    found = [held for held in await broker.fetch_balances() if held.asset == asset]
    return (found[0].total, found[0].free) if found else (Decimal(0), Decimal(0))


async def test_b01_what_is_bought_is_received_in_whole_and_the_fee_is_paid_in_dollars(
    stage: CoinbaseStage,
) -> None:
    broker = stage.open_broker()
    report = await broker.submit_order(an_order(stage, quantity=Decimal(2)))
    (fill,) = report.fills
    assert (fill.commission, fill.commission_asset) == (FEE * 2 * Decimal("100.01"), "USD")
    assert await balance(broker, stage.asset) == (Decimal(2), Decimal(2))
    spent = 2 * Decimal("100.01") + fill.commission
    assert await balance(broker, "USD") == (CASH - spent, CASH - spent)


async def test_b05_a_stop_that_the_market_jumps_over_rests_as_a_limit(stage: CoinbaseStage) -> None:
    broker = stage.open_broker()
    await broker.submit_order(an_order(stage))
    stop = a_stop(stage, Side.SELL, "90", reduce_only=True)
    await broker.submit_order(stop)
    # Its limit is 88.20: what trades below that is not sold at, and whoever watches it must do so otherwise.
    await stage.set_price("85")
    assert (await look_up(broker, stop)).status is OrderStatus.ACCEPTED
    await stage.set_price("88.21")
    assert (await look_up(broker, stop)).status is OrderStatus.FILLED


async def test_b07_a_stop_holds_its_quantity_and_no_target_can_rest_beside_it(stage: CoinbaseStage) -> None:
    assert stage.row.cover is CoverStyle.SINGLE
    broker = stage.open_broker()
    await broker.submit_order(an_order(stage))
    await broker.submit_order(a_stop(stage, Side.SELL, "90", link_group="trade", reduce_only=True))
    target = a_limit(stage, Side.SELL, "110", link_group="trade", reduce_only=True)
    assert await refusal_code(broker, target) == "INSUFFICIENT_FUNDS"
    assert await balance(broker, stage.asset) == (Decimal(1), Decimal(0))


async def test_b08_what_a_stop_held_is_free_for_a_target_once_it_is_cancelled(stage: CoinbaseStage) -> None:
    broker = stage.open_broker()
    await broker.submit_order(an_order(stage))
    stop = a_stop(stage, Side.SELL, "90", link_group="trade", reduce_only=True)
    await broker.submit_order(stop)
    await broker.cancel_order(lookup_of(stop))
    target = a_limit(stage, Side.SELL, "110", link_group="trade", reduce_only=True)
    assert (await broker.submit_order(target)).status is OrderStatus.ACCEPTED


async def test_b14_the_id_of_an_order_that_has_ended_is_a_duplicate_too(stage: CoinbaseStage) -> None:
    assert stage.row.client_id_unique_for_good
    broker = stage.open_broker()
    for request in (an_order(stage), a_limit(stage, Side.BUY, "50")):
        first = await broker.submit_order(request)
        await broker.cancel_order(lookup_of(request))
        with pytest.raises(DuplicateOrderId):
            await broker.submit_order(request)
        assert (await look_up(broker, request)).venue_order_id == first.venue_order_id
        # The venue said that it took both.
        assert stage.counted(request) == (2, 1)


async def test_an_old_order_is_told_by_a_process_that_did_not_send_it(stage: CoinbaseStage) -> None:
    request = a_limit(stage, Side.BUY, "50")
    await stage.open_broker().submit_order(request)
    another = CoinbaseStage(stage.process)
    broker = another.open_broker(credentials=Credentials(stage.key, stage.secret))
    with pytest.raises(DuplicateOrderId):
        await broker.submit_order(request)
    await another.close()
    assert stage.counted(request) == (2, 1)


async def test_an_id_that_was_used_for_another_product_is_not_taken_as_an_order_for_this_one(
    stage: CoinbaseStage,
) -> None:
    broker, elsewhere = stage.open_broker(), f"S{take_number():03d}/USD"
    request = an_order(stage, symbol=elsewhere)
    stage.control.set_price(elsewhere, "100")
    await broker.submit_order(request)
    again = an_order(stage, client_order_id=request.client_order_id)
    with pytest.raises(Exception, match="UNREADABLE_ANSWER"):
        await broker.submit_order(again)
    assert await balance(broker, stage.asset) == (Decimal(0), Decimal(0))


async def test_a_hundred_new_orders_of_several_accounts_at_once_are_none_of_them_taken_for_old(
    stage: CoinbaseStage,
) -> None:
    others = [CoinbaseStage(stage.process) for _ in range(4)]
    # One adapter for all of them, as in a worker: they share the clock.
    brokers = [stage.open_broker(credentials=Credentials(other.key, other.secret)) for other in others]
    requests = [a_limit(other, Side.BUY, "50") for other in others for _ in range(25)]
    reports = await asyncio.gather(
        *(brokers[number // 25].submit_order(request) for number, request in enumerate(requests))
    )
    assert {report.status for report in reports} == {OrderStatus.ACCEPTED}
    for other in others:
        await other.close()


async def test_b24_what_an_immediate_limit_could_not_get_is_cancelled_by_the_venue(
    stage: CoinbaseStage,
) -> None:
    stage.fill_next_partly()
    broker = stage.open_broker()
    report = await broker.submit_order(
        a_limit(stage, Side.BUY, "101", quantity=Decimal(2), time_in_force=TimeInForce.IOC)
    )
    assert (report.status, report.code) == (OrderStatus.CANCELED, "IMMEDIATE_ONLY")
    assert (report.filled_quantity, report.open_quantity) == (Decimal(1), Decimal(0))
    assert sum(fill.quantity for fill in report.fills) == 1


@pytest.mark.parametrize(
    ("calls", "ask"),
    [
        ((Call.CANCEL,), lambda broker, order: broker.cancel_order(order)),
        ((Call.ORDER,), lambda broker, order: broker.fetch_order(OrderLookup(order.client_order_id, order.symbol))),
        ((Call.OPEN_ORDERS,), lambda broker, order: broker.fetch_open_orders()),
        ((Call.OPEN_ORDERS_OF_SYMBOL,), lambda broker, order: broker.fetch_open_orders(order.symbol)),
        (
            (Call.ORDERS_SINCE, Call.OPEN_ORDERS_OF_SYMBOL),
            lambda broker, order: broker.fetch_orders_since(order.symbol, utc_now() - timedelta(minutes=1)),
        ),
        ((Call.FILLS,), lambda broker, order: broker.fetch_fills(order.symbol, utc_now() - timedelta(minutes=1))),
        ((Call.BALANCES,), lambda broker, order: broker.fetch_balances()),
        ((Call.KEY_RIGHTS,), lambda broker, order: broker.fetch_key_rights()),
    ],
    ids=lambda calls: "+".join(calls) if isinstance(calls, tuple) else "",
)  # fmt: skip
async def test_a_question_costs_what_its_row_says(
    stage: CoinbaseStage, calls: tuple[Call, ...], ask: Asking
) -> None:
    broker, request = stage.open_broker(), a_limit(stage, Side.BUY, "50")
    placed = await broker.submit_order(request)
    lookup = OrderLookup(request.client_order_id, request.symbol, placed.venue_order_id)
    before = stage.control.usage()["requests"]
    await ask(broker, lookup)
    assert stage.control.usage()["requests"] - before == sum(LIMITS.weights[call] for call in calls)


async def test_an_order_costs_what_its_row_says_and_its_executions_besides(stage: CoinbaseStage) -> None:
    broker = stage.open_broker()
    await broker.fetch_balances()  # the venue's time is known by now
    before = stage.control.usage()["requests"]
    await broker.submit_order(a_limit(stage, Side.BUY, "50"))
    assert stage.control.usage()["requests"] - before == LIMITS.weights[Call.SUBMIT]
    before = stage.control.usage()["requests"]
    await broker.submit_order(an_order(stage))
    spent = LIMITS.weights[Call.SUBMIT] + LIMITS.weights[Call.FILLS_OF_ORDER]
    assert stage.control.usage()["requests"] - before == spent
