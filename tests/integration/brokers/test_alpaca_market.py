"""Instruments of Alpaca with their price steps, and quotes."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.factory import Credentials
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError, RetryableError
from shared.domain.instruments import AssetClass
from shared.domain.orders import OrderType
from tests.emulators.alpaca.control import AlpacaProcess
from tests.integration.brokers.alpaca_recorder import AlpacaRecorder, an_exit, open_broker, recording
from tests.integration.brokers.alpaca_stage import FRACTION, OPTION, AlpacaStage

STOCK_QUOTES = "GET /v2/stocks/quotes/latest"
OPTION_QUOTES = "GET /v1beta1/options/quotes/latest"
OCC = "SPY261218C00600000"


@pytest.fixture
async def venue() -> AsyncIterator[AlpacaRecorder]:
    async with recording() as recorder:
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[AlpacaAdapter]:
    adapter = AlpacaAdapter({Environment.LIVE: Credentials("market", "market-secret")})
    yield adapter
    await adapter.close()


async def test_instruments_are_found_by_name_with_the_rules_of_their_family(
    alpaca_process: AlpacaProcess,
) -> None:
    stage = AlpacaStage(alpaca_process, FRACTION)
    market = stage.open_market_data()
    option = OPTION.symbol.format(7)
    stage.control.set_price(option, "2.50")
    wanted = ["AAPL", "BRK.A", "X001", "NOPE", "C001/USD", "C003/USDT", option, "OPT270115X00000001"]
    found = {item.symbol: item for item in await market.fetch_instruments(wanted)}
    assert set(found) == {"AAPL", "BRK.A", "C001/USD", option}
    rules = {symbol: (item.lot, item.tick, item.minimum_notional) for symbol, item in found.items()}
    assert rules["AAPL"] == (Decimal("0.000000001"), Decimal("0.01"), Decimal(1))
    assert rules["BRK.A"] == (Decimal(1), Decimal("0.01"), Decimal(1))
    assert rules["C001/USD"] == (Decimal("0.001"), Decimal("0.01"), Decimal(10))
    assert rules[option] == (Decimal(1), Decimal("0.01"), Decimal(0))
    assert (found[option].multiplier, found[option].asset_class) == (Decimal(100), AssetClass.OPTION)
    assert (found["AAPL"].base, found["C001/USD"].base, found["C001/USD"].quote) == ("AAPL", "C001", "USD")
    every = {item.symbol for item in await market.fetch_instruments()}
    assert {"AAPL", "BRK.A", "C001/USD"} <= every
    assert not {"X001", "C003/USDT"} & every
    await stage.close()


@pytest.mark.parametrize(
    ("ask", "tick"),
    [(0.9999, "0.0001"), (1, "0.01"), (214.5, "0.01"), (None, "0.01")],
)
async def test_a_stock_below_a_dollar_has_finer_steps(
    venue: AlpacaRecorder, adapter: AlpacaAdapter, ask: float | None, tick: str
) -> None:
    asset = {"class": "us_equity", "status": "active", "tradable": True, "fractionable": False}
    venue.answer("GET /v2/assets/PENY", {**asset, "symbol": "PENY"})
    quotes = {} if ask is None else {"PENY": {"bp": 0.5, "ap": ask}}
    venue.answer(STOCK_QUOTES, {"quotes": quotes})
    (found,) = await adapter.open_market_data(Environment.LIVE, venue.url).fetch_instruments(["PENY"])
    assert found.tick == Decimal(tick)


@pytest.mark.parametrize(
    ("ask", "is_penny", "tick"),
    [
        (2.99, True, "0.01"),
        (3, True, "0.05"),
        (2.99, False, "0.05"),
        (3, False, "0.1"),
        (None, True, "0.05"),
        (None, False, "0.1"),
    ],
)
async def test_an_options_steps_follow_its_price_and_its_programme(
    venue: AlpacaRecorder, adapter: AlpacaAdapter, ask: float | None, is_penny: bool, tick: str
) -> None:
    contract = {"symbol": OCC, "status": "active", "tradable": True, "size": "100", "ppind": is_penny}
    venue.answer(f"GET /v2/options/contracts/{OCC}", contract)
    quotes = {OCC: {"bp": 1, "ap": ask}}
    # Without a quote the coarser step is taken, whatever the reason.
    venue.answer(OPTION_QUOTES, {"quotes": quotes} if ask else "", 200 if ask else 500)
    (found,) = await adapter.open_market_data(Environment.LIVE, venue.url).fetch_instruments([OCC])
    assert found.tick == Decimal(tick)


async def test_an_instrument_that_cannot_be_asked_about_is_no_unknown_one(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    venue.answer(STOCK_QUOTES, {"quotes": {}})
    venue.answer("GET /v2/assets/AAPL", {"message": "no"}, 500)
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    with pytest.raises(RetryableError, match="SERVER_FAILED"):
        await market.fetch_instruments(["AAPL"])


async def test_a_quote_without_both_sides_is_left_out_and_digits_are_kept(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    rows = '{"quotes": {"AAPL": {"bp": 0.1, "ap": 0.30000000000000004}, "DEAD": {"bp": 0, "ap": 3}}}'
    venue.answer(STOCK_QUOTES, rows)
    market = adapter.open_market_data(Environment.LIVE, venue.url)
    (quote,) = await market.fetch_quotes(["AAPL", "DEAD"])
    assert (quote.bid, quote.ask) == (Decimal("0.1"), Decimal("0.30000000000000004"))


async def test_a_stop_of_a_pair_waits_for_the_list_once_and_not_for_others(
    venue: AlpacaRecorder, adapter: AlpacaAdapter
) -> None:
    broker = open_broker(adapter, venue)
    listed = {"class": "crypto", "symbol": "BTC/USD", "status": "active", "tradable": True}
    venue.answer("GET /v2/assets", [{**listed, "price_increment": "1", "min_trade_increment": "0.0001"}])
    venue.answer("POST /v2/orders", {"code": 40310000, "message": "insufficient buying power"}, 403)
    for symbol in ("BTC/USD", "BTC/USD", "AAPL"):
        stop = an_exit(symbol, order_type=OrderType.STOP, stop_price=Decimal(90), quantity=Decimal(1))
        with pytest.raises(PermanentError):
            await broker.submit_order(stop)
    assert len(venue.named("GET /v2/assets")) == 1
