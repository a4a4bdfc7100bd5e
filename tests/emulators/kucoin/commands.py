"""The requests that reach the engine, each as a function of its parameters and its time: the log plays them again."""

from collections.abc import Callable
from typing import Any

from tests.emulators.binance.commands import Command
from tests.emulators.binance.engine import Engine, Wanted
from tests.emulators.binance.orders import Order
from tests.emulators.binance.refusals import unknown_order
from tests.emulators.exchange.book import orders_of
from tests.emulators.kucoin.book import is_plain, plain_id, stop_id
from tests.emulators.kucoin.forms import read_terms, text_of


def place(engine: Engine, command: Command) -> Any:
    """POST /api/v1/hf/orders."""
    order = _place(engine, command, with_stop=False)
    return {"orderId": plain_id(order), "clientOid": order.client_order_id}


def place_stop(engine: Engine, command: Command) -> Any:
    """POST /api/v1/stop-order."""
    order = _place(engine, command, with_stop=True)
    return {"orderId": stop_id(order), "clientOid": order.client_order_id}


def cancel(engine: Engine, command: Command) -> Any:
    """DELETE /api/v1/hf/orders/client-order/{clientOid}."""
    order = _cancel(engine, command, is_wanted=is_plain)
    return {"clientOid": order.client_order_id}


def cancel_stop(engine: Engine, command: Command) -> Any:
    """DELETE /api/v1/stop-order/cancelOrderByClientOid."""
    order = _cancel(engine, command, is_wanted=lambda order: not is_plain(order))
    return {"clientOid": order.client_order_id, "cancelledOrderId": stop_id(order)}


def _place(engine: Engine, command: Command, *, with_stop: bool) -> Order:
    params = dict(command.params)
    market = engine.book.market(text_of(params, "symbol"))
    terms = read_terms(params, with_stop=with_stop)
    return engine.place(command.account, market, terms, command.at, command.fraction)


def _cancel(engine: Engine, command: Command, *, is_wanted: Callable[[Order], bool]) -> Order:
    params = dict(command.params)
    market = engine.book.market(text_of(params, "symbol"))
    name = text_of(params, "clientOid")
    for order in reversed(orders_of(command.account, market.listing.symbol)):
        if order.client_order_id == name and order.is_open and is_wanted(order):
            engine.cancel(command.account, market, Wanted(order.order_id, None), command.at)
            return order
    raise unknown_order()


COMMANDS: dict[str, Callable[[Engine, Command], Any]] = {
    "POST /api/v1/hf/orders": place,
    "POST /api/v1/stop-order": place_stop,
    "DELETE /api/v1/hf/orders/client-order/{clientOid}": cancel,
    "DELETE /api/v1/stop-order/cancelOrderByClientOid": cancel_stop,
}
