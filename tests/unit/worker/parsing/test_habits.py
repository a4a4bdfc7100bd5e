"""What a provider's habits are learnt from, and how they fill in what a message leaves unsaid."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.instruments import AssetClass
from shared.domain.profiles import Habit, ProviderProfile, rescaled
from shared.domain.signals import Signal
from worker.parsing.habits import FEWEST, Post, language_of, learn_profile
from worker.parsing.parser import ParseContext, parse_message

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ORDER = "LONG {}\nEntry 64.5\nSL 62.1\nTP 70"


def post(text: str) -> Post:
    reading = parse_message(text)
    return Post(text, reading if isinstance(reading, Signal) else None)


def learnt(*texts: str, market: dict[str, Decimal] | None = None) -> ProviderProfile:
    return learn_profile([post(text) for text in texts], market or {}, NOW)


def test_the_quote_that_is_written_most_is_learnt_with_its_evidence() -> None:
    profile = learnt(*[ORDER.format("SOL/USDC")] * 4, ORDER.format("AVAX/USDC"))
    assert profile.quote == Habit("USDC", 5, 5)
    assert profile.asset_class == Habit("crypto", 5, 5)


def test_a_quote_that_was_only_filled_in_teaches_nothing() -> None:
    assert learnt(*[ORDER.format("$SOL")] * 9).quote is None


def test_too_few_posts_or_too_little_agreement_are_no_habit() -> None:
    assert learnt(*[ORDER.format("SOL/USDC")] * (FEWEST - 1)).quote is None
    mixed = [ORDER.format("SOL/USDC")] * 5 + [ORDER.format("SOL/USDT")] * 3
    assert learnt(*mixed).quote is None


def test_doubtful_readings_teach_nothing() -> None:
    doubted = [Post(ORDER.format("SOL/USDC"), Signal(*_order("SOL/USDC"), doubt="PLAN"))] * 9
    assert learn_profile(doubted, {}, NOW).quote is None


@pytest.mark.parametrize(
    ("text", "language"),
    [("We are with you on the way", "en"), ("Wir sind bei der Arbeit und nicht im Urlaub", "de"), ("Nous sommes avec vous sur la route", "fr"),
     ("Покупка по рынку", "ru"), ("做多 BTC", "zh"), ("شراء الذهب", "ar"), ("el precio no se mueve para los compradores", "es"),
     ("BTCUSDT 64.5 62.1", None), ("", None)],
)
def test_the_language_of_a_text_is_told_from_script_and_small_words(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_prices_posted_in_thousands_are_learnt_from_the_market_and_brought_to_it() -> None:
    profile = learnt(*[ORDER.format("BTC/USDT")] * 3, market={"BTC/USDT": Decimal("65210")})
    assert profile.scales == {"BTC/USDT": 3}
    reading = parse_message(ORDER.format("BTC/USDT"))
    assert isinstance(reading, Signal)
    moved = rescaled(reading, profile.scales["BTC/USDT"])
    assert (moved.entry, moved.stop_loss, moved.take_profits) == ((Decimal(64500),), Decimal(62100), (Decimal(70000),))


@pytest.mark.parametrize("market", ["64.9", "130", "31000"])
def test_no_scale_is_learnt_where_prices_agree_or_are_no_power_of_ten_apart(market: str) -> None:
    assert learnt(*[ORDER.format("BTC/USDT")] * 4, market={"BTC/USDT": Decimal(market)}).scales == {}


def test_one_post_of_another_scale_unlearns_the_scale() -> None:
    texts = [ORDER.format("BTC/USDT")] * 4 + ["LONG BTC/USDT\nEntry 64500\nSL 62100\nTP 70000"]
    assert learnt(*texts, market={"BTC/USDT": Decimal("65210")}).scales == {}


def test_a_coin_named_alone_takes_the_providers_quote() -> None:
    assert parse_message(ORDER.format("$SOL"), ParseContext(default_quote="USDC")).symbol == "SOL/USDC"
    assert parse_message(ORDER.format("SOL/USDT"), ParseContext(default_quote="USDC")).symbol == "SOL/USDT"


def test_a_name_that_two_markets_know_is_of_the_providers_market_unless_the_message_says_otherwise() -> None:
    stocks, coins = (ParseContext(default_asset_class=name) for name in (AssetClass.STOCK, AssetClass.CRYPTO))
    text = "Long $CVX 64.5, stop 62.1, target 70"
    assert (parse_message(text, stocks).symbol, parse_message(text, coins).symbol) == ("CVX", "CVX/USDT")
    assert parse_message(f"{text}, 20x isolated leverage", stocks).symbol == "CVX/USDT"
    options = ParseContext(default_asset_class=AssetClass.OPTION)
    assert parse_message(text, options).symbol == "CVX"


def _order(symbol: str) -> tuple[object, ...]:
    reading = parse_message(ORDER.format(symbol))
    assert isinstance(reading, Signal)
    return reading.action, reading.symbol, reading.asset_class, reading.side
