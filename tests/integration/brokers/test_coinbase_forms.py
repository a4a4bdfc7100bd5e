"""Coinbase's bodies of orders and its refusals, each exactly; no request is sent here."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.coinbase_orders import order_body
from shared.brokers.ccxt.coinbase_refusals import refusal_of_order
from shared.domain.errors import AmbiguousError, PermanentError
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

ORDER = OrderRequest("dte-1", "BTC/USD", Side.BUY, OrderType.MARKET, TimeInForce.GTC, Decimal("0.0100"))
STOP = replace(ORDER, side=Side.SELL, order_type=OrderType.STOP, stop_price=Decimal("99.99"))
LIMIT = replace(ORDER, order_type=OrderType.LIMIT, limit_price=Decimal("100.50"))


def _body(request: OrderRequest) -> dict[str, Any]:
    return dict(order_body(request, tick=Decimal("0.01"), beyond=Decimal("0.02")))


def _stop_limit(limit: str, stop: str, direction: str) -> dict[str, Any]:
    terms = {"base_size": "0.01", "limit_price": limit, "stop_price": stop}
    return {"stop_limit_stop_limit_gtc": {**terms, "stop_direction": f"STOP_DIRECTION_STOP_{direction}"}}


def test_an_order_bears_our_id_product_and_side() -> None:
    assert _body(ORDER) == {
        "client_order_id": "dte-1",
        "product_id": "BTC-USD",
        "side": "BUY",
        "order_configuration": {"market_market_ioc": {"base_size": "0.01"}},
    }


@pytest.mark.parametrize(
    ("request_", "configuration"),
    [
        (LIMIT, {"limit_limit_gtc": {"base_size": "0.01", "limit_price": "100.5", "post_only": False}}),
        (
            replace(LIMIT, time_in_force=TimeInForce.IOC),
            {"sor_limit_ioc": {"base_size": "0.01", "limit_price": "100.5"}},
        ),
        (STOP, _stop_limit("97.99", "99.99", "DOWN")),
        (replace(STOP, side=Side.BUY), _stop_limit("101.99", "99.99", "UP")),
        (
            replace(STOP, order_type=OrderType.STOP_LIMIT, limit_price=Decimal("99.5")),
            _stop_limit("99.5", "99.99", "DOWN"),
        ),
    ],
)
def test_each_kind_of_order_has_its_one_configuration(
    request_: OrderRequest, configuration: dict[str, Any]
) -> None:
    assert _body(request_)["order_configuration"] == configuration


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(ORDER, quantity=Decimal(0)), "INVALID_ORDER"),
        (replace(ORDER, stop_price=Decimal(1)), "INVALID_ORDER"),
        (replace(LIMIT, time_in_force=TimeInForce.DAY), "INVALID_ORDER"),
        (replace(ORDER, reduce_only=True), "REDUCE_ONLY_REFUSED"),
        (replace(STOP, time_in_force=TimeInForce.IOC), "ORDER_TYPE_NOT_OFFERED"),
        (replace(ORDER, order_type=OrderType.TRAILING_STOP), "ORDER_TYPE_NOT_OFFERED"),
    ],
)
def test_what_the_venue_has_no_form_for_is_refused_before_it_is_sent(
    request_: OrderRequest, code: str
) -> None:
    with pytest.raises(PermanentError) as refused:
        _body(request_)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("INSUFFICIENT_FUND", "INSUFFICIENT_FUNDS"),
        ("PREVIEW_INSUFFICIENT_FUND", "INSUFFICIENT_FUNDS"),
        ("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE", "STOP_ALREADY_PASSED"),
        ("UNSUPPORTED_ORDER_CONFIGURATION", "ORDER_TYPE_NOT_OFFERED"),
        ("INVALID_PRODUCT_ID", "UNKNOWN_SYMBOL"),
        ("INVALID_SIZE_PRECISION", "INVALID_LOT"),
        ("INVALID_PRICE_PRECISION", "INVALID_TICK"),
        ("PREVIEW_LIMIT_PRICE_TOO_FAR_FROM_MARKET", "PRICE_TOO_FAR"),
        ("PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE", "PRICES_OUT_OF_ORDER"),
        ("PREVIEW_TRADING_DISABLED", "MARKET_CLOSED"),
        ("PREVIEW_INVALID_BASE_SIZE_TOO_SMALL", "BELOW_MINIMUM_NOTIONAL"),
    ],
)
def test_a_known_reason_proves_a_refusal(reason: str, code: str) -> None:
    error = refusal_of_order({"success": False, "error_response": {"error": reason}})
    assert isinstance(error, PermanentError)
    assert error.code == code


def test_the_reason_of_the_preview_says_more_than_the_general_one() -> None:
    told = {"error": "INVALID_REQUEST", "preview_failure_reason": "PREVIEW_INSUFFICIENT_FUND"}
    error = refusal_of_order({"success": False, "error_response": told})
    assert error is not None
    assert error.code == "INSUFFICIENT_FUNDS"


@pytest.mark.parametrize(
    "said",
    [
        {"success": False, "error_response": {"error": "UNKNOWN_FAILURE_REASON"}},
        {"success": False},
        {},
        "not an object",
        {"success": "true"},
    ],
)
def test_an_answer_that_proves_nothing_leaves_the_order_in_doubt(said: object) -> None:
    assert isinstance(refusal_of_order(said), AmbiguousError)


def test_an_order_that_was_taken_is_no_error() -> None:
    assert refusal_of_order({"success": True, "success_response": {"order_id": "x"}}) is None
