"""Coinbase's instruments and prices, and its clock."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.coinbase_broker import CoinbaseBroker
from shared.brokers.ccxt.coinbase_clock import CoinbaseClock
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError, RetryableError
from tests.integration.brokers.coinbase_recorder import (
    API,
    BOOK,
    LOGIN,
    ORDER,
    PRODUCTS,
    PUBLIC_KEY,
    TIME,
    CoinbaseRecorder,
    Recorded,
    an_order,
    listed_product,
    open_broker,
    recording,
)
from tests.integration.brokers.coinbase_stage import CoinbaseStage
from tests.integration.brokers.stages import an_order as a_purchase

SINCE = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


@pytest.fixture
async def venue() -> AsyncIterator[CoinbaseRecorder]:
    async with recording() as recorder:
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[CoinbaseAdapter]:
    adapter = CoinbaseAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def broker(venue: CoinbaseRecorder, adapter: CoinbaseAdapter) -> CoinbaseBroker:
    return open_broker(adapter, venue)


# Instruments and prices -----------------------------------------------------------------------------


async def test_what_trades_against_dollars_now_is_an_instrument_and_nothing_else(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    rows = [
        listed_product("BTC", "0.01", "0.00000001"),
        listed_product("SHIB", "0.00000001", "1", quote_min_size="5", price_increment=""),
        listed_product("EURO", "0.01", "1", quote_currency_id="EUR"),
        listed_product("FUT", "5", "1", product_type="FUTURE"),
        listed_product("NONE", "0", "1"),
        listed_product("OFF", "0.01", "1", status="offline"),
        *(
            listed_product(f"X{number}", "0.01", "1", **{bar: True})
            for number, bar in enumerate(
                ("trading_disabled", "cancel_only", "limit_only", "post_only", "auction_mode", "view_only")
            )
        ),
    ]
    venue.answer(PRODUCTS, {"products": rows})
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    found = await market.fetch_instruments()
    assert [(item.symbol, item.base, item.quote, item.tick, item.lot) for item in found] == [
        ("BTC/USD", "BTC", "USD", Decimal("0.01"), Decimal("0.00000001")),
        ("SHIB/USD", "SHIB", "USD", Decimal("0.00000001"), Decimal(1)),
    ]
    assert [item.minimum_notional for item in found] == [Decimal(1), Decimal(5)]
    assert [item.symbol for item in await market.fetch_instruments(["SHIB/USD", "X/USD"])] == ["SHIB/USD"]
    assert len(venue.named(PRODUCTS)) == 1


def books(request: Recorded) -> dict[str, Any]:
    product = dict(request.params)["product_id"]
    asks = [] if product == "ONE-USD" else [{"price": "100.1"}]
    return {"pricebook": {"product_id": product, "bids": [{"price": "99.9"}], "asks": asks}}


async def test_without_a_key_each_book_is_a_question_and_an_empty_one_is_no_quote(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    venue.answer(BOOK, books)
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    quotes = await market.fetch_quotes(["BTC/USD", "ONE/USD", "ETH/USD"])
    assert [quote.symbol for quote in quotes] == ["BTC/USD", "ETH/USD"]
    assert len(venue.named(BOOK)) == 3
    venue.answer(BOOK, {"error": "NOT_FOUND"}, 404)
    assert list(await market.fetch_quotes(["NOPE/USD"])) == []
    venue.answer(BOOK, {}, 500)
    with pytest.raises(RetryableError):
        await market.fetch_quotes(["BTC/USD"])
    assert list(await market.fetch_quotes([])) == []


async def test_without_a_key_no_more_books_are_asked_for_than_the_venue_lets_an_address_ask(
    venue: CoinbaseRecorder, adapter: CoinbaseAdapter
) -> None:
    came: list[float] = []

    def noting(request: Recorded) -> dict[str, Any]:
        came.append(time.monotonic())
        return books(request)

    venue.answer(BOOK, noting)
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    names = [f"P{number}/USD" for number in range(12)]
    assert len(await market.fetch_quotes(names)) == 12
    assert all(later - earlier > 0.5 for earlier, later in zip(came, came[5:], strict=False))


async def test_with_the_installations_key_all_prices_are_one_question_about_what_is_listed(
    venue: CoinbaseRecorder,
) -> None:
    adapter = CoinbaseAdapter({Environment.LIVE: LOGIN})
    book = {"bids": [{"price": "99.9"}], "asks": [{"price": "100.1"}]}
    venue.answer(f"GET {API}/best_bid_ask", {"pricebooks": [{"product_id": "BTC-USD", **book}]})
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    (quote,) = await market.fetch_quotes(["BTC/USD", "GONE/USD"])
    assert (quote.symbol, quote.middle) == ("BTC/USD", Decimal(100))
    (asked,) = venue.named(f"GET {API}/best_bid_ask")
    assert asked.params == [("product_ids", "BTC-USD")]
    asked.prove(PUBLIC_KEY)
    assert list(await market.fetch_quotes(["GONE/USD"])) == []
    assert len(venue.named(f"GET {API}/best_bid_ask")) == 1
    await adapter.close()


async def test_prices_and_instruments_are_those_of_the_venue(coinbase_stage: CoinbaseStage) -> None:
    market = coinbase_stage.open_market_data()
    (quote,) = await market.fetch_quotes([coinbase_stage.symbol, "NOPE/USD"])
    assert (quote.bid, quote.ask) == (Decimal("99.99"), Decimal("100.01"))
    (found,) = await market.fetch_instruments([coinbase_stage.symbol, "NOPE/USD"])
    assert (found.tick, found.lot, found.minimum_notional) == (Decimal("0.01"), Decimal("0.001"), Decimal(1))
    coinbase_stage.control.set_market(coinbase_stage.symbol, "HALT")
    broker = coinbase_stage.open_broker()
    with pytest.raises(PermanentError, match="MARKET_CLOSED"):
        await broker.submit_order(a_purchase(coinbase_stage))


# The clock ------------------------------------------------------------------------------------------


class Clocks:
    """Ours and the venue's; questions take as long as is said."""

    def __init__(self) -> None:
        self.ours = SINCE
        self.ahead = timedelta(seconds=10)
        self.takes = [timedelta(milliseconds=40), timedelta(milliseconds=4)]
        self.questions = 0
        self.fails = False

    def now(self) -> datetime:
        return self.ours

    async def ask(self) -> datetime:
        if self.fails:
            raise RetryableError("SERVER_FAILED", "no time")
        takes = self.takes[self.questions % 2]
        self.questions += 1
        self.ours += takes / 2
        told_time = self.ours - self.ahead
        self.ours += takes / 2
        return told_time


async def test_of_the_venues_clock_no_more_is_claimed_than_the_quickest_answer_proves() -> None:
    clocks, options = Clocks(), {"timeDifference": 0}
    clock = CoinbaseClock(clocks.ask, options, clocks.now)
    await clock.be_known()
    assert (options["timeDifference"], clocks.questions) == (10_000, 2)
    # The answer took four milliseconds: the venue may have said its time two after it was read, or at once.
    present = clocks.ours - clocks.ahead
    assert present - clock.passed() == timedelta(milliseconds=3)
    await clock.be_known()
    assert clocks.questions == 2


async def test_what_the_venue_names_as_past_has_passed_unless_it_lies_ahead_of_all_clocks() -> None:
    clocks = Clocks()
    clock = CoinbaseClock(clocks.ask, {"timeDifference": 0}, clocks.now)
    await clock.be_known()
    present = clocks.ours - clocks.ahead
    clock.note(present - timedelta(milliseconds=1))
    assert clock.passed() == present - timedelta(milliseconds=1)
    clock.note(present + timedelta(hours=1))
    assert clock.passed() == present - timedelta(milliseconds=1)


async def test_an_old_difference_is_better_than_none_and_none_stops_the_account() -> None:
    clocks = Clocks()
    clock = CoinbaseClock(clocks.ask, {"timeDifference": 0}, clocks.now)
    clocks.fails = True
    with pytest.raises(RetryableError):
        await clock.be_known()
    clocks.fails = False
    await clock.be_known()
    clock._ask_again_at = 0.0
    clocks.fails = True
    await clock.be_known()
    clock._measured_at = -10.0
    # Whether a token was refused for its time only the venue can say.
    with pytest.raises(RetryableError):
        await clock.was_wrong(clock.difference)


async def test_a_token_that_was_refused_for_its_time_is_told_from_one_of_a_bad_key(
    venue: CoinbaseRecorder, broker: CoinbaseBroker
) -> None:
    venue.answer(ORDER, "Unauthorized\n", 401)
    with pytest.raises(PermanentError, match="UNAUTHORIZED"):
        await broker.submit_order(an_order())
    # It was asked for before the order, and many refusals in a row ask no more.
    assert len(venue.named(TIME)) == 2
    venue.skew_seconds = 90
    broker._place.clock._measured_at = -10.0
    with pytest.raises(RetryableError, match="CLOCK_SKEWED"):
        await broker.submit_order(an_order())
    with pytest.raises(PermanentError, match="UNAUTHORIZED"):
        await broker.submit_order(an_order())
    assert len(venue.named(TIME)) == 4
