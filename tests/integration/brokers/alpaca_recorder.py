"""A loopback server that notes every request as it came and answers in Alpaca's JSON as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiohttp import web

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.alpaca.broker import AlpacaBroker
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from shared.domain.orders import OrderLookup, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

KEY, SECRET = "key-a", "secret-a"
ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
OTHER = "f" * 32
LOOKUP = OrderLookup(ID, "AAPL", "venue-1")
ORDER, FOUND = "POST /v2/orders", "GET /v2/orders:by_client_order_id"
FILLS = "GET /v2/account/activities/FILL"
# As the venue writes times: nine decimals of a second.
AT = "2026-11-30T15:30:00.123456789Z"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request: what was asked, its query as it stood, its body's bytes and its headers."""

    name: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    source: str

    @property
    def json(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read


@dataclass
class AlpacaRecorder:
    """What came, and what is answered to whom; a callable answer makes one for each request."""

    url: str = ""
    requests: list[Recorded] = field(default_factory=list)
    seconds: float = 0.0
    _answers: dict[str, tuple[int, Any, dict[str, str]]] = field(default_factory=dict)

    def answer(self, name: str, payload: Any, status: int = 200, **headers: str) -> None:
        """Answer a method and path from now on; headers are written with underscores."""
        self._answers[name] = (status, payload, {key.replace("_", "-"): v for key, v in headers.items()})

    def named(self, *names: str) -> list[Recorded]:
        """The requests with these names, in order."""
        return [request for request in self.requests if request.name in names]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        recorded = Recorded(
            f"{request.method} {request.path}",
            request.rel_url.raw_query_string,
            await request.read(),
            dict(request.headers),
            request.remote or "",
        )
        self.requests.append(recorded)
        await asyncio.sleep(self.seconds)
        status, payload, headers = self._answers[recorded.name]
        found = payload(recorded) if callable(payload) else payload
        text = found if isinstance(found, str) else json.dumps(found)
        return web.Response(text=text, status=status, headers=headers, content_type="application/json")


@asynccontextmanager
async def recording() -> AsyncIterator[AlpacaRecorder]:
    """Serve on a free port until the block ends."""
    recorder = AlpacaRecorder()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recorder.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    # A new order is looked up once; nothing was executed unless a test says so.
    recorder.answer(FOUND, {"code": 40410000, "message": "order not found"}, 404)
    recorder.answer(FILLS, [])
    try:
        yield recorder
    finally:
        await runner.cleanup()


def open_broker(
    adapter: AlpacaAdapter,
    venue: AlpacaRecorder,
    environment: Environment = Environment.LIVE,
    credentials: Credentials | None = None,
    **changes: Any,
) -> AlpacaBroker:
    login = credentials or Credentials(KEY, SECRET)
    access = AccountAccess("account", "alpaca", environment, login, venue.url, **changes)
    found = adapter.open_broker(access)
    assert isinstance(found, AlpacaBroker)
    return found


def an_order(symbol: str = "AAPL", **changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "client_order_id": ID,
        "symbol": symbol,
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal("5.00"),
    }
    return OrderRequest(**{**fields, **changes})


def an_exit(symbol: str = "AAPL", **changes: Any) -> OrderRequest:
    return an_order(symbol, **{"side": Side.SELL, "reduce_only": True, **changes})


def told(order_id: int = 1, **changes: Any) -> dict[str, Any]:
    """An order as every answer shows it."""
    return {
        "id": f"venue-{order_id}",
        "client_order_id": ID,
        "created_at": AT,
        "updated_at": AT,
        "submitted_at": AT,
        "filled_at": None,
        "asset_class": "us_equity",
        "symbol": "AAPL",
        "qty": "5",
        "filled_qty": "0",
        "filled_avg_price": None,
        "order_class": "simple",
        "type": "limit",
        "side": "buy",
        "time_in_force": "gtc",
        "status": "new",
        "legs": None,
        **changes,
    }


def placing(**changes: Any) -> Callable[[Recorded], dict[str, Any]]:
    """Answer every new order like this."""
    names = ("client_order_id", "symbol", "qty", "side", "type", "time_in_force")
    return lambda request: told(**{name: request.json[name] for name in names}, **changes)


def executed(number: int = 1, order_id: int = 1, **changes: Any) -> dict[str, Any]:
    """An execution as the list of activities shows it."""
    return {
        "id": f"20261130153001000::{number:04d}",
        "activity_type": "FILL",
        "transaction_time": "2026-11-30T15:30:01.5Z",
        "type": "fill",
        "price": "214.5",
        "qty": "5",
        "side": "buy",
        "symbol": "AAPL",
        "leaves_qty": "0",
        "order_id": f"venue-{order_id}",
        "cum_qty": "5",
        "order_status": "filled",
        **changes,
    }
