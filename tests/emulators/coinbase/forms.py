"""From an order's configuration to its terms: each kind of order is written under a name of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.emulators.binance.amounts import Malformed, TooPrecise, parse_amount
from tests.emulators.binance.orders import Terms
from tests.emulators.exchange.refusals import Said, Told

TAKEN = 200
"""The status of an answer that refuses an order: the request itself was well."""

Configuration = Mapping[str, Any]


def order_refused(reason: str, words: str = "") -> Told:
    """The venue does not take an order."""
    return Told(Said(TAKEN, reason, words))


def read_terms(said: Mapping[str, Any]) -> Terms:
    """Read the terms of a new order; raises Refusal for what the venue would not read."""
    side, name = said.get("side"), said.get("client_order_id")
    if side not in {"BUY", "SELL"}:
        raise order_refused("INVALID_SIDE")
    configuration = said.get("order_configuration")
    if (
        not isinstance(configuration, dict)
        or len(configuration) != 1
        or not isinstance(name, str)
        or not name
    ):
        raise Told(Said(400, "INVALID_ARGUMENT", "an order has one configuration and a client_order_id"))
    ((kind, wanted),) = configuration.items()
    read = _KINDS.get(kind)
    if read is None or not isinstance(wanted, dict):
        raise order_refused("UNSUPPORTED_ORDER_CONFIGURATION")
    terms = read(side, wanted)
    terms.client_order_id = name
    return terms


def _market(side: str, wanted: Configuration) -> Terms:
    if ("base_size" in wanted) == ("quote_size" in wanted) or (side == "SELL" and "quote_size" in wanted):
        raise order_refused("INVALID_REQUEST", "either base_size or quote_size")
    if "quote_size" in wanted:
        return Terms(side, "MARKET", quote_quantity=_size(wanted, "quote_size"))
    return Terms(side, "MARKET", quantity=_size(wanted, "base_size"))


def _limit(side: str, wanted: Configuration) -> Terms:
    kind = "LIMIT_MAKER" if wanted.get("post_only") else "LIMIT"
    return Terms(side, kind, "GTC", _size(wanted, "base_size"), price=_price(wanted, "limit_price"))


def _immediate(side: str, wanted: Configuration) -> Terms:
    return Terms(side, "LIMIT", "IOC", _size(wanted, "base_size"), price=_price(wanted, "limit_price"))


def _stop_limit(side: str, wanted: Configuration) -> Terms:
    limit, stop = _price(wanted, "limit_price"), _price(wanted, "stop_price")
    direction = wanted.get("stop_direction")
    if direction not in {"STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"}:
        raise order_refused("INVALID_REQUEST", "stop_direction")
    sells_down = side == "SELL" and direction.endswith("DOWN")
    buys_up = side == "BUY" and direction.endswith("UP")
    if sells_down and limit > stop:
        raise order_refused("UNKNOWN_FAILURE_REASON", "PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE")
    if buys_up and limit < stop:
        raise order_refused("UNKNOWN_FAILURE_REASON", "PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE")
    kind = "STOP_LOSS_LIMIT" if sells_down or buys_up else "TAKE_PROFIT_LIMIT"
    return Terms(side, kind, "GTC", _size(wanted, "base_size"), price=limit, stop_price=stop)


def _size(wanted: Configuration, name: str) -> int:
    return _amount(wanted, name, "INVALID_SIZE_PRECISION")


def _price(wanted: Configuration, name: str) -> int:
    return _amount(wanted, name, "INVALID_PRICE_PRECISION")


def _amount(wanted: Configuration, name: str, too_precise: str) -> int:
    text = wanted.get(name)
    try:
        # Numbers are text; anything else is not read.
        amount = parse_amount(text) if isinstance(text, str) else 0
    except TooPrecise:
        raise order_refused(too_precise) from None
    except Malformed:
        amount = 0
    if not amount:
        raise order_refused("INVALID_REQUEST", name)
    return amount


_KINDS: dict[str, Callable[[str, Configuration], Terms]] = {
    "market_market_ioc": _market,
    "limit_limit_gtc": _limit,
    "sor_limit_ioc": _immediate,
    "stop_limit_stop_limit_gtc": _stop_limit,
}
