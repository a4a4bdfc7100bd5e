"""What can be traded on the tape: plausible prices, ticks and lots, as data.

Rows are (symbol, price around which the tape walks, tick, lot). Every quote currency is settled in
the paper account's one pot: a unit of USD/JPY costs its price in pot money. Percent moves are right
that way and no exchange rate is needed.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain.instruments import AssetClass, Instrument
from shared.domain.listed_options import read_occ_symbol

_CRYPTO = """
BTC 67250.00 0.01 0.00001
ETH 3480.00 0.01 0.0001
BNB 605.00 0.01 0.001
SOL 152.40 0.01 0.001
XRP 0.6120 0.0001 0.1
ADA 0.4480 0.0001 0.1
DOGE 0.12850 0.00001 1
AVAX 36.10 0.01 0.01
LINK 14.750 0.001 0.01
DOT 6.850 0.001 0.01
LTC 84.20 0.01 0.001
BCH 412.00 0.01 0.001
MATIC 0.7120 0.0001 0.1
ATOM 8.640 0.001 0.01
NEAR 5.240 0.001 0.1
APT 8.950 0.001 0.01
ARB 0.9870 0.0001 0.1
OP 2.310 0.001 0.01
SUI 1.1450 0.0001 0.1
SEI 0.4310 0.0001 0.1
INJ 26.40 0.01 0.01
TIA 8.120 0.001 0.01
FET 1.6240 0.0001 0.1
RENDER 8.870 0.001 0.01
FIL 5.960 0.001 0.01
ALGO 0.1830 0.0001 1
AXS 7.120 0.001 0.01
CRV 0.4240 0.0001 0.1
GRT 0.2610 0.0001 1
UNI 9.340 0.001 0.01
AAVE 96.50 0.01 0.001
TRX 0.12150 0.00001 0.1
ETC 26.80 0.01 0.01
ZEC 28.40 0.01 0.001
HYPE 24.600 0.001 0.01
TAO 412.00 0.01 0.001
WIF 2.480 0.001 0.1
1INCH 0.4120 0.0001 0.1
PEPE 0.00001184 0.00000001 1
SHIB 0.00002460 0.00000001 1
BONK 0.00002870 0.00000001 1
"""

_STOCK = """
AAPL 214.50
TSLA 248.00
NVDA 126.40
AMD 158.20
MSFT 447.00
AMZN 193.60
META 504.00
GOOGL 182.30
GOOG 183.80
SPY 547.00
QQQ 480.50
IWM 204.20
DIA 391.80
SPX 5470.00
NFLX 683.00
INTC 30.80
MU 131.50
BA 181.60
DELL 138.40
HOOD 22.60
COIN 232.00
MSTR 1430.00
PLTR 25.60
SOFI 6.62
BAC 39.80
JPM 202.00
GS 458.00
KO 63.70
DIS 99.30
F 12.52
C 63.40
DAL 47.60
UBER 72.40
SHOP 66.20
CAT 329.00
LOW 219.00
XOM 114.80
GME 24.70
AMC 5.02
"""

_FOREX = """
EUR/USD 1.08450 0.00001
GBP/USD 1.26900 0.00001
AUD/USD 0.66520 0.00001
NZD/USD 0.61280 0.00001
USD/JPY 157.320 0.001
USD/CAD 1.36940 0.00001
USD/CHF 0.89560 0.00001
EUR/JPY 170.610 0.001
GBP/JPY 199.640 0.001
XAU/USD 2342.50 0.01
XAG/USD 29.450 0.001
"""

@dataclass(frozen=True, slots=True)
class TapeRow:
    """An instrument and the price its tape walks around."""

    instrument: Instrument
    price: Decimal


def _crypto_rows() -> list[TapeRow]:
    rows = []
    for line in _CRYPTO.split("\n")[1:-1]:
        base, price, tick, lot = line.split()
        instrument = Instrument(
            f"{base}/USDT", AssetClass.CRYPTO, base, "USDT", Decimal(tick), Decimal(lot), Decimal(5)
        )
        rows.append(TapeRow(instrument, Decimal(price)))
    return rows


def _stock_rows() -> list[TapeRow]:
    rows = []
    for line in _STOCK.split("\n")[1:-1]:
        symbol, price = line.split()
        instrument = Instrument(
            symbol, AssetClass.STOCK, symbol, "USD", Decimal("0.01"), Decimal("0.001"), Decimal(1)
        )
        rows.append(TapeRow(instrument, Decimal(price)))
    return rows


def _forex_rows() -> list[TapeRow]:
    rows = []
    for line in _FOREX.split("\n")[1:-1]:
        symbol, price, tick = line.split()
        # The whole pair is the asset held: holdings of EUR/USD and EUR/JPY must not be added up.
        instrument = Instrument(
            symbol, AssetClass.FOREX, symbol, "USD", Decimal(tick), Decimal("0.001"), Decimal(1)
        )
        rows.append(TapeRow(instrument, Decimal(price)))
    return rows


TAPE_ROWS: dict[str, TapeRow] = {
    row.instrument.symbol: row for row in (*_crypto_rows(), *_stock_rows(), *_forex_rows())
}


def find_instrument(symbol: str, today: date) -> Instrument | None:
    """Find an instrument of the tape; options exist on every tape stock until their expiry's end."""
    row = TAPE_ROWS.get(symbol)
    if row is not None:
        return row.instrument
    option = read_occ_symbol(symbol)
    if option is None or option.expiry < today or option.strike <= 0:
        return None
    stock = TAPE_ROWS.get(option.underlying)
    if stock is None or stock.instrument.asset_class is not AssetClass.STOCK:
        return None
    return Instrument(
        symbol,
        AssetClass.OPTION,
        base=symbol,
        quote="USD",
        tick=Decimal("0.01"),
        lot=Decimal(1),
        minimum_notional=Decimal(1),
        multiplier=Decimal(100),
    )
