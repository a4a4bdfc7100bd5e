"""The emulated Alpaca's HTTP side: logins, the book, the log, and faults between them.

Within one request nothing is awaited between applying a command and writing its line, so lines stand in the order of
what happened. Trading and prices are served at the same address.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.emulators.alpaca import views
from tests.emulators.alpaca.book import AlpacaBook
from tests.emulators.alpaca.log import AlpacaLog
from tests.emulators.alpaca.orders import AlpacaOrder, Refused
from tests.emulators.venue.faults import FaultBook, FaultRule
from tests.emulators.venue.log import Line, timestamp

COMMANDS = frozenset({"account", "price", "clock", "partial"})
# Faults that answer before anything is looked at.
_AT_THE_DOOR = {
    "rate_limit": (429, 42910000, "too many requests."),
    "unauthorized": (401, 40110000, "request is not authorized"),
    "server_error": (503, 50310000, "service unavailable"),
}


class AlpacaServer:
    """The running venue; its state is what its log says."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.book = AlpacaBook()
        self.log = AlpacaLog(state_dir / "alpaca.jsonl")
        self.log.play(self.book)
        self.faults = FaultBook()
        self._hidden_until: dict[str, float] = {}

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_route("*", "/_control/{what}", self._control)
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        line: Line = {
            "at": timestamp(),
            "key": self._key_of(request) or "",
            "source": request.remote,
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "body": _readable(await request.read()),
        }
        fault = self.faults.pick(request.method, request.path, line["key"])
        if fault is not None:
            line["fault"] = fault.kind
            before = await self._fail_before(fault, request, line)
            if before is not None:
                return before
        try:
            answer = self._answer(request, line)
        except Refused as refusal:
            self.log.write({**line, "status": refusal.status, "outcome": refusal.message})
            return web.json_response(refusal.public(), status=refusal.status)
        self.log.write({**line, "status": 200, "outcome": "OK"})
        if fault is not None:
            if fault.kind == "lookup_lag" and line.get("order_id"):
                self._hidden_until[line["order_id"]] = time.monotonic() + fault.seconds
            return await _fail_after(fault, request, answer)
        return _respond(answer)

    async def _fail_before(
        self, fault: FaultRule, request: web.Request, line: Line
    ) -> web.StreamResponse | None:
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault.kind in _AT_THE_DOOR:
            status, code, words = _AT_THE_DOOR[fault.kind]
            self.log.write({**line, "status": status, "outcome": words})
            headers = {"Retry-After": f"{fault.seconds:g}"} if status == 429 else {}
            return web.json_response({"code": code, "message": words}, status=status, headers=headers)
        if fault.kind == "drop_before":
            self.log.write({**line, "status": 0, "outcome": "DROPPED"})
            return _drop(request)
        return None

    def _key_of(self, request: web.Request) -> str | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer":
            return self.book.tokens.get(token)
        key = request.headers.get("APCA-API-KEY-ID", "")
        is_known = self.book.secrets.get(key) == request.headers.get("APCA-API-SECRET-KEY", "")
        return key if key in self.book.secrets and is_known else None

    def _answer(self, request: web.Request, line: Line) -> Any:
        key = line["key"]
        if not key:
            raise Refused(401, 40110000, "request is not authorized")
        method, path = request.method, request.path
        order_id = path.removeprefix("/v2/orders/")
        if (method, path) == ("POST", "/v2/orders"):
            return self._submit(key, line)
        if method == "DELETE" and order_id != path:
            command = {"do": "cancel", "key": key, "order_id": order_id, "at": line["at"]}
            self.book.apply(command)
            line |= {"command": command, "order_id": order_id}
            return None
        if method != "GET":
            raise Refused(404, None, "endpoint not found.")
        visible = [order for order in self.book.orders_of(key) if self._is_visible(order)]
        if path == "/v2/orders:by_client_order_id":
            return self._find(key, client_order_id=request.query["client_order_id"]).public()
        if order_id != path:
            return self._find(key, order_id=order_id).public()
        return views.answer(self.book, key, path, request.query, visible)

    def _submit(self, key: str, line: Line) -> Any:
        if not isinstance(line["body"], dict):
            raise Refused(400, 40010000, "request body format is invalid")
        command = {"do": "submit", "key": key, "body": line["body"], "at": line["at"]}
        try:
            order, told = self.book.apply(command)
        except (KeyError, ArithmeticError) as error:
            raise Refused(422, 40010001, f"malformed: {error!r}") from error
        line |= {"command": command, "order_id": order.order_id}
        return told

    def _find(self, key: str, **ids: str) -> AlpacaOrder:
        order = self.book.find(key, **ids)
        if not self._is_visible(order):
            raise Refused(404, 40410000, "order not found")
        return order

    def _is_visible(self, order: AlpacaOrder) -> bool:
        return time.monotonic() >= self._hidden_until.get(order.order_id, 0.0)

    # Requests of tests ------------------------------------------------------------------------------

    async def _control(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        if request.method == "GET":
            return web.json_response(self.log.summary() if what == "summary" else self.log.lines())
        if request.method == "DELETE":
            self.faults.clear()
            return web.json_response({})
        body = await request.json()
        if what == "faults":
            self.faults.add(body)
        elif what in COMMANDS:
            command = {**body, "do": what, "at": timestamp()}
            self.book.apply(command)
            line = {"at": command["at"], "key": "", "method": "CONTROL", "path": what, "body": body}
            self.log.write({**line, "status": 200, "outcome": "OK", "command": command})
        else:
            return web.json_response({}, status=404)
        return web.json_response({})


async def _fail_after(fault: FaultRule, request: web.Request, answer: Any) -> web.StreamResponse:
    if fault.kind == "accept_then_500":
        return web.json_response({"code": 50010000, "message": "internal server error"}, status=500)
    if fault.kind == "accept_then_drop":
        return _drop(request)
    if fault.kind == "garbage":
        return web.Response(text="<html>upstream says hello</html>", content_type="text/html")
    if fault.kind == "accept_then_hang":
        await asyncio.sleep(fault.seconds)
    return _respond(answer)


def _respond(answer: Any) -> web.Response:
    return web.Response(status=204) if answer is None else web.json_response(answer)


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return body.decode("utf-8", "replace")
