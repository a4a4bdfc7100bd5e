"""The tape is a pure function, stays near its price and moves enough to be watched."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.brokers.tape import TapeMarketData, tape_quote
from shared.brokers.tape_instruments import TAPE_ROWS, find_instrument
from shared.domain.instruments import AssetClass
from shared.domain.listed_options import read_occ_symbol

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CALL = "AAPL261218C00215000"
moments = st.integers(0, 15 * 365 * 86_400_000).map(
    lambda milliseconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)


@given(symbol=st.sampled_from(sorted(TAPE_ROWS)), at=moments, seed=st.text(max_size=8))
def test_a_quote_lies_on_ticks_around_a_price_within_two_percent(
    symbol: str, at: datetime, seed: str
) -> None:
    quote = tape_quote(seed, symbol, at)
    assert quote is not None
    row = TAPE_ROWS[symbol]
    assert quote.synthetic
    assert 0 < quote.bid < quote.ask
    assert quote.bid % row.instrument.tick == quote.ask % row.instrument.tick == 0
    slack = row.instrument.tick * 2 + row.price * Decimal("0.0002")
    assert abs(quote.middle - row.price) <= row.price * Decimal("0.02") + slack


@given(at=moments, precision=st.integers(6, 60))
def test_a_price_does_not_depend_on_who_asks(at: datetime, precision: int) -> None:
    expected = tape_quote("seed", "ETH/USDT", at)
    with localcontext() as context:
        context.prec = precision
        assert tape_quote("seed", "ETH/USDT", at) == expected


def test_another_process_reads_the_same_prices() -> None:
    program = (
        "from datetime import datetime, UTC\n"
        "from shared.brokers.tape import tape_quote\n"
        f"for s in ('BTC/USDT', 'PEPE/USDT', '{CALL}', 'EUR/USD'):\n"
        "    q = tape_quote('demo', s, datetime(2026, 11, 23, 14, 30, tzinfo=UTC)); print(q.bid, q.ask)\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    found = [tape_quote("demo", symbol, NOW) for symbol in ("BTC/USDT", "PEPE/USDT", CALL, "EUR/USD")]
    assert output.stdout.splitlines() == [f"{quote.bid} {quote.ask}" for quote in found if quote]


def test_prices_move_by_tenths_of_a_percent_a_minute_and_smoothly_within_a_second() -> None:
    def changes(step: timedelta) -> list[Decimal]:
        quotes = [tape_quote("demo", "BTC/USDT", NOW + step * index) for index in range(400)]
        middles = [quote.middle for quote in quotes if quote is not None]
        return [abs(after / before - 1) for before, after in pairwise(middles)]

    minute = changes(timedelta(minutes=1))
    assert Decimal("0.001") < sum(minute) / len(minute) < Decimal("0.003")
    assert max(changes(timedelta(seconds=1))) < Decimal("0.0006")


def test_seeds_and_symbols_walk_each_their_own_way() -> None:
    def walk(seed: str, symbol: str) -> list[bool]:
        quotes = [tape_quote(seed, symbol, NOW + timedelta(minutes=index)) for index in range(60)]
        middles = [quote.middle for quote in quotes if quote is not None]
        return [after > before for before, after in pairwise(middles)]

    walks = [walk("one", "BTC/USDT"), walk("two", "BTC/USDT"), walk("one", "ETH/USDT")]
    assert walks[0] != walks[1] != walks[2] != walks[0]


def test_every_asset_class_is_listed_with_rules_that_can_be_traded() -> None:
    rows = TAPE_ROWS.values()
    assert {row.instrument.asset_class for row in rows} == {
        AssetClass.CRYPTO,
        AssetClass.STOCK,
        AssetClass.FOREX,
    }
    bases = [row.instrument.base for row in rows]
    assert len(set(bases)) == len(bases)
    for row in rows:
        assert row.price % row.instrument.tick == 0
        assert row.instrument.notional(row.instrument.lot, row.price) < 20


def test_an_option_on_a_listed_stock_is_an_instrument_until_its_expiry_ends() -> None:
    expiry = datetime(2026, 12, 18, tzinfo=UTC).date()
    option = find_instrument(CALL, expiry)
    assert option is not None
    assert option.asset_class is AssetClass.OPTION
    assert (option.multiplier, option.lot) == (Decimal(100), Decimal(1))
    assert find_instrument(CALL, expiry + timedelta(days=1)) is None
    assert find_instrument("NOPE261218C00215000", expiry) is None


@pytest.mark.parametrize(
    "symbol", ["AAPL261318C00215000", "AAPL", "AAPL261218X00215000", "AAPL261218C215", ""]
)
def test_what_is_no_occ_symbol_is_no_option(symbol: str) -> None:
    assert read_occ_symbol(symbol) is None


def test_premiums_follow_strike_time_and_right() -> None:
    def middle(symbol: str, at: datetime = NOW) -> Decimal:
        quote = tape_quote("demo", symbol, at)
        assert quote is not None
        return quote.middle

    assert middle("AAPL261218C00210000") > middle("AAPL261218C00220000")
    assert middle("AAPL261218P00210000") < middle("AAPL261218P00220000")
    assert middle("AAPL270618C00215000") > middle("AAPL261218C00215000")
    assert middle("AAPL261218C00900000") < Decimal("0.05")
    after_close = datetime(2026, 12, 18, 21, tzinfo=UTC)
    stock = middle("AAPL", after_close)
    assert abs(middle("AAPL261218C00150000", after_close) - (stock - 150)) < Decimal("0.4")


async def test_the_tape_as_a_venue_finds_options_by_name_and_leaves_unknown_symbols_out() -> None:
    tape = TapeMarketData("demo", lambda: NOW)
    listed = await tape.fetch_instruments()
    assert len(listed) == len(TAPE_ROWS)
    found = await tape.fetch_instruments(("BTC/USDT", CALL, "NOPE/USDT"))
    assert [instrument.symbol for instrument in found] == ["BTC/USDT", CALL]
    quotes = await tape.fetch_quotes(("BTC/USDT", CALL, "NOPE/USDT"))
    assert [(quote.symbol, quote.at) for quote in quotes] == [("BTC/USDT", NOW), (CALL, NOW)]
    await tape.close()
