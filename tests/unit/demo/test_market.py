"""Levels in templates: what the tape says at the moment of posting, written as people write."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.brokers.tape import tape_quote
from shared.domain.listed_options import read_occ_symbol
from tests.demo.market import Market, symbol_of, write_price

SEED = "7"
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


@pytest.fixture
def market() -> Market:
    return Market(SEED, lambda: NOW)


def ask(symbol: str) -> Decimal:
    quote = tape_quote(SEED, symbol, NOW)
    assert quote is not None
    return quote.ask


def bid(symbol: str, seconds: int) -> Decimal:
    quote = tape_quote(SEED, symbol, NOW + timedelta(seconds=seconds))
    assert quote is not None
    return quote.bid


@pytest.mark.parametrize(("place", "symbol"), [("BTC", "BTC/USDT"), ("AAPL", "AAPL"), ("EURUSD", "EUR/USD")])
def test_a_place_is_percent_of_the_ask(market: Market, place: str, symbol: str) -> None:
    price = Decimal(market.render(f"{{{place}-2}}"))
    assert price / ask(symbol) == pytest.approx(Decimal("0.98"), rel=Decimal("0.0001"))


def test_a_comma_asks_for_a_decimal_comma(market: Market) -> None:
    assert market.render("{XRP-3,}") == market.render("{XRP-3}").replace(".", ",")


def test_text_without_places_stays_as_it_is(market: Market) -> None:
    assert market.render("curly {braces} and 100% sure") == "curly {braces} and 100% sure"


def test_a_name_that_is_not_on_the_tape_is_a_mistake(market: Market) -> None:
    with pytest.raises(KeyError, match="NOPE"):
        market.render("{NOPE+1}")


def test_a_contract_is_listed_and_its_premium_is_the_tapes(market: Market) -> None:
    contract = market.contract("F")
    assert read_occ_symbol(contract.symbol) is not None
    assert (contract.expiry.weekday(), contract.expiry - NOW.date() >= timedelta(days=25)) == (4, True)
    assert contract.strike >= ask("F")
    text = market.render("F {F.strike}C {F.expiry} @ {F.premium}")
    assert re.fullmatch(r"F 13C 04/03 @ 0\.\d\d", text)
    assert Decimal(text.rsplit(maxsplit=1)[-1]) == ask(contract.symbol)


def test_a_riser_passes_its_target_within_seconds(market: Market) -> None:
    market.choose_riser("UP", ["ATOM", "APT", "TIA"])
    symbol, target = market.render("{UP.name} {UP.target}").split()
    assert sum(bid(symbol, seconds) >= Decimal(target) for seconds in range(5, 16)) >= 2


def test_a_faller_passes_its_stop_within_seconds(market: Market) -> None:
    market.choose_faller("DOWN", ["RENDER", "FET", "AAVE"])
    symbol, stop = market.render("{DOWN.name} {DOWN.target}").split()
    assert sum(bid(symbol, seconds) <= Decimal(stop) for seconds in range(5, 16)) >= 2


def test_prices_are_written_with_five_digits_and_no_finer_than_the_tick() -> None:
    assert write_price("BTC/USDT", Decimal("67250.37")) == "67250"
    assert write_price("AAPL", Decimal("214.5049")) == "214.50"
    assert write_price("XRP/USDT", Decimal("0.612345")) == "0.6123"
    assert write_price("PEPE/USDT", Decimal("0.000011847")) == "0.00001185"
    assert symbol_of("XAU") == "XAU/USD"
