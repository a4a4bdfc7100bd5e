"""KuCoin's bodies of orders and its refusals, each exactly; no request is sent here."""

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.brokers.ccxt.kucoin_orders import order_body, order_path
from shared.brokers.ccxt.kucoin_refusals import failure_of
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

ORDER = OrderRequest("dte-1", "BTC/USDT", Side.BUY, OrderType.MARKET, TimeInForce.GTC, Decimal("0.0100"))
LIMIT = replace(ORDER, order_type=OrderType.LIMIT, limit_price=Decimal("100.50"))
STOP = replace(ORDER, side=Side.SELL, order_type=OrderType.STOP, stop_price=Decimal("99.9"))
STOP_LIMIT = replace(STOP, order_type=OrderType.STOP_LIMIT, limit_price=Decimal(99))


@pytest.mark.parametrize(
    ("request_", "path", "terms"),
    [
        (ORDER, "hf/orders", {"side": "buy", "type": "market"}),
        (LIMIT, "hf/orders", {"side": "buy", "type": "limit", "price": "100.5", "timeInForce": "GTC"}),
        (
            replace(LIMIT, time_in_force=TimeInForce.IOC),
            "hf/orders",
            {"side": "buy", "type": "limit", "price": "100.5", "timeInForce": "IOC"},
        ),
        (STOP, "stop-order", {"side": "sell", "type": "market", "stop": "loss", "stopPrice": "99.9"}),
        (
            replace(STOP, side=Side.BUY),
            "stop-order",
            {"side": "buy", "type": "market", "stop": "entry", "stopPrice": "99.9"},
        ),
        (
            STOP_LIMIT,
            "stop-order",
            {
                "side": "sell",
                "type": "limit",
                "price": "99",
                "timeInForce": "GTC",
                "stop": "loss",
                "stopPrice": "99.9",
            },
        ),
    ],
)
def test_each_kind_of_order_has_its_one_form_and_family(
    request_: OrderRequest, path: str, terms: dict[str, str]
) -> None:
    assert order_path(request_) == path
    assert order_body(request_) == {"clientOid": "dte-1", "symbol": "BTC-USDT", "size": "0.01", **terms}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(ORDER, quantity=Decimal(0)), "INVALID_ORDER"),
        (replace(ORDER, client_order_id="x" * 41), "INVALID_ORDER"),
        (replace(ORDER, client_order_id="a:b"), "INVALID_ORDER"),
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
        order_body(request_)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("venue_code", "words", "code"),
    [
        ("200004", "Balance insufficient!", "INSUFFICIENT_FUNDS"),
        ("400100", "account.available.amount", "INSUFFICIENT_FUNDS"),
        ("400100", "Order size increment invalid.", "INVALID_LOT"),
        ("400100", "Price increment invalid.", "INVALID_TICK"),
        ("400100", "Order size below the minimum requirement.", "BELOW_MINIMUM_NOTIONAL"),
        ("400100", "something else", "INVALID_ORDER"),
        ("600101", "The order funds should more then 0.1 USDT.", "BELOW_MINIMUM_NOTIONAL"),
        ("400370", "Max. price: 0.025", "PRICE_TOO_FAR"),
        ("400500", "not supported in your region", "SYMBOL_NOT_PERMITTED"),
        ("400600", "validation.createOrder.symbolNotAvailable", "MARKET_CLOSED"),
        ("900001", "symbol not exists", "UNKNOWN_SYMBOL"),
        ("400003", "KC-API-KEY not exists", "UNAUTHORIZED"),
        ("400004", "Invalid KC-API-PASSPHRASE", "UNAUTHORIZED"),
        ("400005", "Invalid KC-API-SIGN", "UNAUTHORIZED"),
        ("411100", "User are frozen.", "UNAUTHORIZED"),
    ],
)
def test_a_known_code_proves_a_refusal_whatever_the_status(venue_code: str, words: str, code: str) -> None:
    for status in (200, 400):
        error = failure_of({"code": venue_code, "msg": words}, status, is_write=True)
        assert isinstance(error, PermanentError)
        assert error.code == code


@pytest.mark.parametrize(
    ("venue_code", "code"),
    [("400002", "CLOCK_SKEWED"), ("429000", "RATE_LIMITED")],
)
def test_what_was_turned_away_unlooked_at_may_be_tried_again(venue_code: str, code: str) -> None:
    error = failure_of({"code": venue_code, "msg": ""}, 200, is_write=True)
    assert isinstance(error, RetryableError)
    assert error.code == code


@pytest.mark.parametrize(
    "said",
    [
        {"code": "500000", "msg": "Internal Server Error"},
        {"code": "408000", "msg": "Network timeout, please try again later"},
        {"code": "300000", "msg": "unknown"},
        {"code": 200000},
        {"msg": "no code"},
        [],
    ],
)
def test_what_proves_nothing_leaves_a_write_in_doubt_and_lets_a_read_be_repeated(said: object) -> None:
    assert type(failure_of(said, 200, is_write=True)) is AmbiguousError
    assert isinstance(failure_of(said, 200, is_write=False), RetryableError)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("126044", "clientOid duplicate"),
        ("400100", "clientOid duplicate"),
        ("300000", "The clientOid already exists"),
    ],
)
def test_an_id_in_use_proves_that_its_order_exists(code: str, words: str) -> None:
    assert isinstance(failure_of({"code": code, "msg": words}, 200, is_write=True), DuplicateOrderId)


def test_an_id_that_the_venue_does_not_know_is_no_duplicate() -> None:
    error = failure_of({"code": "100001", "msg": "clientOid does not exist"}, 200, is_write=True)
    assert type(error) is AmbiguousError


def test_a_parameter_that_a_read_got_wrong_proves_nothing_of_an_order() -> None:
    assert isinstance(failure_of({"code": "400100", "msg": "x"}, 400, is_write=False), RetryableError)


def test_only_the_code_of_success_says_yes() -> None:
    assert failure_of({"code": "200000", "data": {}}, 200, is_write=True) is None
