"""From a request's parameters to an order's terms, for orders that work and for those that wait."""

from decimal import Decimal, InvalidOperation

from tests.emulators.binance.amounts import UNIT
from tests.emulators.binance.forms import Params, client_id_of, number_of, side_of, text_of
from tests.emulators.binance.refusals import Refusal, missing, unwanted
from tests.emulators.binance_futures.orders import WAITING, WITH_A_PRICE, FuturesTerms

TIMES = frozenset({"GTC", "IOC", "FOK"})
NEAREST, FURTHEST = Decimal("0.1"), Decimal(20)
TO_ALGO = (
    -4120,
    "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
)


def read_terms(params: Params) -> FuturesTerms:
    """The terms of an order that works at once."""
    side, kind = side_of(params), text_of(params, "type")
    if kind in WAITING:
        raise Refusal(*TO_ALGO)
    if kind not in {"LIMIT", "MARKET"}:
        raise Refusal(-1116, "Invalid orderType.")
    return _terms(params, side, kind, "newClientOrderId")


def read_waiting(params: Params) -> FuturesTerms:
    """The terms of an order that waits for a price."""
    if text_of(params, "algoType") != "CONDITIONAL":
        raise Refusal(-1102, "Mandatory parameter 'algoType' was not sent, was empty/null, or malformed.")
    side, kind = side_of(params), text_of(params, "type")
    if kind not in WAITING:
        raise Refusal(-1116, "Invalid orderType.")
    terms = _terms(params, side, kind, "clientAlgoId")
    if kind == "TRAILING_STOP_MARKET":
        terms.callback = _callback(text_of(params, "callbackRate"))
        return terms
    if "callbackRate" in params:
        raise unwanted("callbackRate")
    text_of(params, "triggerPrice")
    terms.stop_price = number_of(params, "triggerPrice")
    if not terms.stop_price:
        raise Refusal(-4006, "Stop price less than zero.")
    return terms


def _terms(params: Params, side: str, kind: str, id_name: str) -> FuturesTerms:
    has_price = kind in WITH_A_PRICE
    for name in ("price", "timeInForce"):
        if has_price and name not in params:
            raise missing(name)
        if not has_price and name in params:
            raise unwanted(name)
    text_of(params, "quantity")
    terms = FuturesTerms(
        side,
        kind,
        params.get("timeInForce", "GTC"),
        quantity=number_of(params, "quantity"),
        price=number_of(params, "price"),
        client_order_id=client_id_of(params, id_name),
        reduce_only=_flag(params, "reduceOnly"),
    )
    if terms.time_in_force not in TIMES:
        raise Refusal(-1115, "Invalid timeInForce.")
    if not terms.quantity:
        raise Refusal(-4003, "Quantity less than zero.")
    return terms


def _flag(params: Params, name: str) -> bool:
    found = params.get(name, "false")
    if found not in {"true", "false"}:
        raise Refusal(-1130, f"Data sent for parameter '{name}' is not valid.")
    return found == "true"


def _callback(text: str) -> int:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise missing("callbackRate") from None
    if not NEAREST <= rate <= FURTHEST or rate % NEAREST:
        raise Refusal(-2007, "Invalid callBack rate.")
    return int(rate * UNIT)
