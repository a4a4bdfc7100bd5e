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
from tests.emulators.alpaca.control_side import ControlSide
from tests.emulators.alpaca.log import AlpacaLog
from tests.emulators.alpaca.orders import AlpacaOrder, Refused
from tests.emulators.alpaca.strikes import at_answer, at_door, drop, refused, respond
from tests.emulators.binance.faults import ANSWER, BOOK, DOOR, FaultBook, FaultRule
from tests.emulators.binance.log import NAME
from tests.emulators.venue.log import Line, timestamp

LOAD, LOAD_CASH = "load-", "10000000"
"""Accounts with such keys exist without being created, with secrets `load-secret-<i>`."""


class AlpacaServer:
    """The running venue; its state is what its log says."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.book = AlpacaBook()
        self.log = AlpacaLog(state_dir / NAME)
        self.log.play(self.book)
        self.faults = FaultBook()
        self._controls = ControlSide(self.book, self.log, self.faults)
        self._hidden_until: dict[str, float] = {}

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_route("*", "/_control/{what}", self._controls.answer)
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        line = _line_of(request, self._key_of(request) or "", _readable(await request.read()))
        try:
            struck = self._pick(DOOR, line)
            if struck is not None:
                self.log.write({**line, "status": 0, "outcome": "NOT_ACCEPTED"})
                return await at_door(struck, request)
            altered, spoilt = self._pick(BOOK, line), self._pick(ANSWER, line)
            if spoilt is not None and spoilt.kind == "late_accept":
                return await self._accept_later(request, line, spoilt)
            answer = self._answer(request, line, altered)
        except Refused as refusal:
            if "faults" not in line:
                self.log.write({**line, "status": refusal.status, "outcome": refusal.message})
            waits = {"Retry-After": f"{struck.length:g}"} if struck and refusal.status == 429 else None
            return refused(refusal, waits)
        self.log.write({**line, "status": 200, "outcome": "OK"})
        if altered is not None and altered.kind == "lookup_lag" and line.get("order_id"):
            self._hidden_until[line["order_id"]] = time.monotonic() + altered.length
        return respond(answer) if spoilt is None else await at_answer(spoilt, request, answer)

    def _pick(self, stage: str, line: Line) -> FaultRule | None:
        rule = self.faults.pick(
            stage, line["method"], line["path"], line["key"], line["source"], line["params"]
        )
        if rule is not None:
            line.setdefault("faults", []).append(rule.named())
        return rule

    async def _accept_later(self, request: web.Request, line: Line, rule: FaultRule) -> web.StreamResponse:
        self.log.write({**line, "status": 0, "outcome": "LATE"})
        asyncio.get_running_loop().call_later(rule.length, self._accept_late, request, line)
        if rule.answer == "504":
            return refused(Refused(504, None, "gateway timeout"))
        if rule.answer == "hang":
            await asyncio.sleep(30)
        return drop(request)

    def _accept_late(self, request: web.Request, line: Line) -> None:
        late = {**line, "at": timestamp(), "late": True}
        try:
            self._answer(request, late, None)
            self.log.write({**late, "status": 0, "outcome": "OK"})
        except Refused as refusal:
            self.log.write({**late, "status": 0, "outcome": refusal.message})

    def _key_of(self, request: web.Request) -> str | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer":
            return self.book.tokens.get(token)
        key = request.headers.get("APCA-API-KEY-ID", "")
        if key.startswith(LOAD) and key not in self.book.secrets:
            secret = f"load-secret-{key.removeprefix(LOAD)}"
            self._controls.command("account", key=key, secret=secret, cash=LOAD_CASH, multiplier=1)
        is_known = self.book.secrets.get(key) == request.headers.get("APCA-API-SECRET-KEY", "")
        return key if key in self.book.secrets and is_known else None

    def _answer(self, request: web.Request, line: Line, altered: FaultRule | None) -> Any:
        key = line["key"]
        if not key:
            raise Refused(401, 40110000, "request is not authorized")
        method, path = request.method, request.path
        order_id = path.removeprefix("/v2/orders/")
        if (method, path) == ("POST", "/v2/orders"):
            return self._submit(key, line, altered)
        if method == "DELETE" and order_id != path:
            command = {"do": "cancel", "key": key, "order_id": order_id, "at": line["at"]}
            self.book.apply(command)
            line |= {"command": command, "order_id": order_id, **self.book.journal.take()}
            return None
        if method != "GET":
            raise Refused(404, None, "endpoint not found.")
        visible = [order for order in self.book.orders_of(key) if self._is_visible(order)]
        if path == "/v2/orders:by_client_order_id":
            return self._find(key, client_order_id=request.query["client_order_id"]).public()
        if order_id != path:
            return self._find(key, order_id=order_id).public()
        return views.answer(self.book, key, path, request.query, visible)

    def _submit(self, key: str, line: Line, altered: FaultRule | None) -> Any:
        if not isinstance(line["body"], dict):
            raise Refused(400, 40010000, "request body format is invalid")
        command = {"do": "submit", "key": key, "body": line["body"], "at": line["at"]}
        if altered is not None and altered.kind == "fill_partly":
            command["fraction"] = altered.fraction
        try:
            order, told = self.book.apply(command)
        except (KeyError, ArithmeticError) as error:
            raise Refused(422, 40010001, f"malformed: {error!r}") from error
        line |= {"command": command, "order_id": order.order_id, **self.book.journal.take()}
        return told

    def _find(self, key: str, **ids: str) -> AlpacaOrder:
        order = self.book.find(key, **ids)
        if not self._is_visible(order):
            raise Refused(404, 40410000, "order not found")
        return order

    def _is_visible(self, order: AlpacaOrder) -> bool:
        return time.monotonic() >= self._hidden_until.get(order.order_id, 0.0)


def _line_of(request: web.Request, key: str, body: Any) -> Line:
    asked = body if isinstance(body, dict) else {}
    params = {name: str(value) for name, value in {**request.query, **asked}.items()}
    line: Line = {
        "at": timestamp(),
        "key": key,
        "source": request.remote or "",
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "params": params,
        "body": body,
    }
    if "client_order_id" in params:
        line["client_order_ids"] = [params["client_order_id"]]
    return line


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return body.decode("utf-8", "replace")
