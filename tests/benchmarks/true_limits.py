"""One signal to more followers than Binance lets one address serve in time: what of its limit is used, and who waits.

The venue enforces its published limits and the product knows them. Balances are given here instead of read, because
reading three thousand of them is ten minutes of the same limit.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from shared.brokers.rows.binance import LIMITS
from shared.brokers.weights import Call
from tests.benchmarks.fan_out import read_accepted
from tests.benchmarks.figures import milliseconds, spread
from tests.house.house import House
from tests.house.venues import BINANCE
from tests.waiting import wait_until

FOLLOWERS = 3000
AGE_SECONDS = 50
_SECONDS = 600.0
_MINUTE = 60.0
_CALLS = {
    ("POST", "/api/v3/order"): Call.SUBMIT,
    ("POST", "/api/v3/orderList/oco"): Call.PAIR,
    ("POST", "/api/v3/order/cancelReplace"): Call.REPLACE,
    ("DELETE", "/api/v3/order"): Call.CANCEL,
    ("GET", "/api/v3/order"): Call.ORDER,
    ("GET", "/api/v3/openOrders"): Call.OPEN_ORDERS_OF_SYMBOL,
    ("GET", "/api/v3/allOrders"): Call.ORDERS_SINCE,
    ("GET", "/api/v3/myTrades"): Call.FILLS_OF_ORDER,
    ("GET", "/api/v3/account"): Call.BALANCES,
    ("GET", "/api/v3/ticker/bookTicker"): Call.QUOTES,
    ("GET", "/api/v3/exchangeInfo"): Call.INSTRUMENTS,
    ("GET", "/api/v3/time"): Call.CLOCK,
}


def measure_limits(house: House, followers: int = FOLLOWERS) -> dict[str, Any]:
    """Post one signal and follow it until nothing moves; judge by the venue's log."""
    terms = {"max_signal_age_seconds": str(AGE_SECONDS)}
    crowd = house.populate(
        providers=["limits"], followers=followers, venue=BINANCE.name, sizing="fixed:50", settings=terms
    )
    _give_balances(house)
    house.wait_until_watched()
    house.venue(BINANCE).settings(limits=True)
    posted = house.post(crowd.provider, "BTC/USDT long now, stop -3%")
    message = {"message_id": posted["id"]}
    database = house.open_database()
    moving = {"purpose": "entry", "status": {"$in": ["INITIALIZED", "SUBMITTED", "UNKNOWN"]}}
    wait_until(
        lambda: (
            database["orders"].count_documents({**message, "purpose": "entry"}) >= followers
            and not database["orders"].count_documents({**message, **moving})
            and not database["trades"].count_documents({**message, "needs_cover": True})
        ),
        "the end of every entry",
        seconds=_SECONDS,
    )
    figures = _judge(house, posted["id"])
    print(f"\n{followers} followers at Binance's own limits: {figures}")
    return figures


def _judge(house: House, message_id: str) -> dict[str, Any]:
    database = house.open_database()
    message = database["messages"].find_one({"message_id": message_id})
    assert message is not None
    lines = [line for line in house.venue(BINANCE).lines() if line["method"] != "CONTROL"]
    orders = list(database["orders"].find({"message_id": message_id, "purpose": "entry"}))
    times = read_accepted(house)
    sent = sorted(times[order["_id"]] for order in orders if order["_id"] in times)
    waits = [milliseconds(message["recorded_at"], at) / 1000 for at in sent]
    tenths = max(len(waits) // 10, 1)
    return {
        "followers": len(orders),
        "entries_accepted": len(sent),
        "ends": dict(Counter(f"{order['status']} {order['code'] or ''}".strip() for order in orders)),
        "share_of_limit_used": _share_used(lines, sent[0], sent[-1]),
        "answers_429": sum(line.get("status") in {418, 429} for line in lines),
        "accepted_after_expiry": sum(
            times[order["_id"]] > order["send_by"] + timedelta(seconds=1)
            for order in orders
            if order["_id"] in times
        ),
        "wait_seconds_by_tenth_of_queue": [round(waits[i], 1) for i in range(0, len(waits), tenths)],
        "wait_seconds": spread(waits).as_row(),
    }


def _share_used(lines: list[dict[str, Any]], first: datetime, last: datetime) -> float:
    """Return the weight that the venue counted while entries went out, as a share of its limit for that time."""
    weights, limit = LIMITS.weights, LIMITS.weight_per_minute
    used = sum(
        weights[call]
        for line in lines
        if first <= datetime.fromisoformat(line["at"]) <= last
        and (call := _CALLS.get((line["method"], line["path"]))) is not None
    )
    return round(used / (limit * (last - first).total_seconds() / _MINUTE), 3)


def _give_balances(house: House) -> None:
    now, money = datetime.now(UTC), Decimal128(Decimal(10_000))
    given = {"balance_total": money, "balance_free": money, "balance_at": now}
    house.open_database()["accounts"].update_many({}, {"$set": given})
