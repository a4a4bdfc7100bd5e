"""Futures cards f18-f24: leverage, liquidation, funding, and books that agree with the venue's to the last digit."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.errors import PermanentError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport
from shared.domain.signals import Side
from tests.integration.brokers.futures_stage import FuturesStage
from tests.integration.brokers.stages import CASH, a_limit, a_stop, an_order, lookup_of, utc_now

A_MINUTE = timedelta(minutes=1)
MAINTENANCE = Decimal("0.01")
TICK = Decimal("0.01")


async def money(stage: FuturesStage) -> tuple[Decimal, Decimal]:
    """Total and free, as a process that has just started reads them."""
    (found,) = await stage.open_broker().fetch_balances()
    assert found.asset == "USDT"
    return found.total, found.free


def proceeds(fills: Sequence[FillReport]) -> Decimal:
    """What executions brought in, less what they cost and their fees; the result once nothing is held."""
    assert {fill.commission_asset for fill in fills} == {"USDT"}
    signed = (
        fill.quantity * fill.price * (1 if fill.side is Side.SELL else -1) - fill.commission for fill in fills
    )
    return sum(signed, Decimal(0))


async def test_f18_leverage_multiplies_what_the_wallet_buys_and_the_rest_stays_free(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    await broker.set_margin_terms(futures_stage.symbol, 5)
    with pytest.raises(PermanentError, match="INSUFFICIENT_FUNDS"):
        await broker.submit_order(an_order(futures_stage, quantity=Decimal(501)))
    await broker.submit_order(an_order(futures_stage, quantity=Decimal(400)))
    fee = Decimal("100.01") * 400 * Decimal("0.0005")
    assert await money(futures_stage) == (CASH - fee, CASH - fee - Decimal("100.01") * 400 / 5)
    # What only reduces needs no margin of its own.
    await broker.submit_order(
        a_limit(futures_stage, Side.SELL, "150", quantity=Decimal(400), reduce_only=True)
    )
    assert await money(futures_stage) == (CASH - fee, CASH - fee - Decimal("100.01") * 400 / 5)
    # Open profit is not in the wallet: whoever values the trade adds it.
    await futures_stage.set_price("120")
    assert (await money(futures_stage))[0] == CASH - fee


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
async def test_f19_the_liquidation_price_lies_where_the_margin_left_is_just_what_must_be_maintained(
    futures_stage: FuturesStage, side: Side
) -> None:
    broker = futures_stage.open_broker()
    await broker.set_margin_terms(futures_stage.symbol, 4)
    assert await futures_stage.position() is None
    await broker.submit_order(an_order(futures_stage, side=side, quantity=Decimal(3)))
    position = await futures_stage.position()
    assert position is not None
    assert (position.side, position.quantity) == (side, Decimal(3))
    assert (position.leverage, position.is_isolated) == (4, True)
    entry = Decimal("100.01") if side is Side.BUY else Decimal("99.99")
    assert position.entry_price == entry
    price = position.liquidation_price
    assert price is not None
    sign = 1 if side is Side.BUY else -1
    left = entry * 3 / 4 + sign * (price - entry) * 3
    assert abs(left - price * 3 * MAINTENANCE) <= 3 * TICK
    # For who is long it lies below the entry, and above it for who is short.
    assert (price < entry) == (side is Side.BUY)
    # A tick before it nothing happens.
    await futures_stage.set_price(str(price + sign * TICK))
    assert await futures_stage.position() is not None
    await futures_stage.set_price(str(price))
    assert await futures_stage.position() is None


async def test_f20_a_position_that_shares_the_wallet_and_is_paid_for_in_full_is_never_taken_away(
    futures_stage: FuturesStage,
) -> None:
    await futures_stage.open_broker().submit_order(an_order(futures_stage))
    position = await futures_stage.position()
    assert position is not None
    assert (position.liquidation_price, position.is_isolated) == (None, False)


async def test_f21_a_liquidation_is_seen_as_executions_of_an_order_that_is_not_ours(
    futures_stage: FuturesStage,
) -> None:
    broker, began = futures_stage.open_broker(), utc_now() - A_MINUTE
    await broker.set_margin_terms(futures_stage.symbol, 10)
    entry = an_order(futures_stage, quantity=Decimal(3))
    await broker.submit_order(entry)
    target = a_limit(futures_stage, Side.SELL, "110", quantity=Decimal(3), reduce_only=True)
    await broker.submit_order(target)
    position = await futures_stage.position()
    assert position is not None
    assert position.liquidation_price is not None
    await futures_stage.set_price("85")
    assert await futures_stage.position() is None
    fills = await broker.fetch_fills(futures_stage.symbol, began)
    (closed,) = [fill for fill in fills if fill.side is Side.SELL]
    assert (closed.quantity, closed.price) == (Decimal(3), position.liquidation_price)
    listed = await broker.fetch_orders_since(futures_stage.symbol, began)
    (theirs,) = [report for report in listed if report.venue_order_id == closed.venue_order_id]
    assert theirs.client_order_id.startswith("autoclose-")
    ours = {entry.client_order_id, target.client_order_id}
    assert {report.client_order_id for report in listed} == ours | {theirs.client_order_id}
    ended = await broker.fetch_order(lookup_of(target))
    assert isinstance(ended, OrderReport)
    assert ended.status is OrderStatus.EXPIRED
    assert (await money(futures_stage))[0] == CASH + proceeds(fills)


async def test_f22_a_stop_that_lies_before_the_liquidation_is_there_first(
    futures_stage: FuturesStage,
) -> None:
    broker, began = futures_stage.open_broker(), utc_now() - A_MINUTE
    await broker.set_margin_terms(futures_stage.symbol, 10)
    await broker.submit_order(an_order(futures_stage))
    stop = a_stop(futures_stage, Side.SELL, "95", reduce_only=True)
    await broker.submit_order(stop)
    await futures_stage.set_price("85")
    listed = await broker.fetch_orders_since(futures_stage.symbol, began)
    assert [r.client_order_id for r in listed if r.client_order_id.startswith("autoclose-")] == []
    stopped = await broker.fetch_order(lookup_of(stop))
    assert isinstance(stopped, OrderReport)
    assert stopped.status is OrderStatus.FILLED


async def test_f23_funding_is_listed_once_each_and_moves_the_liquidation_price(
    futures_stage: FuturesStage,
) -> None:
    broker, began = futures_stage.open_broker(), utc_now() - A_MINUTE
    await broker.set_margin_terms(futures_stage.symbol, 4)
    futures_stage.control.pay_funding(futures_stage.symbol, "0.0001")
    assert list(await broker.fetch_funding(futures_stage.symbol, began)) == []
    await broker.submit_order(an_order(futures_stage, quantity=Decimal(3)))
    before = await futures_stage.position()
    for rate in ("0.0001", "-0.0003", "0.01"):
        futures_stage.control.pay_funding(futures_stage.symbol, rate)
    found = await broker.fetch_funding(futures_stage.symbol, began)
    assert [report.amount for report in found] == [Decimal("-0.03"), Decimal("0.09"), Decimal("-3")]
    assert len({report.funding_id for report in found}) == 3
    assert {(report.symbol, report.asset) for report in found} == {(futures_stage.symbol, "USDT")}
    assert began < found[0].at <= found[-1].at <= utc_now() + A_MINUTE
    assert list(await broker.fetch_funding(futures_stage.symbol, began)) == list(found)
    assert list(await broker.fetch_funding(futures_stage.symbol, utc_now() + A_MINUTE)) == []
    after = await futures_stage.position()
    assert before is not None
    assert after is not None
    assert before.liquidation_price is not None
    assert after.liquidation_price is not None
    # The margin has become smaller by what was paid.
    assert after.liquidation_price > before.liquidation_price


async def test_f24_the_result_with_fees_and_funding_is_the_venues_to_the_last_digit(
    futures_stage: FuturesStage,
) -> None:
    broker, began = futures_stage.open_broker(), utc_now() - A_MINUTE
    await broker.set_margin_terms(futures_stage.symbol, 7)
    moves = (
        ("101.37", Side.BUY, "1.337"),
        ("103.91", Side.BUY, "2.111"),
        ("99.03", Side.SELL, "0.789"),
        ("97.77", Side.SELL, "4.404"),  # turns it round
        ("95.13", Side.SELL, "1.001"),
        ("98.59", Side.BUY, "2.002"),
    )
    for price, side, quantity in moves:
        await futures_stage.set_price(price)
        await broker.submit_order(an_order(futures_stage, side=side, quantity=Decimal(quantity)))
        futures_stage.control.pay_funding(futures_stage.symbol, "0.00037")
    position = await futures_stage.position()
    assert position is not None
    assert position.side is Side.SELL
    close = an_order(futures_stage, side=Side.BUY, quantity=position.quantity, reduce_only=True)
    assert (await broker.submit_order(close)).status is OrderStatus.FILLED
    assert await futures_stage.position() is None
    fills = await broker.fetch_fills(futures_stage.symbol, began)
    funding = sum(
        (report.amount for report in await broker.fetch_funding(futures_stage.symbol, began)), Decimal(0)
    )
    assert funding != 0
    total, free = await money(futures_stage)
    assert total == free == CASH + proceeds(fills) + funding
    books = {kind: Decimal(amount) for kind, amount in futures_stage.control.books(futures_stage.key).items()}
    wallet = books.pop("wallet")
    assert wallet == total == sum(books.values())
    assert books["FUNDING_FEE"] == funding
    assert books["COMMISSION"] == -sum(fill.commission for fill in fills)
