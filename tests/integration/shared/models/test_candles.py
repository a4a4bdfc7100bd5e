"""Candles belong to a venue and an environment, also in a database that an earlier version has made."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pymongo.database import Database

from shared.database import ensure_indexes
from shared.models.mapping import rows_of
from shared.models.market import Candle, candles_between, record_prices

SYMBOL = "BTC/USDT"
MINUTE = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


def test_the_index_of_an_earlier_version_goes_and_its_candles_are_nobodys(
    database: Database[dict[str, Any]],
) -> None:
    database["candles"].create_index(["venue", "symbol", "minute"], unique=True)
    old = {"venue": "binance", "symbol": SYMBOL, "minute": MINUTE, "open": Decimal(1), "close": Decimal(1)}
    rows_of(Candle).insert_one(
        {**old, "_id": "old", "high": Decimal(1), "low": Decimal(1), "synthetic": False}
    )
    ensure_indexes([Candle])
    ensure_indexes([Candle])
    for environment, price in (("live", 100), ("sandbox", 200)):
        record_prices("binance", environment, {SYMBOL: Decimal(price)}, MINUTE, synthetic=False)
    for environment, price in (("live", 100), ("sandbox", 200)):
        found = candles_between("binance", environment, SYMBOL, MINUTE - timedelta(minutes=1), MINUTE)
        assert [candle.close for candle in found] == [price]
