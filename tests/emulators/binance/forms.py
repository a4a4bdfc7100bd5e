"""From a request's parameters to an order's terms: which are needed, allowed and readable for each type."""

import re
from collections.abc import Mapping

from tests.emulators.binance.amounts import Malformed, TooPrecise, parse_amount
from tests.emulators.binance.listings import Listing
from tests.emulators.binance.orders import Terms
from tests.emulators.binance.refusals import (
    NUMBER_RANGE,
    Refusal,
    bad_combination,
    illegal,
    missing,
    neither,
    rejected,
    unwanted,
)

Params = Mapping[str, str]

CLIENT_ID_RANGE = "^[a-zA-Z0-9-_]{1,36}$"
_CLIENT_ID = re.compile(CLIENT_ID_RANGE)
SIDES = frozenset({"BUY", "SELL"})
TIMES = frozenset({"GTC", "IOC", "FOK"})
# Which of these four each type needs; it must not have the others.
NEEDS: dict[str, frozenset[str]] = {
    "LIMIT": frozenset({"timeInForce", "quantity", "price"}),
    "LIMIT_MAKER": frozenset({"quantity", "price"}),
    "MARKET": frozenset(),
    "STOP_LOSS": frozenset({"quantity", "stopPrice"}),
    "STOP_LOSS_LIMIT": frozenset({"timeInForce", "quantity", "price", "stopPrice"}),
    "TAKE_PROFIT": frozenset({"quantity", "stopPrice"}),
    "TAKE_PROFIT_LIMIT": frozenset({"timeInForce", "quantity", "price", "stopPrice"}),
}
_CHOSEN = ("timeInForce", "quantity", "price", "stopPrice", "quoteOrderQty")


def text_of(params: Params, name: str) -> str:
    """A mandatory parameter."""
    found = params.get(name)
    if not found:
        raise missing(name)
    return found


def number_of(params: Params, name: str) -> int:
    """A decimal parameter as an amount; 0 if it was not sent, never negative."""
    found = params.get(name)
    if found is None:
        return 0
    try:
        return parse_amount(found)
    except TooPrecise:
        raise Refusal(-1111, f"Parameter '{name}' has too much precision.") from None
    except Malformed:
        raise illegal(name, NUMBER_RANGE) from None


def whole_of(params: Params, name: str) -> int | None:
    """An integer parameter, None if it was not sent."""
    found = params.get(name)
    if found is None:
        return None
    if not (found.isascii() and found.isdigit() and len(found) <= 20):
        raise illegal(name, "^[0-9]{1,20}$")
    return int(found)


def client_id_of(params: Params, name: str) -> str:
    """A client order id, empty if the venue shall make one."""
    found = params.get(name, "")
    if found and not _CLIENT_ID.fullmatch(found):
        raise illegal(name, CLIENT_ID_RANGE)
    return found


def side_of(params: Params) -> str:
    """BUY or SELL."""
    side = text_of(params, "side")
    if side not in SIDES:
        raise Refusal(-1117, "Invalid side.")
    return side


def read_terms(params: Params, listing: Listing) -> Terms:
    """The terms of a single order; raises Refusal for what Binance would not read."""
    side, kind = side_of(params), text_of(params, "type")
    if kind not in NEEDS:
        raise Refusal(-1116, "Invalid orderType.")
    _check_unsupported(params)
    if kind == "MARKET":
        return _market_terms(params, side)
    return _resting_terms(params, side, kind)


def leg_terms(params: Params, prefix: str, side: str) -> Terms:
    """The terms of one leg of a pair: its parameters carry the prefix `above` or `below`."""
    kind = text_of(params, f"{prefix}Type")
    if kind not in NEEDS or kind in {"LIMIT", "MARKET"}:
        raise Refusal(-1158, "Order type not supported in OCO.")
    own = {
        name: params[sent] for name in _CHOSEN if (sent := f"{prefix}{name[0].upper()}{name[1:]}") in params
    }
    own["quantity"] = text_of(params, "quantity")
    own["newClientOrderId"] = client_id_of(params, f"{prefix}ClientOrderId")
    return _resting_terms(own, side, kind, prefix)


def _resting_terms(params: Params, side: str, kind: str, prefix: str = "") -> Terms:
    needed = NEEDS[kind]
    for name in _CHOSEN:
        if (name in params) != (name in needed):
            shown = f"{prefix}{name[0].upper()}{name[1:]}" if prefix and name != "quantity" else name
            raise missing(shown) if name in needed else unwanted(shown)
    terms = Terms(
        side,
        kind,
        quantity=number_of(params, "quantity"),
        price=number_of(params, "price"),
        stop_price=number_of(params, "stopPrice"),
        client_order_id=client_id_of(params, "newClientOrderId"),
    )
    if "timeInForce" in needed:
        terms.time_in_force = params["timeInForce"]
        if terms.time_in_force not in TIMES:
            raise Refusal(-1115, "Invalid timeInForce.")
    _check_positive(terms, needed)
    return terms


def _market_terms(params: Params, side: str) -> Terms:
    for name in ("timeInForce", "price", "stopPrice"):
        if name in params:
            raise unwanted(name)
    quantity, quote = number_of(params, "quantity"), number_of(params, "quoteOrderQty")
    if quantity and quote:
        raise bad_combination()
    if "quantity" not in params and "quoteOrderQty" not in params:
        raise neither("quantity", "quoteOrderQty")
    if not quantity and not quote:
        raise Refusal(-1013, "Invalid quantity.")
    identity = client_id_of(params, "newClientOrderId")
    return Terms(side, "MARKET", quantity=quantity, quote_quantity=quote, client_order_id=identity)


def _check_positive(terms: Terms, needed: frozenset[str]) -> None:
    if not terms.quantity:
        raise Refusal(-1013, "Invalid quantity.")
    if "price" in needed and not terms.price:
        raise Refusal(-1013, "Invalid price.")
    if "stopPrice" in needed and not terms.stop_price:
        raise Refusal(-1013, "Invalid stopPrice.")


def _check_unsupported(params: Params) -> None:
    if "icebergQty" in params:
        raise rejected("Iceberg orders are not supported for this symbol.")
    if "trailingDelta" in params:
        raise rejected("Trailing stop orders are not supported for this symbol.")
