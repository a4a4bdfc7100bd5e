"""The venue's HTTP side: signed requests, the book, the log, and faults between them.

Within one request nothing is awaited between applying a command and writing its line, so lines stand
in the order of what happened.
"""

import asyncio
import hmac
import json
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.emulators.venue.book import Command, Refused, VenueBook, VenueOrder
from tests.emulators.venue.faults import FaultBook, FaultRule
from tests.emulators.venue.instruments import LISTINGS
from tests.emulators.venue.log import Line, VenueLog, timestamp
from tests.emulators.venue.signing import signature

RECEIVE_WINDOW_SECONDS = 30.0
PUBLIC = frozenset({"/instruments", "/quotes"})
READ_ONLY = frozenset({"log", "lines", "orders", "faults"})


class Venue:
    """The running venue; its state is what its log says."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.book = VenueBook()
        self.log = VenueLog(state_dir / "venue.jsonl")
        self.log.replay(self.book)
        self.faults = FaultBook()
        self._hidden_until: dict[int, float] = {}
        self._late: set[asyncio.Task[None]] = set()

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_route("*", "/_control/{what}", self._control)
        app.router.add_route("*", "/{path:.*}", self._serve)
        app.on_shutdown.append(self._stop)
        return app

    async def _stop(self, _: web.Application) -> None:
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    # Requests of traders ----------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        key = request.headers.get("X-API-KEY", "")
        line: Line = {
            "at": timestamp(),
            "key": key,
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "body": _readable(body),
        }
        fault = self.faults.pick(request.method, request.path, key)
        if fault is not None:
            line["fault"] = fault.kind
            before = await self._fail_before(fault, request, line)
            if before is not None:
                return before
        try:
            self._authenticate(request, key, body)
            payload: Any = self._answer(request, key, line)
        except Refused as refusal:
            self.log.write({**line, "status": refusal.status, "outcome": refusal.code})
            return web.json_response(
                {"code": refusal.code, "message": refusal.message}, status=refusal.status
            )
        self.log.write({**line, "status": 200, "outcome": "OK"})
        if fault is not None:
            if fault.kind == "lookup_lag" and line.get("order_id"):
                self._hidden_until[int(line["order_id"])] = time.monotonic() + fault.seconds
            return await self._fail_after(fault, request, payload)
        return web.json_response(payload)

    async def _fail_before(
        self, fault: FaultRule, request: web.Request, line: Line
    ) -> web.StreamResponse | None:
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            return None
        simple = {
            "rate_limit": (429, "RATE_LIMIT"),
            "unauthorized": (401, "BAD_KEY"),
            "server_error": (503, "DOWN"),
        }
        if fault.kind in simple:
            status, code = simple[fault.kind]
            self.log.write({**line, "status": status, "outcome": code})
            headers = {"Retry-After": f"{fault.seconds:g}"} if status == 429 else {}
            return web.json_response({"code": code}, status=status, headers=headers)
        if fault.kind == "drop_before":
            self.log.write({**line, "status": 0, "outcome": "DROPPED"})
            return _drop(request)
        if fault.kind == "late_accept":
            self.log.write({**line, "status": 504, "outcome": "LATE"})
            task = asyncio.create_task(self._accept_late(fault.seconds, line))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            return web.json_response({"code": "TIMEOUT"}, status=504)
        return None

    async def _fail_after(self, fault: FaultRule, request: web.Request, payload: Any) -> web.StreamResponse:
        if fault.kind == "accept_then_500":
            return web.json_response({"code": "INTERNAL"}, status=500)
        if fault.kind == "accept_then_drop":
            return _drop(request)
        if fault.kind == "garbage":
            return web.Response(text="<html>upstream says hello</html>", content_type="text/html")
        if fault.kind == "accept_then_hang":
            await asyncio.sleep(fault.seconds)
        return web.json_response(payload)

    async def _accept_late(self, seconds: float, line: Line) -> None:
        await asyncio.sleep(seconds)
        late = {**line, "at": timestamp(), "late": True}
        try:
            self._submit(line["key"], late, arrived_at=line["at"])
        except Refused as refusal:
            self.log.write({**late, "status": refusal.status, "outcome": refusal.code})
        else:
            self.log.write({**late, "status": 200, "outcome": "OK"})

    def _authenticate(self, request: web.Request, key: str, body: bytes) -> None:
        if request.path in PUBLIC:
            return
        secret = self.book.secret_of(key)
        sent_at = request.headers.get("X-TIMESTAMP", "")
        if secret is None or not sent_at.isdecimal():
            raise Refused(401, "BAD_KEY")
        expected = signature(secret, sent_at, request.method, request.raw_path, body)
        if not hmac.compare_digest(expected, request.headers.get("X-SIGNATURE", "")):
            raise Refused(401, "BAD_SIGNATURE")
        if abs(time.time() - int(sent_at) / 1000) > RECEIVE_WINDOW_SECONDS:
            raise Refused(401, "STALE_TIMESTAMP")

    def _answer(self, request: web.Request, key: str, line: Line) -> Any:
        query = request.query
        match request.method, request.path:
            case "POST", "/orders":
                return self._submit(key, line, arrived_at=line["at"]).public()
            case "DELETE", "/orders":
                return self._cancel(key, line, dict(query)).public()
            case "GET", "/order":
                order = self.book.find(key, query.get("client_order_id"), query.get("order_id"))
                if not self._visible(order):
                    raise Refused(404, "ORDER_NOT_FOUND")
                return order.public()
            case "GET", "/orders/open":
                return [order.public() for order in self._orders(key) if order.is_open]
            case "GET", "/orders":
                return [
                    order.public()
                    for order in self._orders(key, query.get("symbol"))
                    if order.is_open or order.updated_at >= query.get("since", "")
                ]
            case "GET", "/fills":
                fills = [fill for order in self._orders(key, query.get("symbol")) for fill in order.fills]
                since = query.get("since", "")
                return sorted((fill for fill in fills if fill["at"] >= since), key=lambda fill: fill["at"])
            case "GET", "/balances":
                held = self.book.on_hold(key)
                return [
                    {"asset": asset, "total": str(total), "free": str(total - held[asset])}
                    for asset, total in sorted(self.book.wallet(key).items())
                ]
        return self._answer_public(request)

    def _answer_public(self, request: web.Request) -> Any:
        if (request.method, request.path) == ("GET", "/instruments"):
            return [_listing(name) for name in LISTINGS]
        if (request.method, request.path) == ("GET", "/quotes"):
            wanted = request.query.get("symbols", "").split(",")
            return [self._quote(name) for name in wanted if name in LISTINGS]
        raise Refused(404, "NO_SUCH_ENDPOINT")

    def _submit(self, key: str, line: Line, *, arrived_at: str) -> VenueOrder:
        if not isinstance(line["body"], dict):
            raise Refused(400, "BAD_ORDER")
        command = {
            "do": "submit",
            "key": key,
            "body": line["body"],
            "at": line["at"],
            "arrived_at": arrived_at,
        }
        try:
            order: VenueOrder = self.book.apply(command)
        except (KeyError, ArithmeticError) as error:
            raise Refused(400, "BAD_ORDER", repr(error)) from error
        line |= {"command": command, "order_id": str(order.order_id)}
        return order

    def _cancel(self, key: str, line: Line, query: dict[str, str]) -> VenueOrder:
        command = {
            "do": "cancel",
            "key": key,
            "at": line["at"],
            "client_order_id": query.get("client_order_id"),
            "order_id": query.get("order_id"),
        }
        order: VenueOrder = self.book.apply(command)
        line |= {"command": command, "order_id": str(order.order_id)}
        return order

    def _orders(self, key: str, symbol: str | None = None) -> list[VenueOrder]:
        orders = self.book.orders_of(key)
        return [order for order in orders if symbol in (None, order.symbol) and self._visible(order)]

    def _visible(self, order: VenueOrder) -> bool:
        return time.monotonic() >= self._hidden_until.get(order.order_id, 0.0)

    def _quote(self, symbol: str) -> dict[str, str]:
        bid, ask = self.book.quote(symbol)
        return {"symbol": symbol, "bid": str(bid), "ask": str(ask), "at": timestamp()}

    # Requests of tests ------------------------------------------------------------------------------

    async def _control(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        if request.method == "GET" and what in READ_ONLY:
            return web.json_response(self._show(what, request))
        body = await request.json() if request.can_read_body else {}
        if what == "faults":
            if request.method == "DELETE":
                self.faults.clear()
            else:
                self.faults.add(body)
        elif what in {"price", "partial", "account", "settings"}:
            command: Command = {**body, "do": what, "at": timestamp()}
            self.book.apply(command)
            self.log.write(
                {
                    "at": command["at"],
                    "key": "",
                    "method": "CONTROL",
                    "path": what,
                    "query": {},
                    "body": body,
                    "status": 200,
                    "outcome": "OK",
                    "command": command,
                }
            )
        else:
            return web.json_response({"code": "NO_SUCH_CONTROL"}, status=404)
        return web.json_response({"ok": True})

    def _show(self, what: str, request: web.Request) -> Any:
        if what == "log":
            return self.log.summary()
        if what == "lines":
            return self.log.lines()
        if what == "faults":
            return self.faults.describe()
        key = request.query.get("key")
        orders = [order for order in self.book.orders if key in (None, order.key)]
        return [{"key": order.key, **order.public()} for order in orders]


def _listing(symbol: str) -> dict[str, str]:
    listing = LISTINGS[symbol]
    return {
        "symbol": listing.symbol,
        "base": listing.base,
        "quote": listing.quote,
        "tick": str(listing.tick),
        "lot": str(listing.lot),
        "minimum_notional": str(listing.minimum_notional),
    }


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return body.decode("utf-8", "replace")


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
