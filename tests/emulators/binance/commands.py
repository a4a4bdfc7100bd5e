"""The requests that reach the matching engine, each as a function of its parameters and its time.

A line of the log that is marked `engine` is played again through the same functions, so nothing here
may depend on anything but the book, the command and what stands in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.book import Market
from tests.emulators.binance.checks import check_filters
from tests.emulators.binance.engine import RESTRICTIONS, Engine, Wanted
from tests.emulators.binance.forms import (
    Params,
    client_id_of,
    leg_terms,
    number_of,
    read_terms,
    side_of,
    text_of,
    whole_of,
)
from tests.emulators.binance.orders import Order, Terms
from tests.emulators.binance.refusals import Refusal, neither, unknown_order
from tests.emulators.binance.reports import (
    RESPONSES,
    amended,
    canceled,
    pair_canceled,
    pair_placed,
    placed,
)


@dataclass(slots=True)
class Command:
    """What an account asks of the engine; `at` is the venue's time in milliseconds."""

    account: Account
    params: Params
    at: int
    fraction: int | None = None


def place(engine: Engine, command: Command) -> Any:
    """POST /api/v3/order."""
    market, terms, wanted = _read(engine, command)
    return placed(engine.place(command.account, market, terms, command.at, command.fraction), wanted)


def check(engine: Engine, command: Command) -> Any:
    """POST /api/v3/order/test: read and judged, not taken."""
    market, terms, _ = _read(engine, command)
    check_filters(market, terms)
    return {}


def cancel(engine: Engine, command: Command) -> Any:
    """DELETE /api/v3/order."""
    market = _market(engine, command)
    wanted = _wanted(command.params, "orderId", "origClientOrderId")
    ended = engine.cancel(command.account, market, wanted, command.at)
    return _canceled(ended, client_id_of(command.params, "newClientOrderId"), command.at)


def cancel_all(engine: Engine, command: Command) -> Any:
    """DELETE /api/v3/openOrders."""
    market = _market(engine, command)
    orders = list(command.account.ledgers[market.listing.symbol].open.values())
    if not orders:
        raise unknown_order()
    answers = []
    for order in orders:
        if order.is_open:
            wanted = Wanted(order.order_id, None)
            ended = engine.cancel(command.account, market, wanted, command.at)
            answers.append(_canceled(ended, "", command.at))
    return answers


def replace(engine: Engine, command: Command) -> Any:
    """POST /api/v3/order/cancelReplace."""
    market, terms, response = _read(engine, command)
    params = command.params
    mode = text_of(params, "cancelReplaceMode")
    if mode not in {"STOP_ON_FAILURE", "ALLOW_FAILURE"}:
        raise Refusal(
            -1102, "Mandatory parameter 'cancelReplaceMode' was not sent, was empty/null, or malformed."
        )
    wanted = _wanted(params, "cancelOrderId", "cancelOrigClientOrderId")
    check_filters(market, terms)
    name = client_id_of(params, "cancelNewClientOrderId")
    results: dict[str, Any] = {"cancelResult": "SUCCESS", "newOrderResult": "SUCCESS"}
    try:
        ended = engine.cancel(command.account, market, wanted, command.at)
        results["cancelResponse"] = _canceled(ended, name, command.at)
    except Refusal as refusal:
        results |= {"cancelResult": "FAILURE", "cancelResponse": refusal.body()}
    if results["cancelResult"] == "FAILURE" and mode == "STOP_ON_FAILURE":
        results |= {"newOrderResult": "NOT_ATTEMPTED", "newOrderResponse": None}
    else:
        try:
            order = engine.place(command.account, market, terms, command.at, command.fraction)
            results["newOrderResponse"] = placed(order, response)
        except Refusal as refusal:
            results |= {"newOrderResult": "FAILURE", "newOrderResponse": refusal.body()}
    succeeded = [results["cancelResult"], results["newOrderResult"]].count("SUCCESS")
    if succeeded == 1:
        raise Refusal(-2021, "Order cancel-replace partially failed.", status=409, data=results)
    if not succeeded:
        raise Refusal(-2022, "Order cancel-replace failed.", data=results)
    return results


def amend(engine: Engine, command: Command) -> Any:
    """PUT /api/v3/order/amend/keepPriority."""
    market, params = _market(engine, command), command.params
    wanted = _wanted(params, "orderId", "origClientOrderId")
    text_of(params, "newQty")
    quantity = number_of(params, "newQty")
    ledger = command.account.ledgers[market.listing.symbol]
    earlier = ledger.find(wanted.order_id, wanted.client_order_id)
    former = earlier.client_order_id if earlier is not None else ""
    name = client_id_of(params, "newClientOrderId")
    order = engine.amend(command.account, market, wanted, quantity, name, command.at)
    return amended(order, former, market.last_trade_id)


def place_pair(engine: Engine, command: Command) -> Any:
    """POST /api/v3/orderList/oco."""
    market, params = _market(engine, command), command.params
    side = side_of(params)
    legs = leg_terms(params, "above", side), leg_terms(params, "below", side)
    name = client_id_of(params, "listClientOrderId")
    pair = engine.pair(command.account, market, legs, name, command.at, command.fraction)
    return pair_placed(pair, _response(params))


def cancel_pair(engine: Engine, command: Command) -> Any:
    """DELETE /api/v3/orderList."""
    market, params = _market(engine, command), command.params
    list_id, name = whole_of(params, "orderListId"), params.get("listClientOrderId")
    if list_id is None and not name:
        raise neither("orderListId", "listClientOrderId")
    pair = command.account.find_pair(list_id, name)
    if pair is None or pair.listing is not market.listing:
        raise unknown_order()
    ended = engine.cancel_pair(pair, command.at)
    return _canceled(ended, client_id_of(params, "newClientOrderId"), command.at)


def _market(engine: Engine, command: Command) -> Market:
    return engine.book.market(text_of(command.params, "symbol"))


def _read(engine: Engine, command: Command) -> tuple[Market, Terms, str]:
    market = _market(engine, command)
    return market, read_terms(command.params, market.listing), _response(command.params)


def _response(params: Params) -> str:
    wanted = params.get("newOrderRespType", "")
    if wanted and wanted not in RESPONSES:
        raise Refusal(-1130, "Data sent for parameter 'newOrderRespType' is not valid.")
    return wanted


def _wanted(params: Params, by_id: str, by_name: str) -> Wanted:
    order_id, name = whole_of(params, by_id), params.get(by_name)
    if order_id is None and not name:
        raise neither(by_name, by_id)
    restriction = params.get("cancelRestrictions")
    if restriction is not None and restriction not in RESTRICTIONS:
        raise Refusal(-1145, "Invalid cancelRestrictions")
    return Wanted(order_id, name, restriction)


def _canceled(ended: list[Order], name: str, at: int) -> Any:
    first = ended[0]
    name = name or f"cancel-{first.listing.symbol}-{first.order_id}"
    if first.pair is not None:
        return pair_canceled(first.pair, ended, name, at)
    return canceled(first, name, at)


COMMANDS: dict[str, Callable[[Engine, Command], Any]] = {
    "POST /api/v3/order": place,
    "DELETE /api/v3/order": cancel,
    "DELETE /api/v3/openOrders": cancel_all,
    "POST /api/v3/order/cancelReplace": replace,
    "PUT /api/v3/order/amend/keepPriority": amend,
    "POST /api/v3/orderList/oco": place_pair,
    "DELETE /api/v3/orderList": cancel_pair,
}
