"""The emulated venues as fault rows meet them: what is traded there, where a write or a question is struck, and how an
account's key is made. The judge's part of each is in `holdings`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.ccxt.binance import BinanceAdapter
from shared.brokers.ccxt.binance_futures import BinanceFuturesAdapter
from shared.brokers.ccxt.coinbase import CoinbaseAdapter
from shared.brokers.ccxt.kucoin import KucoinAdapter
from shared.brokers.factory import Adapter
from shared.domain.orders import TimeInForce
from tests.emulators.binance.amounts import UNIT
from tests.emulators.binance.listings import MINIMUM_NOTIONAL
from tests.emulators.kucoin.book import LEAST as KUCOIN_LEAST
from tests.faults import bursts
from tests.house.venues import ALPACA, BINANCE, BINANCE_FUTURES, COINBASE, KUCOIN, EmulatedVenue

Rule = Mapping[str, Any]


def _is_load_account(number: int) -> dict[str, str]:
    return {"api_key": f"load-{number}", "secret": f"load-secret-{number}"}


@dataclass(frozen=True)
class Rig:
    """One family of assets at one emulated venue.

    `symbol` and `price` are of a row's n-th signal; `say` writes the signal with its entry and its stop. `entry`,
    `cover`, `look` and `fills` pick the requests that are struck. `limits` lifts the venue's limits, where the
    emulator has any. `least` is the smallest value that a stop can lie over; `rests` is false where nothing can rest.
    `new_id` is how a request names the order that it places; `part` is what a partial fill takes. `not_offered`: rows that cannot be played there, and why.
    """

    name: str
    venue: EmulatedVenue
    adapter: Callable[[], Adapter]
    symbol: Callable[[int], str]
    price: Callable[[int], Decimal]
    entry: Rule
    cover: Rule
    look: Rule
    fills: str
    lot: Decimal
    new_id: str
    least: Decimal = Decimal(0)
    rests: bool = True
    tick: Decimal = Decimal("0.01")
    units: int = 1
    longest: TimeInForce = TimeInForce.GTC
    credentials: Callable[[int], Mapping[str, str]] = _is_load_account
    limits: Mapping[str, int] = field(default_factory=dict)
    not_offered: Mapping[str, str] = field(default_factory=dict)
    words: str = "LONG {symbol}\nEntry: {entry}\nSL: {stop}"
    market: str = "market"
    part: str = "0.3"
    prepare: Callable[[Any], None] = lambda control: None
    venue_symbol: Callable[[str], str] = lambda symbol: symbol.replace("/", "")

    def say(self, number: int, entry: Decimal | None = None) -> str:
        """Write the n-th signal: at market, or with a price; its stop lies a tenth below."""
        stop = ((entry or self.price(number)) * Decimal("0.9")).quantize(self.tick, rounding="ROUND_DOWN")
        return self.words.format(symbol=self.symbol(number), entry=entry or self.market, stop=stop)

    def below(self, number: int) -> Decimal:
        """Return a price at which a purchase rests: a twentieth below the market."""
        return (self.price(number) * Decimal("0.95")).quantize(self.tick, rounding="ROUND_DOWN")

    def quantity(self, money: Decimal, price: Decimal) -> Decimal:
        """Return how much an amount buys at a price, in whole lots."""
        lots = (money / (price * self.units) / self.lot).to_integral_value(rounding="ROUND_DOWN")
        return lots * self.lot


def _numbered(number: int) -> str:
    return f"S{number % bursts.PAIRS:03d}/USDT"


def _numbered_price(number: int) -> Decimal:
    return Decimal(10 + number % bursts.PAIRS)


_UNLIMITED = {"weight_limit": 100_000_000, "order_limit": 1_000_000, "day_order_limit": 100_000_000}
_BUYS: Rule = {"method": "POST", "params": {"side": "BUY"}}
_SELLS: Rule = {"method": "POST", "params": {"side": "SELL"}}

BINANCE_SPOT = Rig(
    name="binance",
    venue=BINANCE,
    adapter=BinanceAdapter,
    symbol=_numbered,
    price=_numbered_price,
    entry=_BUYS,
    cover=_SELLS,
    look={"method": "GET", "path": "/api/v3/*"},
    fills="/api/v3/myTrades",
    lot=Decimal("0.001"),
    least=Decimal(MINIMUM_NOTIONAL) / UNIT,
    new_id="newClientOrderId",
    limits=_UNLIMITED,
)
FUTURES = Rig(
    name="futures",
    venue=BINANCE_FUTURES,
    adapter=BinanceFuturesAdapter,
    symbol=_numbered,
    price=_numbered_price,
    entry=_BUYS,
    cover=_SELLS,
    look={"method": "GET", "path": "/fapi/*"},
    fills="/fapi/v1/userTrades",
    lot=Decimal("0.001"),
    new_id="newClientOrderId",
    limits=_UNLIMITED,
)
COINBASE_SPOT = Rig(
    name="coinbase",
    venue=COINBASE,
    adapter=CoinbaseAdapter,
    symbol=lambda number: f"S{number % bursts.PAIRS:03d}/USD",
    price=_numbered_price,
    entry=_BUYS,
    cover=_SELLS,
    look={"method": "GET", "path": "/api/v3/brokerage/orders/*"},
    fills="/api/v3/brokerage/orders/historical/fills",
    lot=Decimal("0.001"),
    least=Decimal(1),
    new_id="client_order_id",
    credentials=lambda number: {"access_token": f"load-token-{number}"},
    limits=_UNLIMITED,
    not_offered={
        "19": "it bans nobody: what is too much is refused with 429",
        "20": "its requests bear tokens that are good for two minutes",
    },
    venue_symbol=lambda symbol: symbol.replace("/", "-"),
)


KUCOIN_SPOT = Rig(
    name="kucoin",
    venue=KUCOIN,
    adapter=KucoinAdapter,
    symbol=_numbered,
    price=_numbered_price,
    entry={"method": "POST", "params": {"side": "buy"}},
    cover={"method": "POST", "params": {"side": "sell"}},
    look={"method": "GET", "path": "/api/v1/*"},
    fills="/api/v1/hf/fills",
    lot=Decimal("0.001"),
    least=Decimal(KUCOIN_LEAST) / UNIT,
    new_id="clientOid",
    credentials=lambda number: _is_load_account(number) | {"passphrase": f"load-passphrase-{number}"},
    limits=_UNLIMITED,
    not_offered={"19": "it bans no address: what is too much of an account is refused with 429"},
    venue_symbol=lambda symbol: symbol.replace("/", "-"),
)


def _alpaca(name: str, lot: str, **changes: Any) -> Rig:
    return Rig(
        **{
            "name": name,
            "venue": ALPACA,
            "adapter": AlpacaAdapter,
            "price": lambda number: Decimal(100),
            "entry": {"method": "POST", "params": {"side": "buy"}},
            "cover": {"method": "POST", "params": {"side": "sell"}},
            "look": {"method": "GET", "path": "/v2/*"},
            "fills": "/v2/account/activities/FILL",
            "lot": Decimal(lot),
            "new_id": "client_order_id",
            "not_offered": {
                "19": "it bans nobody: what is too much is refused with 429",
                "20": "its requests bear no time",
            },
            "venue_symbol": lambda symbol: symbol,
            **changes,
        }
    )


def _contract(number: int) -> str:
    """Return a call on AAPL that runs for some weeks yet."""
    return f"AAPL{_expiry():%y%m%d}C00100000"


def _expiry() -> datetime:
    return datetime.now(UTC) + timedelta(days=45)


SHARES = _alpaca("shares", "1", symbol=lambda number: f"W{number % 250:03d}", part="0.5")
PARTS = _alpaca(
    "parts-of-shares",
    "0.000000001",
    symbol=lambda number: f"F{number % 250:03d}",
    longest=TimeInForce.DAY,
)
COINS = _alpaca("coins", "0.001", symbol=lambda number: f"C{number % 2 + 1:03d}/USD", least=Decimal(10))
OPTIONS = _alpaca(
    "options",
    "1",
    symbol=_contract,
    price=lambda number: Decimal("1.00"),
    units=100,
    longest=TimeInForce.DAY,
    words=f"BTO AAPL 100c {_expiry():%m/%d/%y} @ {{entry}} SL {{stop}}",
    market="1.02",
    rests=False,
    part="0.5",
    prepare=lambda control: control.set_price(_contract(0), "1.00"),
)
RIGS = {
    rig.name: rig
    for rig in (BINANCE_SPOT, FUTURES, SHARES, PARTS, COINS, OPTIONS, KUCOIN_SPOT, COINBASE_SPOT)
}


def row_at(row: str, rig: Rig) -> str:
    """Name a row of the matrix as it is played at one venue."""
    return row if rig is BINANCE_SPOT else f"{row} {rig.name}"


def rig_of(row: str) -> Rig:
    """Return where a row is played, by its name."""
    return RIGS[row.partition(" ")[2] or BINANCE_SPOT.name]
