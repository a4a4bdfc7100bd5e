"""Kraken's parameters of orders, its nonces and its errors, each exactly; no request is sent here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.brokers.ccxt.kraken_nonce import Nonces
from shared.brokers.ccxt.kraken_orders import order_params
from shared.brokers.ccxt.kraken_refusals import failure_of
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError
from shared.domain.orders import OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

NOW = datetime(2026, 1, 5, 12, 0, 0, 250_900, tzinfo=UTC)
ID = "6d1b345e2821465f8ad75b1e3a6e9d10"
ORDER = OrderRequest(ID, "BTC/USD", Side.BUY, OrderType.MARKET, TimeInForce.GTC, Decimal("0.0100"))
LIMIT = replace(ORDER, order_type=OrderType.LIMIT, limit_price=Decimal("100.50"))
STOP = replace(ORDER, side=Side.SELL, order_type=OrderType.STOP, stop_price=Decimal("99.9"))


def _params(request: OrderRequest) -> dict[str, str]:
    return order_params(request, pair="XXBTZUSD", now=NOW)


@pytest.mark.parametrize(
    ("request_", "terms"),
    [
        (ORDER, {"type": "buy", "ordertype": "market"}),
        (LIMIT, {"type": "buy", "ordertype": "limit", "price": "100.5", "timeinforce": "GTC"}),
        (
            replace(LIMIT, time_in_force=TimeInForce.IOC),
            {"type": "buy", "ordertype": "limit", "price": "100.5", "timeinforce": "IOC"},
        ),
        (STOP, {"type": "sell", "ordertype": "stop-loss", "price": "99.9", "trigger": "last"}),
        (
            replace(STOP, order_type=OrderType.STOP_LIMIT, limit_price=Decimal(99)),
            {
                "type": "sell",
                "ordertype": "stop-loss-limit",
                "price": "99.9",
                "price2": "99",
                "trigger": "last",
            },
        ),
    ],
)
def test_each_kind_of_order_has_its_one_form(request_: OrderRequest, terms: dict[str, str]) -> None:
    same = {"pair": "XXBTZUSD", "volume": "0.01", "cl_ord_id": ID, "oflags": "fciq"}
    assert _params(request_) == {**same, **terms}


@pytest.mark.parametrize(
    ("seconds", "deadline"),
    [
        (3, "2026-01-05T12:00:03.250Z"),
        (30, "2026-01-05T12:00:30.250Z"),
        (59, "2026-01-05T12:00:59.250Z"),
        (600, "2026-01-05T12:00:59.250Z"),
    ],
)
def test_a_deadline_is_never_after_the_moment_asked_nor_further_than_the_venue_takes(
    seconds: int, deadline: str
) -> None:
    assert _params(replace(ORDER, send_before=NOW + timedelta(seconds=seconds)))["deadline"] == deadline


def test_too_little_time_for_a_deadline_is_told_before_a_byte_leaves() -> None:
    with pytest.raises(RetryableError) as refused:
        _params(replace(ORDER, send_before=NOW + timedelta(seconds=2.9)))
    assert refused.value.code == "SEND_WINDOW_CLOSED"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(ORDER, quantity=Decimal(0)), "INVALID_ORDER"),
        (replace(ORDER, stop_price=Decimal(1)), "INVALID_ORDER"),
        (replace(LIMIT, limit_price=None), "INVALID_ORDER"),
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
        _params(request_)
    assert refused.value.code == code


def test_nonces_rise_also_where_the_clock_stands_or_goes_back() -> None:
    clock = iter([100, 100, 90, 103, 104])
    nonces = Nonces(lambda: next(clock))
    assert [nonces.next() for _ in range(5)] == [100, 101, 102, 103, 104]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("EOrder:Insufficient funds", "INSUFFICIENT_FUNDS"),
        ("EOrder:Order minimum not met", "BELOW_MINIMUM_NOTIONAL"),
        ("EOrder:Cost minimum not met", "BELOW_MINIMUM_NOTIONAL"),
        ("EOrder:Tick size check failed", "INVALID_TICK"),
        ("EOrder:Invalid price:Invalid price argument", "INVALID_TICK"),
        ("EOrder:Orders limit exceeded", "TOO_MANY_ORDERS"),
        ("EQuery:Unknown asset pair", "UNKNOWN_SYMBOL"),
        ("EService:Market in cancel_only mode", "MARKET_CLOSED"),
        ("EGeneral:Invalid arguments:price", "INVALID_ORDER"),
        ("EGeneral:Permission denied", "UNAUTHORIZED"),
        ("EAPI:Invalid key", "UNAUTHORIZED"),
        ("EAPI:Invalid signature", "UNAUTHORIZED"),
    ],
)
def test_a_known_error_proves_a_refusal(said: str, code: str) -> None:
    error = failure_of({"error": [said]}, is_write=True)
    assert isinstance(error, PermanentError)
    assert error.code == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("EAPI:Invalid nonce", "CLOCK_SKEWED"),
        ("EAPI:Rate limit exceeded", "RATE_LIMITED"),
        ("EOrder:Rate limit exceeded", "RATE_LIMITED"),
        ("EGeneral:Temporary lockout", "BANNED"),
    ],
)
def test_what_was_turned_away_unlooked_at_may_be_tried_again(said: str, code: str) -> None:
    error = failure_of({"error": [said]}, is_write=True)
    assert isinstance(error, RetryableError)
    assert error.code == code


@pytest.mark.parametrize(
    "said",
    [
        {"error": ["EService:Unavailable"]},
        {"error": ["EService:Busy"]},
        {"error": ["EService:Deadline elapsed"]},
        {"error": ["EGeneral:Internal error:1A2B"]},
        {"error": ["EOrder:Insufficient funds", "EGeneral:Internal error"]},
        {"error": "EOrder:Insufficient funds"},
        {"result": {}},
        [],
    ],
)
def test_what_proves_nothing_leaves_a_write_in_doubt_and_lets_a_read_be_repeated(said: object) -> None:
    assert type(failure_of(said, is_write=True)) is AmbiguousError
    assert isinstance(failure_of(said, is_write=False), RetryableError)


@pytest.mark.parametrize(
    "errors",
    [
        ["EGeneral:Invalid arguments:cl_ord_id not unique"],
        ["EOrder:Insufficient funds", "EGeneral:Invalid arguments:cl_ord_id not unique"],
    ],
)
def test_an_id_in_use_proves_that_its_order_exists(errors: list[str]) -> None:
    assert isinstance(failure_of({"error": errors}, is_write=True), DuplicateOrderId)


@pytest.mark.parametrize("errors", [[], ["WOrder:beside a result"]])
def test_an_answer_without_errors_is_no_failure(errors: list[str]) -> None:
    assert failure_of({"error": errors, "result": {}}, is_write=True) is None
