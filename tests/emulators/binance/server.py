"""The venue: a request passes limits, faults and signature, meets the book, is logged, and is answered.

Nothing is awaited between a command and its line, so lines stand in the order of what happened.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from tests.emulators.binance.amounts import parse_amount
from tests.emulators.binance.book import Book
from tests.emulators.binance.calls import Call, check_names, read_call
from tests.emulators.binance.clock import Clock
from tests.emulators.binance.commands import COMMANDS, Command, check
from tests.emulators.binance.control_side import ControlSide
from tests.emulators.binance.controls import CONTROLS
from tests.emulators.binance.engine import Engine
from tests.emulators.binance.faults import ANSWER, BOOK, DOOR, PATHS, FaultBook, FaultRule
from tests.emulators.binance.http import KEY_HEADER, Answer, Connection, Request
from tests.emulators.binance.journal import Journal
from tests.emulators.binance.limits import DAY_WINDOW, Limits
from tests.emulators.binance.log import NAME, BinanceLog, Line
from tests.emulators.binance.market_data import rate_limits
from tests.emulators.binance.orders import Order
from tests.emulators.binance.queries import Query
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance.replay import replay
from tests.emulators.binance.routes import NONE, PUBLIC, QUERIES, ROUTES, TRADE, Route
from tests.emulators.binance.signing import bad_key, check_signature, check_time
from tests.emulators.binance.strikes import EFFECTS, Effect, at_door, unknown_outcome


class Binance:
    """The running venue; its state is what its log says.

    What stands in the class, and what has a public name, another market or another venue does in its own way.
    """

    key_header = KEY_HEADER
    effects: Mapping[str, Effect] = EFFECTS
    fault_paths: Mapping[str, str] = PATHS
    routes = ROUTES
    public = PUBLIC
    queries = QUERIES
    commands = COMMANDS
    controls = CONTROLS
    control_side = ControlSide
    long_window = DAY_WINDOW

    def __init__(self, state_dir: Path, flush_seconds: float = 0.0) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.clock = Clock()
        self.engine = self.make_engine()
        self.log = BinanceLog(state_dir / NAME, flush_seconds)
        replay(self.engine, self.log.lines(), self.commands, self.controls)
        self.faults = FaultBook(self.fault_paths)
        self.limits = Limits(self.long_window)
        self.requests = 0
        self._controls = self.control_side(self)
        self._hidden_until: dict[Order, float] = {}

    def make_engine(self) -> Engine:
        """An engine that has done nothing yet."""
        return Engine(Book())

    @property
    def book(self) -> Book:
        return self.engine.book

    def connection(self) -> Connection:
        """A protocol for one more client."""
        return Connection(self.serve, self.refuse, self.key_header)

    def now(self) -> int:
        """The venue's time in microseconds."""
        return self.clock.now(self.book.settings.clock_skew_seconds)

    def serve(self, request: Request, connection: Connection) -> None:
        """Answer one request."""
        if request.path.startswith("/_control/"):
            connection.answer(self._controls.answer(request))
            return
        self.requests += 1
        at = self.now()
        call = self.read(request, at)
        try:
            answer = self._answer(call)
        except Refusal as refusal:
            answer = self._refuse(call, refusal)
        answer.headers |= self.headers_of(call)
        call.line["status"] = answer.status
        self.log.write(call.line)
        connection.answer(answer)

    def refuse(self, why: str, connection: Connection) -> None:
        """Answer what is no request."""
        at = self.clock.write(self.now())
        self.log.write(
            {
                "at": at,
                "key": "",
                "source": connection.address,
                "method": "",
                "path": "",
                "params": {},
                "status": 400,
                "outcome": "MALFORMED",
                "message": why,
            }
        )
        connection.answer(self.say_no(Refusal(-1000, f"Malformed request: {why}.")))

    def read(self, request: Request, at: int) -> Call:
        """Read a request that came at this time, whatever is to be said of it."""
        return read_call(request, at, self.clock.write(at))

    def authenticate(self, call: Call, route: Route) -> None:
        """Find the account that asks, or raise Refusal."""
        key = call.request.key
        if not key:
            raise Refusal(-2014, "API-key format invalid.", status=401)
        account = call.account = self.book.account(key)
        if account is None or (account.addresses and call.request.address not in account.addresses):
            raise bad_key()
        check_signature(account, call.payload, call.signature)
        self.check_age(call)
        if route.security == TRADE and not account.can_trade:
            raise bad_key()

    def check_age(self, call: Call) -> None:
        """Raise Refusal for what comes too long after it was sent."""
        check_time(call.params, call.now)

    def check_names(self, call: Call, route: Route) -> None:
        """Raise Refusal for parameters that the endpoint does not know."""
        check_names(call.params, route.names)

    def charge(self, call: Call, route: Route) -> None:
        """Count a request's weight, or raise Refusal where there is no room."""
        weight = route.weighs(call.params)
        self.limits.charge(call.request.address, weight, call.second, self.book.settings)

    def headers_of(self, call: Call) -> dict[str, str]:
        """What stands in the head of every answer."""
        used = str(self.limits.used(call.request.address, call.second))
        return {"x-mbx-used-weight": used, "x-mbx-used-weight-1m": used, **call.headers}

    def in_own_words(self, refusal: Refusal) -> Refusal:
        """Say why in the words of this venue."""
        return refusal

    def say(self, payload: Any) -> bytes:
        """Write the body of an answer that does what was asked."""
        return orjson.dumps(payload)

    def say_no(self, refusal: Refusal) -> Answer:
        """Write the answer that refuses."""
        return Answer(refusal.status, orjson.dumps(refusal.body()), dict(refusal.headers))

    def settle(self, line: Line, second: int) -> None:
        """Move what the engine noted into a line, and give back the room that first fills make."""
        journal = self.book.journal
        line |= journal.entries()
        for fill in journal.first_fills:
            self.limits.give_back(fill.order.key, second, is_maker=fill.is_maker)

    def move_prices(self, prices: dict[str, str]) -> None:
        """One step of the venue's own walk."""
        self._controls.change("walk", {"prices": prices})

    def _answer(self, call: Call) -> Answer:
        request, line = call.request, call.line
        self.limits.check_ban(request.address, call.second)
        if (rule := self._pick(DOOR, call)) is not None:
            line["outcome"] = "NOT_ACCEPTED"
            return at_door(rule, call, self.limits, self)
        route = self.routes.get(call.name)
        if route is None:
            raise Refusal(0, f"Path {request.path}, Method {request.method} is invalid", status=404)
        self.charge(call, route)
        if route.security != NONE:
            self.authenticate(call, route)
        self.check_names(call, route)
        if route.orders:
            self.limits.check_orders(request.key, call.second, self.book.settings)
        altered = self._pick(BOOK, call) if route.orders else None
        spoilt = self._pick(ANSWER, call)
        if spoilt is not None and spoilt.kind == "late_accept":
            return self._accept_later(call, route, spoilt)
        payload: Any = None
        try:
            payload = self._do(call, route, altered)
            line.setdefault("outcome", "OK")
            answer = Answer(200, self.say(payload))
        except Refusal as refusal:
            answer = self._refuse(call, refusal)
        return answer if spoilt is None else self.effects[spoilt.kind](spoilt, answer, payload, self)

    def _pick(self, stage: str, call: Call) -> FaultRule | None:
        if not self.faults.rules[stage]:
            return None
        request = call.request
        rule = self.faults.pick(
            stage, request.method, request.path, request.key, request.address, call.params
        )
        if rule is not None:
            call.strike(rule)
        return rule

    def _refuse(self, call: Call, refusal: Refusal) -> Answer:
        refusal = self.in_own_words(refusal)
        call.line["outcome"], call.line["message"] = str(refusal.code), refusal.message
        return self.say_no(refusal)

    def _do(self, call: Call, route: Route, altered: FaultRule | None = None) -> Any:
        if call.name in self.public:
            return self.public[call.name](self.book, call.params, call.now)
        account = call.account
        assert account is not None
        if call.name in self.queries:
            return self.queries[call.name](Query(self.book, account, call.params, self._is_visible))
        if call.name == "GET /api/v3/rateLimit/order":
            return self._order_counts(call)
        command = Command(account, call.params, call.now)
        if call.name == "POST /api/v3/order/test":
            return check(self.engine, command)
        return self._command(call, route, command, altered)

    def _command(self, call: Call, route: Route, command: Command, altered: FaultRule | None) -> Any:
        line, journal = call.line, Journal()
        self.book.journal = journal
        line["engine"] = True
        if altered is not None and altered.kind == "fill_partly":
            line["fraction"] = command.fraction = parse_amount(altered.fraction)
        payload: Any = None
        failed: Refusal | None = None
        try:
            payload = self.commands[call.name](self.engine, command)
        except Refusal as refusal:
            # A replacement that failed in part has changed something, and counts as an attempt to place.
            if refusal.data is None:
                raise
            failed = refusal
        if route.orders:
            self.limits.count_orders(command.account.key, route.orders, call.second)
            if failed is None and not journal.accepted:
                line["outcome"] = "EXISTING"
        self.settle(line, call.second)
        if altered is not None and altered.kind == "lookup_lag":
            self._hide(journal.accepted, altered.length)
        if failed is not None:
            raise failed
        if route.orders:
            short, long = self.limits.orders(command.account.key, call.second)
            call.headers = {
                "x-mbx-order-count-10s": str(short),
                f"x-mbx-order-count-{self.long_window.short}": str(long),
            }
        return payload

    def _accept_later(self, call: Call, route: Route, rule: FaultRule) -> Answer:
        call.line["outcome"] = "LATE"
        asyncio.get_running_loop().call_later(rule.length, self._accept_late, call, route, rule)
        if rule.answer == "504":
            return unknown_outcome(self)
        return Answer(0, after=30.0 if rule.answer == "hang" else 0.0, how="drop")

    def _accept_late(self, call: Call, route: Route, rule: FaultRule) -> None:
        at = self.now()
        late = self.read(call.request, at)
        late.account = call.account
        late.line |= {"late": True, "faults": [rule.named()]}
        try:
            if not rule.ignore_window:
                self.check_age(late)
            self._do(late, route)
            late.line.setdefault("outcome", "OK")
        except Refusal as refusal:
            self._refuse(late, refusal)
        late.line["status"] = 0
        self.log.write(late.line)

    def _order_counts(self, call: Call) -> list[dict[str, Any]]:
        rows = [row for row in rate_limits(self.book) if row["rateLimitType"] == "ORDERS"]
        counts = self.limits.orders(call.request.key, call.second)
        return [{**row, "count": count} for row, count in zip(rows, counts, strict=True)]

    def _hide(self, orders: list[Order], seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        self._hidden_until |= dict.fromkeys(orders, until)

    def _is_visible(self, order: Order) -> bool:
        if not self._hidden_until:
            return True
        until = self._hidden_until.get(order)
        return until is None or asyncio.get_running_loop().time() >= until
