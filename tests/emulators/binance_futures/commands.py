"""The requests that reach the engine, each as a function of its parameters and its time: the log plays them again."""

from collections.abc import Callable
from typing import Any

from tests.emulators.binance.commands import Command
from tests.emulators.binance.forms import text_of, whole_of
from tests.emulators.binance.refusals import Refusal, neither
from tests.emulators.binance_futures.engine import FuturesEngine
from tests.emulators.binance_futures.forms import read_terms, read_waiting
from tests.emulators.binance_futures.reports import algo, figures

ONE_WAY = (-4061, "Order's position side does not match user's setting.")
DONE = {"code": 200, "msg": "success"}


def place(engine: FuturesEngine, command: Command) -> Any:
    """POST /fapi/v1/order."""
    market = engine.book.market(text_of(command.params, "symbol"))
    terms = read_terms(command.params)
    _check_side(command)
    return figures(engine.place(command.account, market, terms, command.at, command.fraction))


def let_wait(engine: FuturesEngine, command: Command) -> Any:
    """POST /fapi/v1/algoOrder."""
    market = engine.book.market(text_of(command.params, "symbol"))
    terms = read_waiting(command.params)
    _check_side(command)
    return algo(engine.let_wait(command.account, market, terms, command.at))


def cancel(engine: FuturesEngine, command: Command) -> Any:
    """DELETE /fapi/v1/order."""
    market = engine.book.market(text_of(command.params, "symbol"))
    order_id, name = whole_of(command.params, "orderId"), command.params.get("origClientOrderId")
    if order_id is None and not name:
        raise neither("origClientOrderId", "orderId")
    return figures(engine.cancel(command.account, market, order_id, name, command.at))


def cancel_all(engine: FuturesEngine, command: Command) -> Any:
    """DELETE /fapi/v1/allOpenOrders: those that wait stay."""
    market = engine.book.market(text_of(command.params, "symbol"))
    for order in list(command.account.ledgers[market.listing.symbol].open.values()):
        engine.cancel(command.account, market, order.order_id, None, command.at)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def cancel_algo(engine: FuturesEngine, command: Command) -> Any:
    """DELETE /fapi/v1/algoOrder: the answer tells no state."""
    algo_id, name = whole_of(command.params, "algoId"), command.params.get("clientAlgoId")
    if algo_id is None and not name:
        raise neither("algoId", "clientAlgoId")
    ended = engine.cancel_algo(command.account, algo_id, name, command.at)
    return {"algoId": ended.order_id, "clientAlgoId": ended.client_order_id, "code": "200", "msg": "success"}


def set_leverage(engine: FuturesEngine, command: Command) -> Any:
    """POST /fapi/v1/leverage."""
    symbol = text_of(command.params, "symbol")
    text_of(command.params, "leverage")
    leverage = whole_of(command.params, "leverage") or 0
    if not engine.book.settings.keeps_leverage:
        engine.set_leverage(command.account, engine.book.market(symbol), leverage, command.at)
    return {"leverage": leverage, "maxNotionalValue": "1000000", "symbol": symbol}


def set_margin_type(engine: FuturesEngine, command: Command) -> Any:
    """POST /fapi/v1/marginType."""
    market = engine.book.market(text_of(command.params, "symbol"))
    kind = text_of(command.params, "marginType")
    if kind not in {"ISOLATED", "CROSSED"}:
        raise Refusal(-1130, "Data sent for parameter 'marginType' is not valid.")
    engine.set_isolated(command.account, market, command.at, is_isolated=kind == "ISOLATED")
    return DONE


def set_dual(engine: FuturesEngine, command: Command) -> Any:
    """POST /fapi/v1/positionSide/dual."""
    wanted = text_of(command.params, "dualSidePosition") == "true"
    if wanted == command.account.is_hedged:
        raise Refusal(-4059, "No need to change position side.")
    command.account.is_hedged = wanted
    return DONE


def _check_side(command: Command) -> None:
    # With both sides held, an order must say which it is about; those of a one-way account never do.
    if command.account.is_hedged != (command.params.get("positionSide", "BOTH") != "BOTH"):
        raise Refusal(*ONE_WAY)


COMMANDS: dict[str, Callable[[FuturesEngine, Command], Any]] = {
    "POST /fapi/v1/order": place,
    "DELETE /fapi/v1/order": cancel,
    "DELETE /fapi/v1/allOpenOrders": cancel_all,
    "POST /fapi/v1/algoOrder": let_wait,
    "DELETE /fapi/v1/algoOrder": cancel_algo,
    "POST /fapi/v1/leverage": set_leverage,
    "POST /fapi/v1/marginType": set_margin_type,
    "POST /fapi/v1/positionSide/dual": set_dual,
}
