"""One signal to everybody who follows, on the emulated Binance through the real queues and the real database.

Times run from the moment at which the message was recorded to the venue's own log lines; rates stand beside stock
Celery's in the same run. The venue's limits are raised, so that ours is the only speed that is measured.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from tests.benchmarks.figures import milliseconds, spread
from tests.benchmarks.stock import measure_stock
from tests.house.house import House
from tests.house.population import Population
from tests.house.venues import BINANCE
from tests.waiting import wait_until

FOLLOWERS = 1000
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "BNB/USDT", "ADA/USDT", "LTC/USDT", "LINK/USDT")
NO_LIMIT = {"weight_limit": 100_000_000, "order_limit": 1_000_000, "day_order_limit": 100_000_000}
TERMS = {"max_open_positions": "100", "max_signal_age_seconds": "600"}
_SECONDS = 900.0
# Counting a crowd's orders takes the database milliseconds: often, it would be part of what is measured.
_LOOK_SECONDS = 0.5


def gather_crowd(house: House, followers: int, *, name: str = "crowd") -> Population:
    """Create a provider with so many followers at Binance, and wait until every balance is read."""
    house.venue(BINANCE).settings(**NO_LIMIT)
    crowd = house.populate(
        providers=[name], followers=followers, venue=BINANCE.name, sizing="fixed:50", settings=TERMS
    )
    house.wait_for_balances(_SECONDS)
    house.wait_until_watched()
    house.wait_idle(_SECONDS)
    return crowd


def measure_fan_out(house: House, crowd: Population, symbols: Sequence[str] = SYMBOLS[:6]) -> dict[str, Any]:
    """Post one signal after the other, each to all; the first one warms what is warm in a system that runs.

    Each stands beside stock Celery's rates right before and right after it: a machine that others share is not as
    fast in one minute as in the next. The figures are the medians of the signals after the first.
    """
    followers = len(crowd.followers)
    _run(house, crowd, symbols[0])
    stock, runs = [measure_stock(house)], []
    for symbol in symbols[1:]:
        run = _run(house, crowd, symbol)
        stock.append(measure_stock(house))
        yardstick = (stock[-2] + stock[-1]) / 2
        run["entries_per_stock"] = round(run["entries_per_second"] / yardstick, 3)
        run["covers_per_stock"] = round(run["covers_per_second"] / yardstick, 3)
        runs.append(run)
    figures = {
        "followers": followers,
        "stock_per_second": [round(rate, 1) for rate in stock],
        "runs": runs,
        **{name: median(run[name] for run in runs) for name in _RATES},
        "peak_rss_mb": peak_memory(),
    }
    _print(figures)
    return figures


_RATES = ("entries_per_second", "covers_per_second", "entries_per_stock", "covers_per_stock")


def _print(figures: Mapping[str, Any]) -> None:
    print(
        f"\none signal to {figures['followers']} followers at Binance; stock {figures['stock_per_second']} a second"
    )
    for run in figures["runs"]:
        print(
            f"  entries {run['entries_per_second']:7.1f} a second, {run['entries_per_stock']} of stock;",
            end="",
        )
        print(f" covered {run['covers_per_second']:7.1f} a second, {run['covers_per_stock']} of stock")
        print(f"    recorded to accepted {run['accepted_ms']}\n    recorded to covered  {run['covered_ms']}")
    print(f"  median of stock: entries {figures['entries_per_stock']}, covered {figures['covers_per_stock']}")


def _run(house: House, crowd: Population, symbol: str) -> dict[str, Any]:
    database, followers = house.open_database(), len(crowd.followers)
    message_id = house.post(crowd.provider, f"{symbol} long now, stop -3%")["id"]
    message = {"message_id": message_id}
    for purpose, status in (("entry", "FILLED"), ("stop", "ACCEPTED")):
        wanted = {**message, "purpose": purpose, "status": status}
        wait_until(
            lambda wanted=wanted: database["orders"].count_documents(wanted) >= followers,
            f"{followers} orders: {purpose}",
            seconds=_SECONDS,
            every=_LOOK_SECONDS,
        )
    house.wait_idle(_SECONDS)
    recorded = database["messages"].find_one(message)
    assert recorded is not None
    times = read_accepted(house)
    orders = list(database["orders"].find(message, {"purpose": 1}))
    took = {
        purpose: [
            milliseconds(recorded["recorded_at"], times[row["_id"]])
            for row in orders
            if row["purpose"] == purpose and row["_id"] in times
        ]
        for purpose in ("entry", "stop")
    }
    return {
        "symbol": symbol,
        "entries": len(took["entry"]),
        "covers": len(took["stop"]),
        "entries_per_second": round(len(took["entry"]) / max(took["entry"]) * 1000, 1),
        "covers_per_second": round(len(took["stop"]) / max(took["stop"]) * 1000, 1),
        "accepted_ms": spread(took["entry"]).as_row(),
        "covered_ms": spread(took["stop"]).as_row(),
    }


def read_accepted(house: House) -> dict[str, datetime]:
    """Read from the venue's log when each of our orders was accepted, by client order id."""
    return {
        accepted["client_order_id"]: datetime.fromisoformat(line["at"])
        for line in house.venue(BINANCE).lines()
        for accepted in line.get("accepted", ())
    }


def peak_memory() -> dict[str, int]:
    """Return each kind of process's largest memory so far, in MB: what the kernel calls its high-water mark."""
    peaks: dict[str, int] = {}
    for process in psutil.Process().children(recursive=True):
        try:
            words = process.cmdline()
            with Path(f"/proc/{process.pid}/status").open(encoding="utf-8") as status:
                peak = next((line for line in status if line.startswith("VmHWM")), "VmHWM: 0 kB")
        except (psutil.Error, OSError):
            continue
        name = words[words.index("-Q") + 1] if "-Q" in words else " ".join(words[:3])[-30:]
        peaks[name] = max(peaks.get(name, 0), int(peak.split()[1]) // 1024)
    return peaks
