"""Rates of currencies: the prices job asks for what people's accounts need, though nobody trades the pair."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.brokers.base import Quote
from shared.models.accounts import Account, currencies_in_use
from shared.models.mapping import rows_of
from shared.models.users import User
from tests.integration.worker.binance.conftest import Desk
from worker.pipeline.prices import refresh_prices
from worker.rates import Rates, symbols_for_rates


@pytest.fixture
def european(desk: Desk) -> Desk:
    """A desk whose only follower counts in euros and has an account in USDT."""
    desk.add_follower(desk.driver.add_provider())
    rows_of(User).update_many({}, {"$set": {"display_currency": "EUR"}})
    desk.driver.context._remembered.clear()
    return desk


def test_the_pair_that_says_the_rate_is_priced_though_nobody_trades_it(european: Desk) -> None:
    context = european.driver.context
    assert currencies_in_use() == {("USDT", "EUR")}
    assert Rates(context).find("USDT", "EUR") is None
    refresh_prices(context)
    rate = Rates(context).find("USDT", "EUR")
    assert rate is not None
    assert abs(rate.value - 1 / Decimal("1.083")) < Decimal("0.001")
    assert rate.age_seconds < 5
    assert "EUR" in str(rate)


def test_a_rate_that_is_fresh_is_not_asked_for_again(european: Desk) -> None:
    context = european.driver.context
    wanted = symbols_for_rates(context, {("USDT", "EUR")})
    assert wanted == {("binance", "live"): {"EUR/USDT"}}
    refresh_prices(context)
    assert symbols_for_rates(context, {("USDT", "EUR")}) == {}


def test_what_needs_no_rate_or_has_none_asks_for_nothing(desk: Desk) -> None:
    needed = {("USDT", "USD"), ("EUR", "EUR"), ("USDT", "XXX")}
    assert symbols_for_rates(desk.driver.context, needed) == {}


def test_two_currencies_that_nobody_lists_together_are_linked_through_the_dollar(european: Desk) -> None:
    context = european.driver.context
    assert symbols_for_rates(context, {("ETH", "EUR")}) == {("binance", "live"): {"ETH/USDT", "EUR/USDT"}}
    assert symbols_for_rates(context, {("ETH", "XXX")}) == {}
    rows_of(Account).update_many({}, {"$set": {"quote_asset": "ETH"}})
    context._remembered.clear()
    assert Rates(context).find("ETH", "EUR") is None
    refresh_prices(context)
    rate = Rates(context).find("ETH", "EUR")
    assert rate is not None
    assert abs(rate.value / (Decimal(3480) / Decimal("1.083")) - 1) < Decimal("0.05")
    back = Rates(context).find("EUR", "ETH")
    assert back is not None
    assert abs(back.value * rate.value - 1) < Decimal("0.0001")


def test_a_rate_through_the_dollar_is_as_old_as_its_older_half(european: Desk) -> None:
    context, now = european.driver.context, datetime.now(UTC)
    for base, price, age in (("ETH", 3000, 5), ("EUR", 1, 3000)):
        quote = Quote(f"{base}/USDT", Decimal(price), Decimal(price), now - timedelta(seconds=age))
        context.quotes.put("binance", "live", [quote])
    rate = Rates(context).find("ETH", "EUR")
    assert rate is not None
    assert (rate.value, rate.at) == (3000, now - timedelta(seconds=3000))
    assert 3000 <= rate.age_seconds <= 3005
    stale = Quote("EUR/USDT", Decimal(1), Decimal(1), now - timedelta(seconds=3601))
    context.quotes.put("binance", "live", [stale])
    assert Rates(context).find("ETH", "EUR") is None
