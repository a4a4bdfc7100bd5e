"""A loopback server that notes every request as it came and answers in Binance's JSON as it is told."""

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

KEY, SECRET = "key-a", "secret-a"
# When everything in canned answers happened, in milliseconds.
AT = 1_790_000_000_000
_UNPINNED = {"timestamp", "signature"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request: where its parameters stood, what they were, and who signed them."""

    name: str
    query: str
    body: str
    key: str | None

    @property
    def params(self) -> dict[str, str]:
        """Its parameters but for time and signature; in the query or in the body, never in both."""
        assert not (self.query and self.body)
        pairs = parse_qsl(self.query or self.body, keep_blank_values=True, strict_parsing=True)
        assert len(dict(pairs)) == len(pairs)
        return {name: value for name, value in pairs if name not in _UNPINNED}

    @property
    def timestamp(self) -> int:
        return int(dict(parse_qsl(self.query or self.body))["timestamp"])

    def is_signed_with(self, secret: str) -> bool:
        """Does the signature, which comes last, belong to this secret and to all that stands before it?"""
        signed, _, signature = (self.query or self.body).rpartition("&signature=")
        return hmac.digest(secret.encode(), signed.encode(), "sha256").hex() == signature


@dataclass
class Recorder:
    """What came, and what is answered to whom; a callable answer makes one for each request."""

    url: str = ""
    requests: list[Recorded] = field(default_factory=list)
    seconds: float = 0.0
    clock_skew_ms: int = 0
    _answers: dict[str, tuple[int, Any, dict[str, str]]] = field(default_factory=dict)

    def answer(self, name: str, payload: Any, status: int = 200, **headers: str) -> None:
        """Answer a method and path from now on; headers are written with underscores."""
        self._answers[name] = (
            status,
            payload,
            {key.replace("_", "-"): value for key, value in headers.items()},
        )

    def named(self, *names: str) -> list[Recorded]:
        """The requests with these names, in order."""
        return [request for request in self.requests if request.name in names]

    @property
    def last(self) -> Recorded:
        return self.requests[-1]

    async def serve(self, request: web.Request) -> web.Response:
        recorded = Recorded(
            f"{request.method} {request.path}",
            request.rel_url.raw_query_string,
            (await request.read()).decode(),
            request.headers.get("X-MBX-APIKEY"),
        )
        self.requests.append(recorded)
        await asyncio.sleep(self.seconds)
        if recorded.name.endswith("/time") and recorded.name not in self._answers:
            return web.json_response({"serverTime": time.time_ns() // 1_000_000 + self.clock_skew_ms})
        status, payload, headers = self._answers[recorded.name]
        found = payload(recorded) if callable(payload) else payload
        text = found if isinstance(found, str) else json.dumps(found)
        return web.Response(text=text, status=status, headers=headers, content_type="application/json")


@asynccontextmanager
async def recording() -> AsyncIterator[Recorder]:
    """Serve on a free port until the block ends."""
    recorder = Recorder()
    recorder.answer("GET /api/v3/exchangeInfo", exchange_info())
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recorder.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield recorder
    finally:
        await runner.cleanup()


def exchange_info() -> dict[str, Any]:
    """Three pairs: one that takes every order, one that takes no stop at market, one that does not trade."""
    common = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
    return {
        "symbols": [
            listed_pair("BTC", "0.01000000", "0.00001000", [*common, "STOP_LOSS", "TAKE_PROFIT"]),
            listed_pair("ODD", "0.00100000", "1.00000000", common),
            listed_pair("OLD", "0.01000000", "0.10000000", common, status="BREAK"),
            listed_pair("MRG", "0.01000000", "0.10000000", common, isSpotTradingAllowed=False),
        ]
    }


def listed_pair(base: str, tick: str, step: str, types: list[str], **changes: Any) -> dict[str, Any]:
    """One pair of `exchangeInfo`, as far as anybody reads it."""
    return {
        "symbol": f"{base}USDT",
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "orderTypes": types,
        "isSpotTradingAllowed": True,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "9000.00", "stepSize": step},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True},
        ],
        **changes,
    }


def placed(request: Recorded, prefix: str = "new", **changes: Any) -> dict[str, Any]:
    """The full answer to a new order that rests."""
    sent = request.params
    return {
        "symbol": sent["symbol"],
        "orderId": 28,
        "orderListId": -1,
        "clientOrderId": sent[f"{prefix}ClientOrderId"],
        "transactTime": AT,
        "price": "0.00000000",
        "origQty": sent["quantity"],
        "executedQty": "0.00000000",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": sent.get("type", "LIMIT_MAKER"),
        "side": sent["side"],
        "workingTime": AT,
        "fills": [],
        "selfTradePreventionMode": "NONE",
        **changes,
    }


def placing(**changes: Any) -> Callable[[Recorded], dict[str, Any]]:
    """Answer every new order like this."""
    return lambda request: placed(request, **changes)


def placed_pair(request: Recorded) -> dict[str, Any]:
    """The answer to a new pair; its reports come in no particular order."""
    reports = [
        placed(request, prefix, orderListId=7, orderId=number)
        for number, prefix in ((1, "below"), (2, "above"))
    ]
    return {
        "orderListId": 7,
        "listClientOrderId": request.params["listClientOrderId"],
        "orderReports": reports,
    }


def listed(order_id: int = 28, **changes: Any) -> dict[str, Any]:
    """An order as look-ups and lists show it."""
    return {
        "symbol": "BTCUSDT",
        "orderId": order_id,
        "orderListId": -1,
        "clientOrderId": f"client-{order_id}",
        "price": "60000.00000000",
        "origQty": "0.50000000",
        "executedQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": AT,
        "updateTime": AT + 1500,
        "isWorking": True,
        "workingTime": AT,
        "origQuoteOrderQty": "0.00000000",
        "selfTradePreventionMode": "NONE",
        **changes,
    }


def canceled(client_order_id: str, order_id: int = 28, **changes: Any) -> dict[str, Any]:
    """The answer to a cancel; its own client order id is the cancel's."""
    row = listed(
        order_id, clientOrderId="of-the-cancel", origClientOrderId=client_order_id, status="CANCELED"
    )
    del row["time"], row["updateTime"]
    return {**row, "transactTime": AT + 2000, **changes}


def traded(trade_id: int = 57, order_id: int = 28, **changes: Any) -> dict[str, Any]:
    """An execution as `myTrades` shows it."""
    return {
        "symbol": "BTCUSDT",
        "id": trade_id,
        "orderId": order_id,
        "orderListId": -1,
        "price": "60000.00000000",
        "qty": "0.20000000",
        "quoteQty": "12000.00000000",
        "commission": "0.00020000",
        "commissionAsset": "BTC",
        "time": AT + 1000,
        "isBuyer": True,
        "isMaker": False,
        "isBestMatch": True,
        **changes,
    }
