"""The sandbox cards: what the engine builds on, asked of a venue that nobody here can move.

Each is a coroutine on a desk that raises AssertionError where the venue does otherwise, and NotOfferedError where it does
not do such a thing at all. They spend a few small orders and leave nothing behind.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.brokers.base import KeyedBroker, NotFound
from shared.brokers.codes import Refusal
from shared.brokers.gate import sending_until
from shared.brokers.margin import MarginBroker
from shared.domain.cover import CoverStyle
from shared.domain.errors import DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderRequest, OrderType
from shared.domain.signals import Side
from tests.conformance.desk import RESTING, Desk, NotOfferedError, until

Card = Callable[[Desk], Awaitable[None]]
_FRESH = timedelta(minutes=15)
_MUCH = Decimal(1_000_000)
_BELOW, _DEEPER = Decimal("0.8"), Decimal("0.79")
_ENDED = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED})


async def the_key_may_trade_and_not_withdraw(desk: Desk) -> None:
    """Card c01."""
    if not isinstance(desk.broker, KeyedBroker):
        raise NotOfferedError("the venue does not tell what a key may do")
    rights = await desk.broker.fetch_key_rights()
    assert rights.can_trade is not False, "the key may not trade"
    assert rights.can_withdraw is not True, "the key may withdraw: make one that may only trade"


async def balances_are_told_in_the_accounts_money(desk: Desk) -> None:
    """Card c02."""
    found = {balance.asset: balance for balance in await desk.broker.fetch_balances()}
    assert desk.quote_asset in found, f"no {desk.quote_asset} among {sorted(found)[:8]}"
    assert all(0 <= balance.free <= balance.total for balance in found.values() if balance.total >= 0)
    assert found[desk.quote_asset].free > 0, f"there is no {desk.quote_asset} to trade with"


async def an_instrument_has_its_steps_and_a_fresh_price(desk: Desk) -> None:
    """Card c03."""
    assert desk.instrument.tick > 0
    assert desk.instrument.lot > 0
    assert 0 < desk.quote.bid <= desk.quote.ask
    assert abs(datetime.now(UTC) - desk.quote.at) < _FRESH, f"the price is of {desk.quote.at}"


async def a_limit_rests_and_is_found_by_our_id_on_both_endpoints(desk: Desk) -> None:
    """Card c04."""
    request = desk.request()
    await desk.submit(request)
    found = await desk.look_up(request)
    assert found.status in RESTING, f"it is {found.status}"
    assert (found.client_order_id, found.filled_quantity) == (request.client_order_id, 0)

    async def listed() -> OrderReport | None:
        every = await desk.broker.fetch_orders_since(desk.symbol, desk.began)
        return next((o for o in every if o.client_order_id == request.client_order_id), None)

    await until(listed, "the order is on the list")
    open_ids = {order.client_order_id for order in await desk.broker.fetch_open_orders(desk.symbol)}
    assert request.client_order_id in open_ids


async def what_was_never_sent_is_not_found_by_either_endpoint(desk: Desk) -> None:
    """Card c05."""
    request = desk.request()
    assert isinstance(await desk.broker.fetch_order(desk.lookup(request)), NotFound)
    every = await desk.broker.fetch_orders_since(desk.symbol, desk.began)
    assert request.client_order_id not in {order.client_order_id for order in every}


async def a_cancel_ends_an_order_and_may_be_repeated(desk: Desk) -> None:
    """Card c06."""
    request = desk.request()
    placed = await desk.submit(request)
    lookup = desk.lookup(request, placed.venue_order_id)
    await desk.broker.cancel_order(lookup)

    async def ended() -> OrderReport | None:
        found = await desk.look_up(request, placed.venue_order_id)
        return found if found.status in _ENDED else None

    assert (await until(ended, "the cancel")).filled_quantity == 0
    again = await desk.broker.cancel_order(lookup)
    assert isinstance(again, NotFound) or again.status in _ENDED


async def the_id_of_an_open_order_is_refused_as_a_duplicate(desk: Desk) -> None:
    """Card c07: sent a second time on purpose; a venue that took it would have two."""
    request = desk.request()
    await desk.submit(request)
    await desk.look_up(request)
    try:
        await desk.broker.submit_order(request)
    except DuplicateOrderId:
        return
    raise AssertionError("the same client order id was taken twice")


async def an_order_beyond_the_money_is_refused_by_name(desk: Desk) -> None:
    """Card c08."""
    quantity = desk.instrument.floor_quantity(desk.quantity * _MUCH)
    code = await _refusal(desk, desk.request(quantity=quantity))
    wanted = {Refusal.INSUFFICIENT_FUNDS, Refusal.INVALID_LOT, Refusal.INVALID_ORDER, Refusal.TOO_MANY_ORDERS}
    assert code in wanted, f"refused as {code}"


async def a_price_between_ticks_is_refused_by_name(desk: Desk) -> None:
    """Card c09."""
    between = desk.far_below + desk.instrument.tick / 4
    code = await _refusal(desk, desk.request(limit_price=between))
    assert code in {Refusal.INVALID_TICK, Refusal.INVALID_ORDER}, f"refused as {code}"


async def an_order_after_its_time_is_refused_and_not_found(desk: Desk) -> None:
    """Card c10."""
    if not desk.row.takes_expiry:
        raise NotOfferedError("orders have no expiry here: what is not found counts after 120 s")
    request = desk.request(send_before=datetime.now(UTC) - timedelta(seconds=10))
    try:
        await desk.submit(request)
    except TradeError:
        assert isinstance(await desk.broker.fetch_order(desk.lookup(request)), NotFound)
        return
    raise AssertionError("it was taken ten seconds after its time")


async def after_the_send_window_nothing_is_sent(desk: Desk) -> None:
    """Card c11."""
    request = desk.request()
    with sending_until(time.monotonic() - 1):
        try:
            await desk.broker.submit_order(request)
        except RetryableError:
            assert isinstance(await desk.broker.fetch_order(desk.lookup(request)), NotFound)
            return
    raise AssertionError("it was sent")


async def a_purchase_fills_and_its_fills_add_up(desk: Desk) -> None:
    """Card c12: buys the smallest quantity at market."""
    if isinstance(desk.broker, MarginBroker):
        await desk.broker.set_margin_terms(desk.symbol, 1)
    request = desk.at_market()
    await desk.submit(request)

    async def filled() -> OrderReport | None:
        found = await desk.look_up(request)
        return found if found.status is OrderStatus.FILLED else None

    report = await until(filled, "the purchase is filled (is the market open?)")
    assert report.filled_quantity == request.quantity

    async def told() -> Decimal | None:
        held = await desk.held()
        return held if held else None

    assert await until(told, "its fills") == request.quantity


async def a_stop_rests_below_the_market(desk: Desk) -> None:
    """Card c13: over what c12 bought."""
    if desk.row.cover is CoverStyle.MANAGED:
        raise NotOfferedError("no stop can rest here: the engine watches and closes by itself")
    quantity = await _sellable(desk)
    stop = desk.instrument.floor_price(desk.quote.bid * _BELOW)
    request = desk.request(
        side=Side.SELL,
        order_type=OrderType.STOP,
        quantity=quantity,
        limit_price=None,
        stop_price=stop,
        reduce_only=desk.row.max_leverage > 1,
    )
    await desk.submit(request)
    found = await desk.look_up(request)
    assert found.status in RESTING, f"it is {found.status}"
    await desk.broker.cancel_order(desk.lookup(request, found.venue_order_id))

    async def ended() -> OrderReport | None:
        report = await desk.look_up(request, found.venue_order_id)
        return report if report.status in _ENDED else None

    await until(ended, "the stop is cancelled")


async def what_was_bought_is_sold_again(desk: Desk) -> None:
    """Card c14."""
    request = desk.at_market(
        side=Side.SELL, quantity=await _sellable(desk), reduce_only=desk.row.max_leverage > 1
    )
    await desk.submit(request)

    async def filled() -> OrderReport | None:
        found = await desk.look_up(request)
        return found if found.status is OrderStatus.FILLED else None

    assert (await until(filled, "the sale is filled")).filled_quantity == request.quantity


async def _refusal(desk: Desk, request: OrderRequest) -> str:
    try:
        await desk.submit(request)
    except PermanentError as error:
        return str(error.code)
    raise AssertionError("it was taken")


async def _sellable(desk: Desk) -> Decimal:
    """Return what can be sold of what was bought: a commission may have been taken from it."""
    base = desk.instrument.base
    free = {balance.asset: balance.free for balance in await desk.broker.fetch_balances()}
    held = await desk.held()
    quantity = desk.instrument.floor_quantity(min(held, free.get(base, held)))
    assert quantity > 0, "nothing was bought: see the purchase's card"
    return quantity


CARDS: dict[str, Card] = {
    f"c{number:02d}": card
    for number, card in enumerate(
        (
            the_key_may_trade_and_not_withdraw,
            balances_are_told_in_the_accounts_money,
            an_instrument_has_its_steps_and_a_fresh_price,
            a_limit_rests_and_is_found_by_our_id_on_both_endpoints,
            what_was_never_sent_is_not_found_by_either_endpoint,
            a_cancel_ends_an_order_and_may_be_repeated,
            the_id_of_an_open_order_is_refused_as_a_duplicate,
            an_order_beyond_the_money_is_refused_by_name,
            a_price_between_ticks_is_refused_by_name,
            an_order_after_its_time_is_refused_and_not_found,
            after_the_send_window_nothing_is_sent,
            a_purchase_fills_and_its_fills_add_up,
            a_stop_rests_below_the_market,
            what_was_bought_is_sold_again,
        ),
        start=1,
    )
}


def title_of(card: Card) -> str:
    """Write a card's sentence."""
    return card.__name__.replace("_", " ")
