"""What is written to KuCoin, byte for byte: method, path, query or body, and a signature that verifies."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.base import NotFound
from shared.brokers.ccxt.kucoin_broker import KucoinBroker
from shared.domain.errors import PermanentError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.kucoin_recorder import (
    ACTIVE,
    ACTIVE_SYMBOLS,
    AT,
    CANCEL,
    CANCEL_STOP,
    DONE,
    FILLS,
    FIND,
    FIND_STOP,
    FIND_STOP_BY_ID,
    ID,
    LOOKUP,
    ORDER,
    PLAIN_ID,
    STOP,
    STOP_ID,
    STOPS,
    Recorder,
    a_limit,
    a_stop,
    an_order,
    assert_signed,
    executed,
    filled,
    query_of,
    said,
    told,
    waiting,
)

PLACED = {"orderId": PLAIN_ID, "clientOid": ID}
MARKET = {"clientOid": ID, "symbol": "BTC-USDT", "side": "buy", "type": "market", "size": "0.005"}
LIMIT = {**MARKET, "type": "limit", "price": "60000.1", "timeInForce": "GTC"}
SELL_STOP = {**MARKET, "side": "sell", "stop": "loss", "stopPrice": "55000"}


@pytest.mark.parametrize(
    ("request_sent", "name", "body"),
    [
        (an_order(), ORDER, MARKET),
        (a_limit(), ORDER, LIMIT),
        (a_limit(time_in_force=TimeInForce.IOC), ORDER, {**LIMIT, "timeInForce": "IOC"}),
        (an_order(side=Side.SELL, reduce_only=True), ORDER, {**MARKET, "side": "sell"}),
        (a_stop(reduce_only=True), STOP, SELL_STOP),
        (a_stop(Side.BUY), STOP, {**SELL_STOP, "side": "buy", "stop": "entry"}),
        (
            an_order(
                side=Side.SELL,
                order_type=OrderType.STOP_LIMIT,
                stop_price=Decimal(55000),
                limit_price=Decimal(54900),
            ),
            STOP,
            {**SELL_STOP, "type": "limit", "price": "54900", "timeInForce": "GTC"},
        ),
    ],
)
async def test_an_order_is_one_signed_write_to_its_family(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, request_sent: OrderRequest, name: str, body: Any
) -> None:
    kucoin_venue.answer(name, said(PLACED))
    report = await kucoin_broker.submit_order(request_sent)
    (sent,) = kucoin_venue.named(ORDER, STOP)
    assert (sent.name, sent.query, json.loads(sent.body)) == (name, "", body)
    assert sent.headers["Content-Type"] == "application/json"
    assert_signed(sent)
    # The look-up found nothing yet: what the venue has said is all that is told.
    assert (report.client_order_id, report.venue_order_id, report.symbol) == (ID, PLAIN_ID, "BTC/USDT")
    assert (report.status, report.open_quantity) == (OrderStatus.ACCEPTED, request_sent.quantity)


async def test_a_plain_order_is_looked_up_once_in_its_own_family(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(ORDER, said(PLACED))
    kucoin_venue.answer(FIND, said(filled()))
    kucoin_venue.answer(FILLS, said({"lastId": 1, "items": [executed()]}))
    report = await kucoin_broker.submit_order(an_order())
    asked = [(request.name, query_of(request)) for request in kucoin_venue.requests[2:]]
    assert asked == [
        (FIND, {"symbol": "BTC-USDT"}),
        (FILLS, {"symbol": "BTC-USDT", "orderId": PLAIN_ID, "limit": "100"}),
    ]
    for request in kucoin_venue.requests[2:]:
        assert_signed(request)
    assert (report.status, report.average_fill_price) == (OrderStatus.FILLED, Decimal(60000))
    (fill,) = report.fills
    assert (fill.commission, fill.commission_asset, fill.client_order_id) == (Decimal("0.3"), "USDT", ID)


async def test_a_stop_is_looked_up_once_among_the_stops(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(STOP, said({"orderId": STOP_ID, "clientOid": ID}))
    kucoin_venue.answer(FIND_STOP, said([waiting()]))
    report = await kucoin_broker.submit_order(a_stop())
    assert [request.name for request in kucoin_venue.requests[1:]] == [STOP, FIND_STOP]
    assert query_of(kucoin_venue.requests[-1]) == {"clientOid": ID, "symbol": "BTC-USDT"}
    assert (report.venue_order_id, report.status) == (STOP_ID, OrderStatus.ACCEPTED)
    assert report.accepted_at == datetime.fromtimestamp(AT // 1000, UTC)


@pytest.mark.parametrize(
    ("venue_order_id", "names"),
    [
        (None, [FIND, FIND_STOP, FIND]),
        (PLAIN_ID, [FIND, FIND_STOP, FIND]),
        (STOP_ID, [FIND_STOP, FIND, FIND_STOP_BY_ID]),
    ],
)
async def test_an_order_is_not_found_only_after_both_families_were_asked_the_plain_one_last(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, venue_order_id: str | None, names: list[str]
) -> None:
    found = await kucoin_broker.fetch_order(OrderLookup(ID, "BTC/USDT", venue_order_id))
    assert isinstance(found, NotFound)
    asked = kucoin_venue.requests[1:]
    assert [request.name for request in asked] == names
    for request in asked:
        assert_signed(request)


async def test_an_order_that_is_plain_costs_one_question(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(FIND, said(told()))
    found = await kucoin_broker.fetch_order(LOOKUP)
    assert isinstance(found, OrderReport)
    assert (found.status, found.open_quantity) == (OrderStatus.ACCEPTED, Decimal("0.005"))
    assert [request.name for request in kucoin_venue.requests[1:]] == [FIND]


async def test_a_stop_that_was_met_is_told_as_the_plain_order_that_came_of_it(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(FIND_STOP, said([waiting(status="TRIGGERED", stopTriggerTime=AT)]))
    kucoin_venue.answer(FIND, said(told(side="sell")))
    found = await kucoin_broker.fetch_order(OrderLookup(ID, "BTC/USDT", STOP_ID))
    assert isinstance(found, OrderReport)
    assert (found.venue_order_id, found.status) == (PLAIN_ID, OrderStatus.ACCEPTED)


@pytest.mark.parametrize(
    ("venue_order_id", "names"),
    [
        (None, [CANCEL_STOP, CANCEL, FIND, FIND_STOP, FIND]),
        (PLAIN_ID, [CANCEL, CANCEL_STOP, FIND, FIND_STOP, FIND]),
        (STOP_ID, [CANCEL_STOP, CANCEL, FIND_STOP, FIND, FIND_STOP_BY_ID]),
    ],
)
async def test_a_cancel_asks_the_families_in_which_the_order_may_be(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, venue_order_id: str | None, names: list[str]
) -> None:
    found = await kucoin_broker.cancel_order(OrderLookup(ID, "BTC/USDT", venue_order_id))
    assert isinstance(found, NotFound)
    asked = kucoin_venue.requests[1:]
    assert [request.name for request in asked] == names
    for request in asked:
        assert request.body == b""
        assert_signed(request)
    (plain,) = kucoin_venue.named(CANCEL)
    assert query_of(plain) == {"symbol": "BTC-USDT"}
    for stop in kucoin_venue.named(CANCEL_STOP):
        assert query_of(stop) == {"clientOid": ID, "symbol": "BTC-USDT"}


async def test_the_cancel_of_a_stop_is_proved_by_its_answer(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(CANCEL_STOP, said({"cancelledOrderId": STOP_ID, "clientOid": ID}))
    report = await kucoin_broker.cancel_order(OrderLookup(ID, "BTC/USDT", STOP_ID))
    assert [request.name for request in kucoin_venue.requests[1:]] == [CANCEL_STOP]
    assert isinstance(report, OrderReport)
    assert (report.status, report.code) == (OrderStatus.CANCELED, "CANCELED_BY_REQUEST")
    assert (report.venue_order_id, report.open_quantity, report.filled_quantity) == (STOP_ID, 0, 0)


async def test_a_stop_whose_id_looks_like_a_plain_orders_is_cancelled_all_the_same(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(CANCEL_STOP, said({"cancelledOrderId": PLAIN_ID, "clientOid": ID}))
    report = await kucoin_broker.cancel_order(OrderLookup(ID, "BTC/USDT", PLAIN_ID))
    assert isinstance(report, OrderReport)
    assert (report.status, report.venue_order_id) == (OrderStatus.CANCELED, PLAIN_ID)


@pytest.mark.parametrize(
    ("row", "status", "open_quantity"),
    [
        (told(active=False), OrderStatus.CANCELED, "0"),
        (told(), OrderStatus.PENDING_CANCEL, "0.005"),
        (filled(), OrderStatus.FILLED, "0"),
    ],
    ids=["done", "heard", "too late"],
)
async def test_the_cancel_of_a_plain_order_tells_what_became_of_it(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker, row: Any, status: OrderStatus, open_quantity: str
) -> None:
    kucoin_venue.answer(CANCEL, said({"clientOid": ID}))
    kucoin_venue.answer(FIND, said(row))
    report = await kucoin_broker.cancel_order(OrderLookup(ID, "BTC/USDT", PLAIN_ID))
    assert isinstance(report, OrderReport)
    assert (report.status, report.open_quantity) == (status, Decimal(open_quantity))


async def test_the_lists_of_orders_are_asked_in_the_order_in_which_orders_move(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    assert list(await kucoin_broker.fetch_orders_since("BTC/USDT", since)) == []
    stops, active, done = kucoin_venue.requests[1:]
    assert (stops.name, query_of(stops)) == (
        STOPS,
        {"symbol": "BTC-USDT", "currentPage": "1", "pageSize": "50"},
    )
    assert (active.name, query_of(active)) == (ACTIVE, {"symbol": "BTC-USDT"})
    asked = query_of(done)
    assert done.name == DONE
    assert asked.keys() == {"symbol", "startAt", "endAt", "limit"}
    assert int(asked["startAt"]) == int(since.timestamp() * 1000)
    assert int(asked["endAt"]) > datetime.now(UTC).timestamp() * 1000


async def test_all_open_orders_are_those_of_each_symbol_that_has_some(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(ACTIVE_SYMBOLS, said({"symbols": ["BTC-USDT"]}))
    kucoin_venue.answer(ACTIVE, said([told()]))
    kucoin_venue.answer(
        STOPS, said({"items": [waiting(id="vs2", clientOid="other", symbol="ETH-USDT")], "totalPage": 1})
    )
    found = await kucoin_broker.fetch_open_orders()
    assert [(order.client_order_id, order.symbol) for order in found] == [
        ("other", "ETH/USDT"),
        (ID, "BTC/USDT"),
    ]
    names = [request.name for request in kucoin_venue.requests[1:4]]
    assert names == [STOPS, ACTIVE_SYMBOLS, ACTIVE]
    assert query_of(kucoin_venue.requests[1]) == {"currentPage": "1", "pageSize": "50"}


async def test_money_and_rights_are_asked_for_with_the_key(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer("GET /api/v1/accounts", said([]))
    kucoin_venue.answer("GET /api/v1/user/api-key", said({"permission": "General"}))
    await kucoin_broker.fetch_balances()
    await kucoin_broker.fetch_key_rights()
    money, rights = kucoin_venue.requests[1:]
    assert (money.name, money.query) == ("GET /api/v1/accounts", "type=trade")
    assert (rights.name, rights.query) == ("GET /api/v1/user/api-key", "")
    for request in (money, rights):
        assert_signed(request)


async def test_what_comes_too_late_is_not_sent_and_what_comes_in_time_says_nothing_of_it(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer(ORDER, said(PLACED))
    with pytest.raises(PermanentError, match="EXPIRED_BEFORE_ARRIVAL"):
        await kucoin_broker.submit_order(an_order(send_before=datetime.now(UTC)))
    assert kucoin_venue.named(ORDER) == []
    await kucoin_broker.submit_order(an_order(send_before=datetime.now(UTC) + timedelta(seconds=9)))
    (sent,) = kucoin_venue.named(ORDER)
    assert json.loads(sent.body) == MARKET


async def test_requests_bear_the_venues_time_which_is_asked_for_once(
    kucoin_venue: Recorder, kucoin_broker: KucoinBroker
) -> None:
    kucoin_venue.answer("GET /api/v1/timestamp", lambda _: said(AT))
    for _ in range(2):
        await kucoin_broker.fetch_fills("BTC/USDT", datetime.now(UTC) - timedelta(minutes=1))
    times = [int(request.headers["KC-API-TIMESTAMP"]) for request in kucoin_venue.named(FILLS)]
    assert all(AT <= moment < AT + 5000 for moment in times)
    assert len(kucoin_venue.named("GET /api/v1/timestamp")) == 1
    assert "KC-API-KEY" not in kucoin_venue.requests[0].headers
