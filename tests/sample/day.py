"""One busy day of the demo's follower: enough for every part of the Overview to show something."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import sin
from zoneinfo import ZoneInfo

import redis

from shared.domain.signals import Action, Side, Signal, UpdateKind
from shared.models import market
from shared.models.messages import MessageStatus
from tests.sample.house import add_account, add_bot, add_provider, add_user
from tests.sample.trading import Follower, open_signal
from web.auth.demo import DEMO_DISCORD_ID

PRICES = {"BTC/USDT": "67842.10", "SOL/USDT": "156.88", "ETH/USDT": "3462.40", "LINK/USDT": "14.310"}


def zone_of_a_day(now: datetime) -> str:
    """Choose where the follower lives so that what was closed an hour and a half ago was closed today."""
    in_berlin = now.astimezone(ZoneInfo("Europe/Berlin"))
    return "Europe/Berlin" if in_berlin.hour >= 2 else "America/New_York"


def write_day(now: datetime) -> Follower:
    """Write the day that ends at `now`; call `write_prices` to have prices beside it."""
    add_user("demo", now, discord_id=DEMO_DISCORD_ID, name="Demo follower", zone=zone_of_a_day(now))
    add_account("acc-1", "demo", now - timedelta(seconds=20), name="Binance paper", cash="6017.20")
    add_provider("prov-1", "Northlight Signals", "channel-1", now)
    add_bot("bot-1", "demo", "prov-1", "acc-1", now)
    follower = Follower("demo", "acc-1", "bot-1", "prov-1", "channel-1")
    _closed_trades(follower, now)
    _open_trades(follower, now)
    _messages_without_trade(follower, now)
    _curve(now)
    return follower


def write_prices(client: redis.Redis, now: datetime, prices: dict[str, str] | None = None) -> None:
    """Put quotes where the prices job puts them."""
    for symbol, text in (prices or PRICES).items():
        bid = Decimal(text)
        quote = {"bid": text, "ask": str(bid), "at": now.isoformat(), "synthetic": True}
        client.hset("dx:quotes:binance:paper", symbol, json.dumps(quote))


def _closed_trades(follower: Follower, now: datetime) -> None:
    at = now - timedelta(minutes=96)
    signal = open_signal("AVAX/USDT", Side.BUY, "35.20", "34.10", ["36.80"])
    message = follower.post("m-01", "AVAX long 35.20\nSL 34.10\nTP 36.80", at, signal=signal)
    trade = follower.plan(message, "AVAX/USDT", Side.BUY, "48", "35.20", "34.10", ["36.80"], at)
    follower.write_receipt(message, at, trade=trade)
    follower.close(follower.fill(trade, at), "36.80", now - timedelta(minutes=31))
    at = now - timedelta(minutes=74)
    signal = open_signal("DOGE/USDT", Side.BUY, "0.1290", "0.1252", ["0.1340"])
    message = follower.post(
        "m-02", "$DOGE long @ 0.1290, stop 0.1252, first target 0.1340", at, signal=signal
    )
    trade = follower.plan(message, "DOGE/USDT", Side.BUY, "6100", "0.1290", "0.1252", ["0.1340"], at)
    follower.write_receipt(message, at, trade=trade)
    follower.close(follower.fill(trade, at), "0.1252", now - timedelta(minutes=52), reason="STOP_HIT")


def _open_trades(follower: Follower, now: datetime) -> None:
    at = now - timedelta(minutes=42)
    text = "SOL/USDT long\nEntry: 152.40\nStop: 147.90\nTargets: 155.50 / 159.00 / 164.00\nSize it sensibly."
    signal = open_signal("SOL/USDT", Side.BUY, "152.40", "147.90", ["155.50", "159.00", "164.00"])
    message = follower.post("m-03", text, at, signal=signal)
    trade = follower.plan(
        message, "SOL/USDT", Side.BUY, "13.4", "152.40", "147.90", ["155.50", "159.00", "164.00"], at
    )
    follower.write_receipt(message, at, trade=trade)
    follower.take_target(follower.fill(trade, at), 0, "4.4", now - timedelta(minutes=9))
    at = now - timedelta(seconds=42)
    text = "BTC long 67450.00, SL 66300.00, TP1 68900.00 TP2 70200.00 🚀"
    signal = open_signal("BTC/USDT", Side.BUY, "67450.00", "66300.00", ["68900.00", "70200.00"])
    message = follower.post("m-08", text, at, signal=signal)
    trade = follower.plan(
        message, "BTC/USDT", Side.BUY, "0.0391", "67450.00", "66300.00", ["68900.00", "70200.00"], at
    )
    follower.write_receipt(message, at, trade=trade)
    follower.fill(trade, now - timedelta(seconds=40))
    at = now - timedelta(minutes=6)
    text = "ETH: bid the dip at 3395.00. stop 3310.00 target 3560.00"
    signal = open_signal("ETH/USDT", Side.BUY, "3395.00", "3310.00", ["3560.00"])
    message = follower.post("m-06", text, at, signal=signal)
    trade = follower.plan(message, "ETH/USDT", Side.BUY, "0.7", "3395.00", "3310.00", ["3560.00"], at)
    follower.write_receipt(message, at, trade=trade)


def _messages_without_trade(follower: Follower, now: datetime) -> None:
    at = now - timedelta(minutes=21)
    signal = open_signal("LINK/USDT", Side.BUY, "14.200", "13.800", ["15.000"])
    message = follower.post("m-04", "LINK long 14.200 sl 13.800 tp 15.000", at, signal=signal)
    follower.write_receipt(message, at, others=3)
    breakeven = Signal(
        Action.UPDATE,
        "SOL/USDT",
        update_kind=UpdateKind.MOVE_STOP_TO_BREAKEVEN,
        confidence=Decimal("0.9"),
    )
    follower.post(
        "m-05", "SOL: stop to break even", now - timedelta(minutes=12), signal=breakeven, reason="UPDATED"
    )
    follower.post(
        "m-07",
        "OP long looks tempting around 2.30, stop 2.18, target 2.62, if volume comes in",
        now - timedelta(minutes=3),
        status=MessageStatus.QUARANTINED,
        reason="LOW_CONFIDENCE",
        detail="PLAN",
        signal=replace(
            open_signal("OP/USDT", Side.BUY, "2.30", "2.18", ["2.62"]),
            confidence=Decimal("0.4"),
            doubt="PLAN",
        ),
    )
    follower.post(
        "m-09",
        "gm everyone ☕ busy day ahead",
        now - timedelta(minutes=50),
        status=MessageStatus.NOISE,
        reason="NO_INTENT",
    )


def _curve(now: datetime) -> None:
    start = now - timedelta(hours=23)
    for i in range(92):
        value = Decimal(str(round(9960 + i * 1.15 + 34 * sin(i / 7) + 12 * sin(i / 2.3), 2)))
        market.record_equity("acc-1", "demo", start + timedelta(minutes=15 * i), value, value)
