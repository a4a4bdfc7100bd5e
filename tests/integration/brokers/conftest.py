"""The stages that broker contract cards are played on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import mongoengine
import pytest
import uvloop

from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_broker import BinanceBroker
from shared.brokers.ccxt.kucoin import KucoinAdapter
from shared.brokers.ccxt.kucoin_broker import KucoinBroker
from tests.emulators.alpaca.control import AlpacaProcess
from tests.emulators.binance.control import BinanceProcess
from tests.emulators.binance_futures.control import BinanceFuturesProcess
from tests.emulators.coinbase.control import CoinbaseProcess
from tests.emulators.kucoin.control import KucoinProcess
from tests.emulators.venue.control import VenueProcess
from tests.integration.brokers import kucoin_recorder
from tests.integration.brokers.coinbase_stage import CoinbaseStage
from tests.integration.brokers.futures_stage import FuturesStage
from tests.integration.brokers.kucoin_stage import KucoinStage
from tests.integration.brokers.recorded import open_broker
from tests.integration.brokers.recorder import Recorder, recording
from tests.integration.brokers.stages import BinanceStage, HttpStage, PaperStage, Stage, start_venue


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run on the workers' kind of loop: what is proved of bytes that left must hold there."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="module")
def venue_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    folder: Path = tmp_path_factory.mktemp("venue")
    process = start_venue(folder)
    yield process
    process.stop()


@pytest.fixture
async def http_stage(venue_process: VenueProcess) -> AsyncIterator[HttpStage]:
    stage = HttpStage(venue_process)
    yield stage
    stage.control.clear_faults()
    stage.control.set_modes(client_ids="open")
    await stage.close()


@pytest.fixture
async def paper_stage(mongodb_uri: str) -> AsyncIterator[PaperStage]:
    yield PaperStage(mongodb_uri)
    mongoengine.disconnect()


@pytest.fixture(scope="module")
def binance_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BinanceProcess]:
    process = BinanceProcess(tmp_path_factory.mktemp("binance"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def binance_stage(binance_process: BinanceProcess) -> AsyncIterator[BinanceStage]:
    stage = BinanceStage(binance_process)
    yield stage
    await stage.close()


@pytest.fixture(scope="module")
def futures_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BinanceFuturesProcess]:
    process = BinanceFuturesProcess(tmp_path_factory.mktemp("futures"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def futures_stage(futures_process: BinanceFuturesProcess) -> AsyncIterator[FuturesStage]:
    stage = FuturesStage(futures_process)
    yield stage
    await stage.close()


@pytest.fixture(scope="module")
def alpaca_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlpacaProcess]:
    process = AlpacaProcess(tmp_path_factory.mktemp("alpaca"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def coinbase_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoinbaseProcess]:
    process = CoinbaseProcess(tmp_path_factory.mktemp("coinbase"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def kucoin_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KucoinProcess]:
    process = KucoinProcess(tmp_path_factory.mktemp("kucoin"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def coinbase_stage(coinbase_process: CoinbaseProcess) -> AsyncIterator[CoinbaseStage]:
    stage = CoinbaseStage(coinbase_process)
    yield stage
    await stage.close()


@pytest.fixture
async def kucoin_stage(kucoin_process: KucoinProcess) -> AsyncIterator[KucoinStage]:
    stage = KucoinStage(kucoin_process)
    yield stage
    await stage.close()


@pytest.fixture
async def kucoin_venue() -> AsyncIterator[kucoin_recorder.Recorder]:
    async with kucoin_recorder.recording() as recorder:
        yield recorder


@pytest.fixture
async def kucoin_adapter() -> AsyncIterator[KucoinAdapter]:
    adapter = KucoinAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def kucoin_broker(kucoin_venue: kucoin_recorder.Recorder, kucoin_adapter: KucoinAdapter) -> KucoinBroker:
    """An account whose requests are recorded."""
    return kucoin_recorder.open_broker(kucoin_adapter, kucoin_venue)


@pytest.fixture
async def venue() -> AsyncIterator[Recorder]:
    async with recording() as recorder:
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[BinanceAdapter]:
    adapter = BinanceAdapter()
    yield adapter
    await adapter.close()


@pytest.fixture
def broker(venue: Recorder, adapter: BinanceAdapter) -> BinanceBroker:
    """An account whose requests are recorded."""
    return open_broker(adapter, venue)


@pytest.fixture(params=["paper", "http", "binance", "futures", "coinbase", "kucoin"])
def stage(request: pytest.FixtureRequest) -> Stage:
    found: Stage = request.getfixturevalue(f"{request.param}_stage")
    return found
