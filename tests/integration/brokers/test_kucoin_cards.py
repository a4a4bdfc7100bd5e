"""What the contract cards cannot say of KuCoin in everybody's words: its stops, which hold nothing and change families.

The cards of `test_contract` are played there; b07 and b08 are about linked exits, which KuCoin does not have: here they
say what holds instead.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.brokers.base import Balance, Broker
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest, OrderType
from shared.domain.signals import Side
from tests.integration.brokers.kucoin_stage import KucoinStage
from tests.integration.brokers.stages import a_limit, a_stop, an_order, lookup_of, utc_now

A_MINUTE = timedelta(minutes=1)


async def bought(broker: Broker, stage: KucoinStage, quantity: str = "1") -> Decimal:
    report = await broker.submit_order(an_order(stage, quantity=Decimal(quantity)))
    return report.filled_quantity


async def look_up(broker: Broker, request: OrderRequest, placed: OrderReport | None = None) -> OrderReport:
    order_id = None if placed is None else placed.venue_order_id
    found = await broker.fetch_order(OrderLookup(request.client_order_id, request.symbol, order_id))
    assert isinstance(found, OrderReport)
    return found


async def held(broker: Broker, stage: KucoinStage) -> Balance:
    base = stage.symbol.partition("/")[0]
    balances: Sequence[Balance] = await broker.fetch_balances()
    return next((row for row in balances if row.asset == base), Balance(base, Decimal(0), Decimal(0)))


def a_sale(stage: KucoinStage, price: str, quantity: Decimal) -> OrderRequest:
    return a_limit(stage, Side.SELL, price, quantity=quantity, reduce_only=True)


def test_the_row_says_how_the_cards_are_played(kucoin_stage: KucoinStage) -> None:
    row = kucoin_stage.adapter.venue.capabilities(Environment.LIVE, AssetClass.CRYPTO)
    assert row is not None
    assert (row.cover, row.replaces_stops, row.trails) == (CoverStyle.SINGLE, False, False)
    assert (row.takes_expiry, row.resolve_after_seconds, row.client_id_unique_for_good) == (False, 120, False)
    assert row.stop_limit_percent is None
    assert kucoin_stage.adapter.venue.capabilities(Environment.SANDBOX, AssetClass.CRYPTO) is None


async def test_b07_a_target_beside_a_stop_sells_and_leaves_the_stop_with_nothing(
    kucoin_stage: KucoinStage,
) -> None:
    # Nothing at the venue ties the two together: that is why targets are watched and do not rest.
    broker = kucoin_stage.open_broker()
    quantity = await bought(broker, kucoin_stage)
    stop = a_stop(kucoin_stage, Side.SELL, "90", quantity=quantity, reduce_only=True)
    placed = await broker.submit_order(stop)
    assert (await held(broker, kucoin_stage)).free == quantity
    target = a_sale(kucoin_stage, "110", quantity)
    assert (await broker.submit_order(target)).status is OrderStatus.ACCEPTED
    await kucoin_stage.set_price("111")
    assert (await look_up(broker, target)).status is OrderStatus.FILLED
    waiting = await look_up(broker, stop, placed)
    assert (waiting.status, waiting.open_quantity) == (OrderStatus.ACCEPTED, quantity)
    assert (await held(broker, kucoin_stage)).total == 0


async def test_b08_a_stop_that_is_cancelled_for_a_target_leaves_nothing_behind(
    kucoin_stage: KucoinStage,
) -> None:
    broker = kucoin_stage.open_broker()
    quantity = await bought(broker, kucoin_stage)
    stop = a_stop(kucoin_stage, Side.SELL, "90", quantity=quantity, reduce_only=True)
    await broker.submit_order(stop)
    ended = await broker.cancel_order(lookup_of(stop))
    assert isinstance(ended, OrderReport)
    assert (ended.status, ended.code) == (OrderStatus.CANCELED, "CANCELED_BY_REQUEST")
    target = a_sale(kucoin_stage, "110", quantity)
    assert (await broker.submit_order(target)).status is OrderStatus.ACCEPTED
    await kucoin_stage.set_price("89")
    assert (await look_up(broker, target)).status is OrderStatus.ACCEPTED


async def test_a_stop_changes_its_venue_id_when_it_is_met_and_never_ours(kucoin_stage: KucoinStage) -> None:
    broker, began = kucoin_stage.open_broker(), utc_now() - A_MINUTE
    quantity = await bought(broker, kucoin_stage)
    stop = a_stop(kucoin_stage, Side.SELL, "90", quantity=quantity, reduce_only=True)
    placed = await broker.submit_order(stop)
    assert placed.venue_order_id.startswith("vs")
    await kucoin_stage.set_price("89")
    # Whether the old id is known, or none, the same order is found.
    for known in (placed, None):
        filled = await look_up(broker, stop, known)
        assert (filled.status, filled.average_fill_price) == (OrderStatus.FILLED, Decimal("88.99"))
        assert filled.venue_order_id != placed.venue_order_id
        assert {fill.client_order_id for fill in filled.fills} == {stop.client_order_id}
    listed = [
        order
        for order in await broker.fetch_orders_since(kucoin_stage.symbol, began)
        if order.client_order_id == stop.client_order_id
    ]
    assert [(order.venue_order_id, order.status) for order in listed] == [
        (filled.venue_order_id, OrderStatus.FILLED)
    ]
    fills = await broker.fetch_fills(kucoin_stage.symbol, began)
    assert [fill.venue_order_id for fill in fills if fill.side is Side.SELL] == [filled.venue_order_id]


async def test_a_stop_limit_that_was_met_rests_as_a_plain_order_and_is_cancelled_there(
    kucoin_stage: KucoinStage,
) -> None:
    broker = kucoin_stage.open_broker()
    quantity = await bought(broker, kucoin_stage)
    stop = an_order(
        kucoin_stage,
        side=Side.SELL,
        order_type=OrderType.STOP_LIMIT,
        quantity=quantity,
        stop_price=Decimal(90),
        limit_price=Decimal(89),
        reduce_only=True,
    )
    placed = await broker.submit_order(stop)
    # The market jumps over the limit: the order is met and rests above it.
    await kucoin_stage.set_price("85")
    resting = await look_up(broker, stop, placed)
    assert (resting.status, resting.open_quantity) == (OrderStatus.ACCEPTED, quantity)
    assert (await held(broker, kucoin_stage)).free == 0
    ended = await broker.cancel_order(OrderLookup(stop.client_order_id, stop.symbol, placed.venue_order_id))
    assert isinstance(ended, OrderReport)
    assert (ended.status, ended.open_quantity) == (OrderStatus.CANCELED, Decimal(0))
    assert (await held(broker, kucoin_stage)).free == quantity


async def test_a_stop_that_buys_waits_for_a_rise_and_takes_its_money_then(kucoin_stage: KucoinStage) -> None:
    broker = kucoin_stage.open_broker()
    stop = a_stop(kucoin_stage, Side.BUY, "110")
    placed = await broker.submit_order(stop)
    (cash,) = await broker.fetch_balances()
    assert cash.free == cash.total
    await kucoin_stage.set_price("110")
    filled = await look_up(broker, stop, placed)
    assert (filled.status, filled.average_fill_price) == (OrderStatus.FILLED, Decimal("110.01"))


async def test_a_stop_that_finds_nothing_when_it_is_met_ends_without_a_sale(
    kucoin_stage: KucoinStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = kucoin_stage.open_broker()
    quantity = await bought(broker, kucoin_stage)
    stop = a_stop(kucoin_stage, Side.SELL, "90", quantity=quantity, reduce_only=True)
    placed = await broker.submit_order(stop)
    # Somebody sells it by hand.
    await broker.submit_order(an_order(kucoin_stage, side=Side.SELL, quantity=quantity))
    await kucoin_stage.set_price("89")
    later = utc_now() + timedelta(seconds=31)
    monkeypatch.setattr(broker._place, "now", lambda: later)
    ended = await look_up(broker, stop, placed)
    assert (ended.status, ended.code) == (OrderStatus.CANCELED, "NOTHING_FREE")
    assert (ended.filled_quantity, ended.open_quantity) == (Decimal(0), Decimal(0))


async def test_a_commission_is_paid_in_the_quote_asset_and_what_was_bought_can_be_sold_whole(
    kucoin_stage: KucoinStage,
) -> None:
    broker = kucoin_stage.open_broker()
    report = await broker.submit_order(an_order(kucoin_stage))
    (fill,) = report.fills
    assert (fill.commission, fill.commission_asset) == (Decimal("0.10001"), "USDT")
    quantity = (await held(broker, kucoin_stage)).free
    assert quantity == report.filled_quantity
    sold = await broker.submit_order(an_order(kucoin_stage, side=Side.SELL, quantity=quantity))
    assert sold.status is OrderStatus.FILLED
