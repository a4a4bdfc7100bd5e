"""One emulated Binance for each module, and unmodified ccxt clients that talk to it."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ccxt.async_support as ccxt
import pytest

from tests.emulators.binance.control import BinanceControl, BinanceProcess

BALANCES = {"USDT": "100000", "BTC": "2", "ETH": "10"}
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Trader:
    """One account at the venue and the client that holds its key."""

    key: str
    client: Any
    venue: BinanceProcess

    @property
    def control(self) -> BinanceControl:
        return self.venue.control

    def lines(self) -> list[dict[str, Any]]:
        """What the venue's log says of this account."""
        return [line for line in self.venue.lines() if line["key"] == self.key]

    async def buy(self, name: str, quantity: float = 0.01, **params: Any) -> Any:
        """Buy bitcoin at market."""
        return await self.client.create_order(
            "BTC/USDT", "market", "buy", quantity, None, {"clientOrderId": name, **params}
        )

    async def look_up(self, name: str) -> Any:
        """Find an order by its client order id."""
        return await self.client.fetch_order(None, "BTC/USDT", {"clientOrderId": name})


Connect = Callable[..., Trader]


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BinanceProcess]:
    """A running venue; what tests change of it as a whole they set back."""
    process = BinanceProcess(tmp_path_factory.mktemp("binance"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def connect(venue: BinanceProcess) -> AsyncIterator[Connect]:
    """Return a function that opens an account with a key of its own and gives it a client."""
    clients: list[Any] = []

    def open_account(*, timeout: int = 5000, **rights: Any) -> Trader:
        key = f"key-{next(_NUMBERS)}"
        venue.control.create_account(key, "secret", **rights, **BALANCES)
        clients.append(client_of(venue.url, key, "secret", timeout))
        return Trader(key, clients[-1], venue)

    yield open_account
    for client in clients:
        await client.close()
    venue.control.clear_faults()
    venue.control.lift_bans()


@pytest.fixture
def trader(connect: Connect) -> Trader:
    """An account with money, bitcoin and ether."""
    return connect()


def client_of(url: str, key: str, secret: str, timeout: int = 5000) -> Any:
    """A client that is told another address and not to ask for what the venue has not."""
    return ccxt.binance(
        {
            "apiKey": key,
            "secret": secret,
            "timeout": timeout,
            "timeout_on_exit": 0,
            "enableRateLimit": False,
            "urls": {
                "api": {"public": f"{url}/api/v3", "private": f"{url}/api/v3", "sapi": f"{url}/sapi/v1"}
            },
            "options": {"fetchMarkets": {"types": ["spot"]}, "fetchMargins": False, "fetchCurrencies": False},
        }
    )
