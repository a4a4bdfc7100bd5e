"""Contract cards of venues that pair a stop with a target, and of those that replace an order in one write."""

import uuid
from decimal import Decimal

import pytest

from shared.brokers.base import KeyedBroker, NotFound, PairingBroker, ReplacingBroker
from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.domain.errors import DuplicateOrderId, PermanentError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderPair, OrderReport, OrderRequest
from shared.domain.signals import Side
from tests.integration.brokers.stages import BinanceStage, a_limit, a_stop, an_order, lookup_of


@pytest.fixture(params=["binance"])
def paired_stage(request: pytest.FixtureRequest) -> BinanceStage:
    """A venue of which both kinds of cards are true, with two units bought."""
    found: BinanceStage = request.getfixturevalue(f"{request.param}_stage")
    return found


async def look_up(broker: BinanceBroker, request: OrderRequest) -> OrderReport:
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport)
    return found


async def base_of(broker: BinanceBroker, stage: BinanceStage) -> tuple[Decimal, Decimal]:
    base = stage.symbol.partition("/")[0]
    held = {balance.asset: (balance.total, balance.free) for balance in await broker.fetch_balances()}
    return held.get(base, (Decimal(0), Decimal(0)))


async def holding(stage: BinanceStage) -> BinanceBroker:
    broker = stage.open_broker()
    await broker.submit_order(an_order(stage, quantity=Decimal(3)))
    return broker


def a_pair(stage: BinanceStage, stop: str = "90", target: str = "110") -> OrderPair:
    common = {"quantity": Decimal(2), "reduce_only": True}
    return OrderPair(
        uuid.uuid4().hex,
        a_stop(stage, Side.SELL, stop, **common),
        a_limit(stage, Side.SELL, target, **common),
    )


def test_a_broker_of_such_a_venue_keeps_all_three_protocols(paired_stage: BinanceStage) -> None:
    broker = paired_stage.open_broker()
    assert isinstance(broker, PairingBroker)
    assert isinstance(broker, ReplacingBroker)
    assert isinstance(broker, KeyedBroker)


async def test_b50_a_pair_rests_whole_and_holds_its_quantity_once(paired_stage: BinanceStage) -> None:
    broker = await holding(paired_stage)
    pair = a_pair(paired_stage)
    stop, target = await broker.submit_pair(pair)
    assert (stop.client_order_id, target.client_order_id) == (
        pair.stop.client_order_id,
        pair.target.client_order_id,
    )
    assert {stop.status, target.status} == {OrderStatus.ACCEPTED}
    assert {stop.open_quantity, target.open_quantity} == {Decimal(2)}
    listed = {order.client_order_id for order in await broker.fetch_open_orders()}
    assert listed == {pair.stop.client_order_id, pair.target.client_order_id}
    total, free = await base_of(broker, paired_stage)
    assert total - free == 2


@pytest.mark.parametrize("price", ["112", "88"])
async def test_b51_a_fill_of_either_takes_the_other_away_whole(
    paired_stage: BinanceStage, price: str
) -> None:
    broker = await holding(paired_stage)
    pair = a_pair(paired_stage)
    await broker.submit_pair(pair)
    await paired_stage.set_price(price)
    filled, gone = (pair.target, pair.stop) if price == "112" else (pair.stop, pair.target)
    worked = await look_up(broker, filled)
    assert (worked.status, worked.filled_quantity) == (OrderStatus.FILLED, Decimal(2))
    ended = await look_up(broker, gone)
    assert ended.status in {OrderStatus.EXPIRED, OrderStatus.CANCELED}
    assert (ended.filled_quantity, ended.open_quantity) == (Decimal(0), Decimal(0))
    assert ended.code == "PAIRED_EXIT_WORKED"
    assert (await base_of(broker, paired_stage))[0] == Decimal("0.997")


@pytest.mark.parametrize("leg", ["stop", "target"])
async def test_b52_a_cancel_of_either_takes_both_away(paired_stage: BinanceStage, leg: str) -> None:
    broker = await holding(paired_stage)
    pair = a_pair(paired_stage)
    await broker.submit_pair(pair)
    wanted: OrderRequest = getattr(pair, leg)
    report = await broker.cancel_order(lookup_of(wanted))
    assert isinstance(report, OrderReport)
    assert (report.client_order_id, report.status) == (wanted.client_order_id, OrderStatus.CANCELED)
    assert list(await broker.fetch_open_orders()) == []
    total, free = await base_of(broker, paired_stage)
    assert total == free
    again = await broker.cancel_order(lookup_of(pair.stop))
    assert isinstance(again, OrderReport)
    assert again.status is OrderStatus.CANCELED


@pytest.mark.parametrize(
    ("stop", "target", "code"),
    [("101", "110", "STOP_ALREADY_PASSED"), ("90", "99", "TARGET_ALREADY_PASSED")],
)
async def test_b53_a_pair_whose_leg_the_market_has_passed_is_refused_whole_and_by_name(
    paired_stage: BinanceStage, stop: str, target: str, code: str
) -> None:
    broker = await holding(paired_stage)
    pair = a_pair(paired_stage, stop, target)
    with pytest.raises(PermanentError) as refused:
        await broker.submit_pair(pair)
    assert refused.value.code == code
    assert isinstance(await broker.fetch_order(lookup_of(pair.stop)), NotFound)
    assert isinstance(await broker.fetch_order(lookup_of(pair.target)), NotFound)


async def test_b54_the_ids_of_a_resting_pair_are_duplicates(paired_stage: BinanceStage) -> None:
    broker = await holding(paired_stage)
    pair = a_pair(paired_stage)
    await broker.submit_pair(pair)
    with pytest.raises(DuplicateOrderId):
        await broker.submit_pair(pair)
    assert len(await broker.fetch_open_orders()) == 2


async def test_b55_a_pair_beyond_what_is_held_is_refused_whole(paired_stage: BinanceStage) -> None:
    broker = await holding(paired_stage)
    await broker.submit_pair(a_pair(paired_stage))
    with pytest.raises(PermanentError, match="INSUFFICIENT_FUNDS"):
        await broker.submit_pair(a_pair(paired_stage))


async def test_b56_a_target_filled_in_part_tells_its_fills_when_it_is_cancelled(
    paired_stage: BinanceStage,
) -> None:
    broker = await holding(paired_stage)
    pair = a_pair(paired_stage)
    await broker.submit_pair(pair)
    paired_stage.fill_next_partly()
    await paired_stage.set_price("111")
    partly = await look_up(broker, pair.target)
    assert (partly.status, partly.open_quantity) == (OrderStatus.PARTIALLY_FILLED, Decimal(1))
    report = await broker.cancel_order(lookup_of(pair.target))
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled_quantity) == (OrderStatus.CANCELED, Decimal(1))
    assert [fill.quantity for fill in report.fills] == [Decimal(1)]


async def test_b60_a_replacement_leaves_one_order_and_tells_both(paired_stage: BinanceStage) -> None:
    broker = await holding(paired_stage)
    old = a_stop(paired_stage, Side.SELL, "90", quantity=Decimal(2))
    new = a_stop(paired_stage, Side.SELL, "95", quantity=Decimal("2.5"))
    await broker.submit_order(old)
    done = await broker.replace_order(new, lookup_of(old))
    assert (done.placed.client_order_id, done.placed.status) == (new.client_order_id, OrderStatus.ACCEPTED)
    assert done.replaced is not None
    assert (done.replaced.client_order_id, done.replaced.status) == (
        old.client_order_id,
        OrderStatus.CANCELED,
    )
    (resting,) = await broker.fetch_open_orders()
    assert (resting.client_order_id, resting.open_quantity) == (new.client_order_id, Decimal("2.5"))


async def test_b61_where_the_old_order_rests_no_more_nothing_is_placed(paired_stage: BinanceStage) -> None:
    broker = await holding(paired_stage)
    old = a_stop(paired_stage, Side.SELL, "90", quantity=Decimal(2))
    new = a_stop(paired_stage, Side.SELL, "80", quantity=Decimal(2))
    await broker.submit_order(old)
    await paired_stage.set_price("89")
    with pytest.raises(PermanentError, match="REPLACED_ORDER_GONE"):
        await broker.replace_order(new, lookup_of(old))
    assert isinstance(await broker.fetch_order(lookup_of(new)), NotFound)
    assert (await look_up(broker, old)).status is OrderStatus.FILLED


async def test_b62_a_new_order_that_is_refused_after_the_cancel_says_its_own_reason(
    paired_stage: BinanceStage,
) -> None:
    broker = await holding(paired_stage)
    old = a_stop(paired_stage, Side.SELL, "90", quantity=Decimal(2))
    new = a_stop(paired_stage, Side.SELL, "101", quantity=Decimal(2))
    await broker.submit_order(old)
    with pytest.raises(PermanentError, match="STOP_ALREADY_PASSED"):
        await broker.replace_order(new, lookup_of(old))
    assert (await look_up(broker, old)).status is OrderStatus.CANCELED
    assert isinstance(await broker.fetch_order(lookup_of(new)), NotFound)


async def test_b63_one_that_breaks_a_rule_leaves_the_old_order_where_it_was(
    paired_stage: BinanceStage,
) -> None:
    broker = await holding(paired_stage)
    old = a_stop(paired_stage, Side.SELL, "90", quantity=Decimal(2))
    await broker.submit_order(old)
    with pytest.raises(PermanentError, match="INVALID_LOT"):
        await broker.replace_order(
            a_stop(paired_stage, Side.SELL, "95", quantity=Decimal("2.0005")), lookup_of(old)
        )
    assert (await look_up(broker, old)).status is OrderStatus.ACCEPTED


async def test_b64_a_leg_that_is_replaced_takes_its_pair_with_it(paired_stage: BinanceStage) -> None:
    broker = await holding(paired_stage)
    pair = a_pair(paired_stage)
    await broker.submit_pair(pair)
    new = a_stop(paired_stage, Side.SELL, "95", quantity=Decimal(2))
    done = await broker.replace_order(new, lookup_of(pair.stop))
    assert done.replaced is not None
    assert done.replaced.client_order_id == pair.stop.client_order_id
    assert [order.client_order_id for order in await broker.fetch_open_orders()] == [new.client_order_id]
    assert (await look_up(broker, pair.target)).status is OrderStatus.CANCELED
