"""The sandbox cards hold at every emulated venue, and fail where a venue does otherwise."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shared.brokers.adapters import own_adapters
from shared.brokers.factory import AccountAccess, BrokerFactory, Credentials
from shared.domain.accounts import Environment
from shared.domain.instruments import AssetClass
from tests.conformance.cards import CARDS
from tests.conformance.desk import Desk, open_desk
from tests.conformance.play import Outcome, play
from tests.emulators.alpaca.control import AlpacaProcess
from tests.emulators.binance.control import BinanceProcess
from tests.emulators.binance_futures.control import BinanceFuturesProcess
from tests.emulators.coinbase.control import CoinbaseProcess
from tests.emulators.coinbase.tokens import private_pem
from tests.emulators.kucoin.control import KucoinProcess
from tests.emulators.venue import adapter as outside
from tests.emulators.venue.control import VenueProcess

EMULATED: dict[str, tuple[type[Any], dict[str, str]]] = {
    "binance": (BinanceProcess, {"USDT": "10000"}),
    "binance_futures": (BinanceFuturesProcess, {"USDT": "10000"}),
    "alpaca": (AlpacaProcess, {"cash": "1000000"}),
    "kucoin": (KucoinProcess, {"USDT": "10000", "passphrase": "words"}),
    "coinbase": (CoinbaseProcess, {"USD": "10000"}),
    "testvenue": (VenueProcess, {"USDT": "10000"}),
}
KINDS = [
    ("binance", "BTC/USDT", AssetClass.CRYPTO),
    ("binance_futures", "BTC/USDT", AssetClass.CRYPTO),
    ("alpaca", "W001", AssetClass.STOCK),
    ("alpaca", "AAPL", AssetClass.STOCK),
    ("alpaca", "C001/USD", AssetClass.CRYPTO),
    ("alpaca", "AAPL270115C00100000", AssetClass.OPTION),
    ("kucoin", "BTC/USDT", AssetClass.CRYPTO),
    ("coinbase", "BTC/USD", AssetClass.CRYPTO),
    ("testvenue", "BTC/USDT", AssetClass.CRYPTO),
]


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Start each venue when it is first asked for."""
    started: dict[str, Any] = {}

    def start(name: str) -> Any:
        if name not in started:
            started[name] = EMULATED[name][0](tmp_path_factory.mktemp(name))
            started[name].start()
        return started[name]

    yield start
    for process in started.values():
        process.stop()


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
async def desk(request: pytest.FixtureRequest, processes: Any) -> AsyncIterator[Desk]:
    venue, symbol, asset_class = request.param
    process = processes(venue)
    key = f"card-{uuid.uuid4().hex[:8]}"
    process.control.create_account(key, "secret", **EMULATED[venue][1])
    secret = private_pem(b"secret") if venue == "coinbase" else "secret"
    adapters = {
        **own_adapters(lambda name, _: (key, secret) if name == "alpaca" else None),
        outside.ADAPTER.venue.name: outside.ADAPTER,
    }
    factory = BrokerFactory(adapters)
    has_sandbox = factory.find_venue(venue).offers(Environment.SANDBOX)
    environment = Environment.SANDBOX if has_sandbox else Environment.LIVE
    access = AccountAccess(
        account_id="account",
        venue=venue,
        environment=environment,
        credentials=Credentials(key, secret, passphrase=EMULATED[venue][1].get("passphrase", "")),
        base_url=process.url,
    )
    row = factory.find_capabilities(venue, environment, asset_class)
    assert row is not None
    yield await open_desk(factory, access, row, symbol)
    await factory.close()


async def test_every_card_holds_or_names_what_the_venue_does_not_do(desk: Desk) -> None:
    cells = await play(desk, CARDS)
    assert [cell for cell in cells if cell.outcome is Outcome.FAILED] == []
    assert all(cell.why for cell in cells if cell.outcome is Outcome.NOT_OFFERED)
    assert not await desk.broker.fetch_open_orders(desk.symbol)


@pytest.mark.parametrize("desk", KINDS[:1], indirect=True, ids=["binance"])
async def test_a_venue_that_does_not_do_what_its_row_says_fails_its_card(desk: Desk) -> None:
    desk.row = replace(desk.row, takes_expiry=False)
    [cell] = await play(desk, {"c10": CARDS["c10"]})
    assert cell.outcome is Outcome.NOT_OFFERED
    desk.instrument = replace(desk.instrument, tick=desk.instrument.tick * 8)
    [cell] = await play(desk, {"c09": CARDS["c09"]})
    assert (cell.outcome, cell.why) == (Outcome.FAILED, "AssertionError: it was taken")
    assert not await desk.broker.fetch_open_orders(desk.symbol)
