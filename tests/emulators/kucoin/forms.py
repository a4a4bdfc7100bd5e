"""From a request's body to an order's terms, as KuCoin reads it."""

import re
from typing import Any

from tests.emulators.binance.forms import number_of
from tests.emulators.binance.orders import Terms
from tests.emulators.exchange.refusals import Said, Told

Params = dict[str, Any]

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_STOP_OF = {"sell": "loss", "buy": "entry"}
_TIMES = {"GTC", "IOC", "FOK"}


def malformed(words: str) -> Told:
    """A parameter is missing or cannot be read."""
    return Told(Said(400, "400100", words))


def text_of(params: Params, name: str) -> str:
    """A mandatory text."""
    found = params.get(name)
    if not isinstance(found, str) or not found:
        raise malformed(f"{name} is required.")
    return found


def read_terms(params: Params, *, with_stop: bool) -> Terms:
    """The terms of an order of one of the families; raises Told for what the venue would not read."""
    name, side, kind = (text_of(params, field) for field in ("clientOid", "side", "type"))
    if not _CLIENT_ID.fullmatch(name):
        raise malformed("clientOid is not valid.")
    if side not in _STOP_OF or kind not in {"limit", "market"}:
        raise malformed("side or type is not valid.")
    text_of(params, "size")
    terms = Terms(side.upper(), _type_of(kind, with_stop=with_stop), client_order_id=name)
    terms.quantity = number_of(params, "size")
    if not terms.quantity:
        raise malformed("size must be above zero.")
    if kind == "limit":
        text_of(params, "price")
        terms.price = number_of(params, "price")
        terms.time_in_force = params.get("timeInForce", "GTC")
        if not terms.price or terms.time_in_force not in _TIMES:
            raise malformed("price or timeInForce is not valid.")
    elif params.keys() & {"price", "timeInForce"}:
        raise malformed("A market order has no price.")
    if with_stop:
        _read_stop(terms, params, side)
    return terms


def _read_stop(terms: Terms, params: Params, side: str) -> None:
    text_of(params, "stopPrice")
    terms.stop_price = number_of(params, "stopPrice")
    # The venue has the other direction for either side too; nobody here asks for it.
    if not terms.stop_price or params.get("stop") != _STOP_OF[side]:
        raise malformed("stop or stopPrice is not valid.")


def _type_of(kind: str, *, with_stop: bool) -> str:
    if with_stop:
        return "STOP_LOSS_LIMIT" if kind == "limit" else "STOP_LOSS"
    return kind.upper()
