"""A loopback server that notes every request as it came and answers in Coinbase's JSON as it is told."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.coinbase_broker import CoinbaseBroker
from shared.brokers.factory import AccountAccess, Credentials
from shared.domain.accounts import Environment
from shared.domain.orders import OrderLookup, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
VENUE_ID = "venue-1"
LOOKUP = OrderLookup(ID, "BTC/USD", VENUE_ID)
BY_OUR_ID = OrderLookup(ID, "BTC/USD")
API = "/api/v3/brokerage"
ORDER, CANCEL = f"POST {API}/orders", f"POST {API}/orders/batch_cancel"
FOUND, LISTED = f"GET {API}/orders/historical/{VENUE_ID}", f"GET {API}/orders/historical/batch"
FILLS, ACCOUNTS = f"GET {API}/orders/historical/fills", f"GET {API}/accounts"
TIME, PRODUCTS = f"GET {API}/time", f"GET {API}/market/products"
RIGHTS, BOOK = f"GET {API}/key_permissions", f"GET {API}/market/product_book"
# When everything in canned answers happened: later than any test sends, so that orders look new.
AT = "2099-03-02T12:00:00.123456Z"
OLD = "2020-03-02T12:00:00.123456Z"


def make_key(number: int = 0) -> tuple[Credentials, ec.EllipticCurvePublicKey]:
    """Make a key as the venue hands it out: its name, its private part as PEM, and what proves its signatures."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    return Credentials(f"organizations/o/apiKeys/{number}", pem), private.public_key()


LOGIN, PUBLIC_KEY = make_key()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request: what was asked, its query as it stood, its body's bytes and its headers."""

    name: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    host: str

    @property
    def json(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read

    @property
    def params(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True, strict_parsing=True)

    def prove(self, key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
        """Return what the token says; raises InvalidSignature unless this key has signed it."""
        head, claims, signature = self.headers["Authorization"].removeprefix("Bearer ").split(".")
        raw = _bytes(signature)
        half = len(raw) // 2
        r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        signed = utils.encode_dss_signature(r, s)
        key.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        said: dict[str, Any] = json.loads(_bytes(claims))
        return said


@dataclass
class CoinbaseRecorder:
    """What came, and what is answered to whom; a callable answer makes one for each request."""

    url: str = ""
    requests: list[Recorded] = field(default_factory=list)
    seconds: float = 0.0
    skew_seconds: float = 0.0
    _answers: dict[str, tuple[int, Any, dict[str, str]]] = field(default_factory=dict)

    def answer(self, name: str, payload: Any, status: int = 200, **headers: str) -> None:
        """Answer a method and path from now on; headers are written with underscores."""
        self._answers[name] = (status, payload, {key.replace("_", "-"): v for key, v in headers.items()})

    def named(self, *names: str) -> list[Recorded]:
        """The requests with these names, in order."""
        return [request for request in self.requests if request.name in names]

    @property
    def asked(self) -> list[str]:
        """The names of all requests but those for the time."""
        return [request.name for request in self.requests if request.name != TIME]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        recorded = Recorded(
            f"{request.method} {request.path}",
            request.rel_url.raw_query_string,
            await request.read(),
            dict(request.headers),
            request.host,
        )
        self.requests.append(recorded)
        await asyncio.sleep(self.seconds)
        if recorded.name == TIME and TIME not in self._answers:
            milliseconds = time.time_ns() // 1_000_000 + int(self.skew_seconds * 1000)
            return web.json_response({"epochMillis": str(milliseconds)})
        status, payload, headers = self._answers[recorded.name]
        found = payload(recorded) if callable(payload) else payload
        text = found if isinstance(found, str) else json.dumps(found)
        return web.Response(text=text, status=status, headers=headers, content_type="application/json")


@asynccontextmanager
async def recording() -> AsyncIterator[CoinbaseRecorder]:
    """Serve on a free port until the block ends."""
    recorder = CoinbaseRecorder()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recorder.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    recorder.answer(ORDER, taking())
    # A new order is looked up once; nothing was executed unless a test says so.
    recorder.answer(FOUND, {"order": told()})
    recorder.answer(FILLS, {"fills": [], "cursor": ""})
    recorder.answer(PRODUCTS, {"products": [listed_product("BTC", "0.01", "0.00000001")]})
    try:
        yield recorder
    finally:
        await runner.cleanup()


def open_broker(
    adapter: CoinbaseAdapter, venue: CoinbaseRecorder, credentials: Credentials | None = None, **changes: Any
) -> CoinbaseBroker:
    access = AccountAccess(
        "account", "coinbase", Environment.LIVE, credentials or LOGIN, venue.url, **changes
    )
    found = adapter.open_broker(access)
    assert isinstance(found, CoinbaseBroker)
    return found


def an_order(symbol: str = "BTC/USD", **changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "client_order_id": ID,
        "symbol": symbol,
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal("0.00500"),
    }
    return OrderRequest(**{**fields, **changes})


def taking(order_id: str = VENUE_ID, **changes: Any) -> Callable[[Recorded], dict[str, Any]]:
    """Answer every new order like this."""

    def answer(request: Recorded) -> dict[str, Any]:
        sent = request.json
        response = {name: sent[name] for name in ("product_id", "side", "client_order_id")}
        return {
            "success": True,
            "failure_reason": "UNKNOWN_FAILURE_REASON",
            "success_response": {"order_id": order_id, **response, **changes},
            "order_configuration": sent["order_configuration"],
        }

    return answer


def refusing(reason: str, **more: str) -> dict[str, Any]:
    """The answer to a new order that is not taken."""
    said = {"error": reason, "message": "", "error_details": "", **more}
    return {"success": False, "failure_reason": "UNKNOWN_FAILURE_REASON", "error_response": said}


def told(order_id: str = VENUE_ID, **changes: Any) -> dict[str, Any]:
    """An order as look-ups and lists show it."""
    return {
        "order_id": order_id,
        "product_id": "BTC-USD",
        "client_order_id": ID,
        "side": "BUY",
        "status": "OPEN",
        "order_configuration": {"limit_limit_gtc": {"base_size": "2", "limit_price": "100"}},
        "created_time": AT,
        "filled_size": "0",
        "average_filled_price": "0",
        **changes,
    }


def executed(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An execution; times have nine decimals of a second there."""
    return {
        "entry_id": f"e-{number:05d}",
        "trade_id": f"t-{number}",
        "order_id": VENUE_ID,
        "trade_time": "2099-03-02T12:00:01.123456789Z",
        "trade_type": "FILL",
        "price": "100.5",
        "size": "0.5",
        "commission": "0.603",
        "product_id": "BTC-USD",
        "size_in_quote": False,
        "side": "BUY",
        **changes,
    }


def listed_product(base: str, tick: str, lot: str, **changes: Any) -> dict[str, Any]:
    """One product, as far as anybody reads it."""
    return {
        "product_id": f"{base}-USD",
        "product_type": "SPOT",
        "base_currency_id": base,
        "quote_currency_id": "USD",
        "price_increment": tick,
        "quote_increment": tick,
        "base_increment": lot,
        "base_min_size": lot,
        "quote_min_size": "1",
        "status": "online",
        "trading_disabled": False,
        **changes,
    }


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
