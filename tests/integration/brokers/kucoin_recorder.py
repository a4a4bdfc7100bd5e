"""A loopback server that notes every request as it came and answers in KuCoin's envelopes as it is told."""

import base64
import hmac
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from shared.brokers.ccxt.kucoin import KucoinAdapter
from shared.brokers.ccxt.kucoin_broker import KucoinBroker
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from shared.domain.orders import OrderLookup, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.integration.brokers.alpaca_recorder import AlpacaRecorder, Recorded
from tests.integration.brokers.alpaca_recorder import recording as recording_anything

KEY, SECRET, PHRASE = "key-a", "secret-a", "phrase-a"
ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
LOOKUP = OrderLookup(ID, "BTC/USDT")
PLAIN_ID, STOP_ID = "6478cf1439bdfc0001528a1d", "vs8hoo8os561f5np0032vngj"
AT = 1_790_000_000_000
API = "/api/v1"
ORDER, STOP = f"POST {API}/hf/orders", f"POST {API}/stop-order"
FIND, CANCEL = (f"{method} {API}/hf/orders/client-order/{ID}" for method in ("GET", "DELETE"))
FIND_STOP = f"GET {API}/stop-order/queryOrderByClientOid"
FIND_STOP_BY_ID = f"GET {API}/stop-order/{STOP_ID}"
CANCEL_STOP = f"DELETE {API}/stop-order/cancelOrderByClientOid"
ACTIVE, DONE = f"GET {API}/hf/orders/active", f"GET {API}/hf/orders/done"
ACTIVE_SYMBOLS, STOPS, FILLS = f"{ACTIVE}/symbols", f"GET {API}/stop-order", f"GET {API}/hf/fills"
TIME, SYMBOLS = f"GET {API}/timestamp", "GET /api/v2/symbols"

Recorder = AlpacaRecorder


def said(data: Any) -> dict[str, Any]:
    """What was asked, in its envelope."""
    return {"code": "200000", "data": data}


def refused(code: str, words: str = "") -> dict[str, str]:
    """A no."""
    return {"code": code, "msg": words}


GONE = refused("400100", "order_not_exist_or_not_allow_to_cancel")


@asynccontextmanager
async def recording() -> AsyncIterator[Recorder]:
    """Serve on a free port until the block ends; no order is there, and nothing was executed, unless a test says so."""
    async with recording_anything() as recorder:
        recorder.answer(TIME, lambda _: said(time.time_ns() // 1_000_000))
        recorder.answer(SYMBOLS, said([listed_pair("BTC"), listed_pair("OLD", enableTrading=False)]))
        recorder.answer(FIND, refused("400100", "order not exist."))
        recorder.answer(FIND_STOP, said([]))
        recorder.answer(FIND_STOP_BY_ID, refused("400100", "order not exist."))
        recorder.answer(CANCEL, GONE)
        recorder.answer(CANCEL_STOP, GONE)
        recorder.answer(ACTIVE, said(None))
        recorder.answer(ACTIVE_SYMBOLS, said({"symbols": []}))
        recorder.answer(DONE, said({"lastId": 0, "items": []}))
        recorder.answer(FILLS, said({"lastId": 0, "items": []}))
        recorder.answer(STOPS, said({"currentPage": 1, "totalPage": 0, "items": []}))
        yield recorder


def open_broker(
    adapter: KucoinAdapter, venue: Recorder, credentials: Credentials | None = None, **changes: Any
) -> KucoinBroker:
    login = credentials or Credentials(KEY, SECRET, PHRASE)
    access = AccountAccess("account", "kucoin", Environment.LIVE, login, venue.url, **changes)
    found = adapter.open_broker(access)
    assert isinstance(found, KucoinBroker)
    return found


def an_order(**changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "client_order_id": ID,
        "symbol": "BTC/USDT",
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal("0.00500"),
    }
    return OrderRequest(**{**fields, **changes})


def a_limit(side: Side = Side.BUY, **changes: Any) -> OrderRequest:
    return an_order(side=side, order_type=OrderType.LIMIT, limit_price=Decimal("60000.10"), **changes)


def a_stop(side: Side = Side.SELL, **changes: Any) -> OrderRequest:
    return an_order(side=side, order_type=OrderType.STOP, stop_price=Decimal("55000"), **changes)


def assert_signed(request: Recorded, key: str = KEY, secret: str = SECRET, phrase: str = PHRASE) -> None:
    """The signature belongs to this login and to all of the request: its time, method, path, query and body."""
    headers = request.headers
    path = request.name + (f"?{request.query}" if request.query else "")
    text = headers["KC-API-TIMESTAMP"] + path.replace(" ", "", 1) + request.body.decode()
    assert headers["KC-API-KEY"] == key
    assert headers["KC-API-SIGN"] == mac(secret, text)
    assert headers["KC-API-PASSPHRASE"] == mac(secret, phrase)
    assert headers["KC-API-KEY-VERSION"] == "2"


def mac(secret: str, text: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def query_of(request: Recorded) -> dict[str, str]:
    """The query, in which nothing stands twice."""
    pairs = parse_qsl(request.query, keep_blank_values=True, strict_parsing=True) if request.query else []
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def listed_pair(base: str, **changes: Any) -> dict[str, Any]:
    """One pair of `symbols`, as far as anybody reads it."""
    row = {"symbol": f"{base}-USDT", "baseCurrency": base, "quoteCurrency": "USDT", "enableTrading": True}
    row |= {"priceIncrement": "0.10", "baseIncrement": "0.00001000", "minFunds": "0.1"}
    return {**row, **changes}


def told(**changes: Any) -> dict[str, Any]:
    """A plain order as look-ups and lists show it."""
    row: dict[str, Any] = {
        "id": PLAIN_ID,
        "clientOid": ID,
        "symbol": "BTC-USDT",
        "side": "buy",
        "type": "limit",
    }
    row |= {"size": "0.005", "dealSize": "0", "dealFunds": "0", "timeInForce": "GTC", "active": True}
    return {**row, "createdAt": AT, "lastUpdatedAt": AT, **changes}


def filled(**changes: Any) -> dict[str, Any]:
    return told(**{"active": False, "dealSize": "0.005", "dealFunds": "300", "type": "market", **changes})


def waiting(**changes: Any) -> dict[str, Any]:
    """An order of the family of stops."""
    row: dict[str, Any] = {"id": STOP_ID, "clientOid": ID, "symbol": "BTC-USDT", "status": "NEW"}
    return {**row, "size": "0.00500000000000000000", "createdAt": AT, "stopTriggerTime": None, **changes}


def executed(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An execution as the list of them shows it."""
    row: dict[str, Any] = {
        "id": number,
        "tradeId": 7,
        "orderId": PLAIN_ID,
        "symbol": "BTC-USDT",
        "side": "buy",
    }
    row |= {"price": "60000", "size": "0.005", "fee": "0.3", "feeCurrency": "USDT", "createdAt": AT + number}
    return {**row, **changes}


def paged(rows: list[dict[str, Any]]) -> Callable[[Recorded], dict[str, Any]]:
    """Hand rows out as the venue does: those of a span, from the last one back, a hundred at a time."""

    def page(request: Recorded) -> dict[str, Any]:
        query = query_of(request)
        last = int(query.get("lastId", 10**18))
        span = int(query.get("startAt", 0)), int(query.get("endAt", 10**18))
        kept = [row for row in rows if row["id"] < last and span[0] <= row["createdAt"] <= span[1]]
        items = sorted(kept, key=lambda row: -row["id"])[:100]
        return said({"lastId": items[-1]["id"] if items else 0, "items": items})

    return page
