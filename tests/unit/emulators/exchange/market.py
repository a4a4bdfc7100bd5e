"""A made-up exchange for the tests: ids in paths, JSON in envelopes, refusals at status 200."""

import json
from pathlib import Path
from typing import Any, ClassVar

import orjson

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.calls import Call
from tests.emulators.binance.commands import Command
from tests.emulators.binance.engine import Engine, Wanted
from tests.emulators.binance.forms import number_of
from tests.emulators.binance.http import Answer, Connection, Request
from tests.emulators.binance.orders import Order, Terms
from tests.emulators.binance.queries import Query
from tests.emulators.binance.refusals import Refusal, no_such_order
from tests.emulators.binance.routes import NONE, TRADE, USER_DATA, Route
from tests.emulators.binance.settings import VenueSettings
from tests.emulators.exchange.book import ExchangeBook, find_by_name, list_markets, orders_of, uuid_of
from tests.emulators.exchange.refusals import Reason, Said, Told
from tests.emulators.exchange.server import Exchange
from tests.emulators.exchange.strikes import effects_with

_KINDS = {(False, False): "MARKET", (True, False): "LIMIT", (False, True): "STOP_LOSS"}


def place(engine: Engine, command: Command) -> Any:
    params = command.params
    market = engine.book.market(params["product"])
    kind = _KINDS["price" in params, "stop" in params]
    terms = Terms(
        params["side"],
        kind,
        quantity=number_of(params, "size"),
        price=number_of(params, "price"),
        stop_price=number_of(params, "stop"),
        client_order_id=params["name"],
    )
    order = engine.place(command.account, market, terms, command.at, command.fraction)
    return {"id": uuid_of(order)}


def cancel(engine: Engine, command: Command) -> Any:
    order = _found(engine.book, command.account, command.params["id"])
    market = engine.book.markets[order.listing.symbol]
    engine.cancel(command.account, market, Wanted(order.order_id, None), command.at)
    return {"id": command.params["id"]}


def show(query: Query) -> Any:
    return _told(_found(query.book, query.account, query.params["id"]))


def fills(query: Query) -> Any:
    orders = orders_of(query.account, query.params.get("product"))
    return {"rows": [fill.trade_id for order in orders for fill in order.fills]}


def _found(book: Any, account: Account, name: str) -> Order:
    order = book.find_by_id(account, name) or find_by_name(account, name)
    if order is None:
        raise no_such_order()
    return order


def _told(order: Order) -> Any:
    return {"id": uuid_of(order), "name": order.client_order_id, "status": order.status}


class MadeUp(Exchange):
    """The made-up venue."""

    key_header = "made-up-key"
    id_names = ("name",)
    fault_paths: ClassVar[dict[str, str]] = {"double_fills": "/fills", "shuffle_fills": "/fills"}
    effects = effects_with("rows")
    words: ClassVar[dict[Reason, Said]] = {
        Reason.MALFORMED: Said(400, "E00"),
        Reason.INSUFFICIENT: Said(200, "E17", "no money"),
        Reason.NO_SUCH_ORDER: Said(404, "E18", "no order"),
        Reason.DUPLICATE: Said(200, "E19", "again"),
        Reason.FAILED: Said(500, "E99", "broken"),
    }
    routes: ClassVar[dict[str, Route]] = {
        "GET /time": Route(NONE, 1, frozenset()),
        "POST /orders": Route(TRADE, 1, frozenset(["product", "side", "size", "price", "stop", "name"]), 1),
        "GET /orders/{id}": Route(USER_DATA, 1, frozenset()),
        "DELETE /orders/{id}": Route(TRADE, 1, frozenset()),
        "GET /fills": Route(USER_DATA, 1, frozenset({"product"})),
    }
    public: ClassVar[dict[str, Any]] = {"GET /time": lambda book, params, now: {"now": now}}
    queries: ClassVar[dict[str, Any]] = {"GET /orders/{id}": show, "GET /fills": fills}
    commands: ClassVar[dict[str, Any]] = {"POST /orders": place, "DELETE /orders/{id}": cancel}

    def make_engine(self) -> Engine:
        settings = VenueSettings(fee_asset="quote", passed_stops="trigger", stops_lock=False)
        return Engine(ExchangeBook(list_markets("{}-{}".format, quote="EUR"), settings, "EUR"))

    def authenticate(self, call: Call, route: Route) -> None:
        call.account = self.book.account(call.request.key)
        if call.account is None or call.request.headers.get("made-up-secret") != "s":
            raise Told(Said(401, "E01", "who are you?"))

    def say(self, payload: Any) -> bytes:
        return orjson.dumps({"ok": True, "result": payload})

    def refusal_body(self, told: Refusal) -> Any:
        return {"ok": False, "why": [told.code, told.message]}


class Line(Connection):
    """Keeps the answer."""

    def __init__(self) -> None:
        self.address = "127.0.0.1"
        self.answered = Answer()

    def answer(self, answer: Answer) -> None:
        self.answered = answer


class Client:
    """One account of the venue, without HTTP in between."""

    def __init__(self, folder: Path, **balances: str) -> None:
        self.venue = MadeUp(folder)
        self.key = "k"
        self.control("account", key="k", secret="s", balances=balances)

    def ask(
        self, method: str, path: str, *, query: str = "", secret: str = "s", **body: str
    ) -> tuple[int, Any]:
        text = json.dumps(body) if body else ""
        headers = {"made-up-secret": secret}
        request = Request(method, path, query, text, self.key, "127.0.0.1", keeps_alive=True, headers=headers)
        line = Line()
        self.venue.serve(request, line)
        return line.answered.status, json.loads(line.answered.body)

    def order(self, name: str, side: str, size: str, **more: str) -> tuple[int, Any]:
        return self.ask("POST", "/orders", name=name, product="BTC-EUR", side=side, size=size, **more)

    def status(self, name: str) -> str:
        return str(self.ask("GET", f"/orders/{name}")[1]["result"]["status"])

    def control(self, what: str, **wish: Any) -> None:
        self.venue._controls.change(what, wish)

    def money(self, asset: str) -> tuple[int, int]:
        account = self.venue.book.accounts[self.key]
        return account.free.get(asset, 0), account.locked.get(asset, 0)
