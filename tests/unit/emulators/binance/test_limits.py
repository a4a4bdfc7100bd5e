"""Weights per address and orders per account, in fixed windows of the venue's clock."""

import pytest

from tests.emulators.binance.limits import Limits
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance.routes import ROUTES
from tests.emulators.binance.settings import VenueSettings

ENFORCED = VenueSettings(limits=True, weight_limit=10, order_limit=2, ban_after=2, ban_seconds=120)
MINUTE = 60 * 29_000_000


def test_a_minute_has_its_weight_and_the_next_one_begins_anew() -> None:
    limits = Limits()
    assert limits.charge("a", 10, MINUTE + 45, ENFORCED) == 10
    with pytest.raises(Refusal) as error:
        limits.charge("a", 1, MINUTE + 45, ENFORCED)
    assert (error.value.status, error.value.code) == (429, -1003)
    assert error.value.headers == {"Retry-After": "15"}
    assert limits.charge("a", 1, MINUTE + 60, ENFORCED) == 1


def test_every_address_has_its_own_weight() -> None:
    limits = Limits()
    limits.charge("a", 10, MINUTE, ENFORCED)
    assert limits.charge("b", 10, MINUTE, ENFORCED) == 10


def test_who_goes_on_after_429_is_banned_and_let_in_again_later() -> None:
    limits = Limits()
    statuses = []
    for _ in range(4):
        with pytest.raises(Refusal) as error:
            limits.charge("a", 11, MINUTE + 50, ENFORCED)
        statuses.append(error.value.status)
    assert statuses == [429, 429, 418, 418]
    with pytest.raises(Refusal) as banned:
        limits.check_ban("a", MINUTE + 60)
    assert banned.value.headers == {"Retry-After": "110"}
    assert str((MINUTE + 170) * 1000) in banned.value.message
    limits.check_ban("a", MINUTE + 170)
    assert limits.charge("a", 1, MINUTE + 170, ENFORCED) == 1


def test_without_enforcement_weights_are_counted_and_nobody_is_refused() -> None:
    limits, settings = Limits(), VenueSettings(weight_limit=10)
    assert limits.charge("a", 1000, MINUTE, settings) == 1000
    limits.check_orders("key", MINUTE, settings)
    assert limits.used("a", MINUTE + 59) == 1000


def test_an_account_places_so_many_orders_in_ten_seconds() -> None:
    limits = Limits()
    for _ in range(2):
        limits.check_orders("key", MINUTE + 3, ENFORCED)
        limits.count_orders("key", 1, MINUTE + 3)
    with pytest.raises(Refusal) as error:
        limits.check_orders("key", MINUTE + 3, ENFORCED)
    assert (error.value.status, error.value.code) == (429, -1015)
    assert error.value.message == "Too many new orders; current limit is 2 orders per 10 SECOND."
    assert error.value.headers == {"Retry-After": "7"}
    limits.check_orders("other", MINUTE + 3, ENFORCED)
    limits.check_orders("key", MINUTE + 10, ENFORCED)
    assert limits.orders("key", MINUTE + 10) == (0, 2)


def test_a_first_fill_gives_room_back_but_never_credit() -> None:
    limits = Limits()
    limits.count_orders("key", 3, MINUTE)
    limits.give_back("key", MINUTE, is_maker=False)
    assert limits.orders("key", MINUTE) == (2, 2)
    limits.give_back("key", MINUTE, is_maker=True)
    assert limits.orders("key", MINUTE) == (0, 0)


@pytest.mark.parametrize(
    ("name", "params", "weight"),
    [
        ("GET /api/v3/exchangeInfo", {}, 20),
        ("GET /api/v3/ticker/bookTicker", {"symbol": "BTCUSDT"}, 2),
        ("GET /api/v3/ticker/bookTicker", {"symbols": '["BTCUSDT"]'}, 4),
        ("POST /api/v3/order", {}, 1),
        ("POST /api/v3/orderList/oco", {}, 1),
        ("POST /api/v3/order/cancelReplace", {}, 1),
        ("DELETE /api/v3/order", {}, 1),
        ("GET /api/v3/order", {}, 4),
        ("GET /api/v3/orderList", {}, 4),
        ("GET /api/v3/openOrders", {"symbol": "BTCUSDT"}, 6),
        ("GET /api/v3/openOrders", {}, 80),
        ("GET /api/v3/allOrders", {}, 20),
        ("GET /api/v3/account", {}, 20),
        ("GET /api/v3/myTrades", {"symbol": "BTCUSDT"}, 20),
        ("GET /api/v3/myTrades", {"symbol": "BTCUSDT", "orderId": "1"}, 5),
        ("GET /api/v3/rateLimit/order", {}, 40),
    ],
)
def test_requests_weigh_what_is_published(name: str, params: dict[str, str], weight: int) -> None:
    assert ROUTES[name].weighs(params) == weight
