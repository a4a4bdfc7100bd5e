"""For each gate, facts that pass and facts that are denied, which differ in one thing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.accounts import Account, AccountStatus, Reservation
from shared.domain.bots import BotSettings, MissingStop, Sizing, SizingMethod, TradingBot
from shared.domain.day_result import DayResult
from shared.domain.facts import Session, UsersDay
from shared.domain.halts import Halt, HaltState
from shared.domain.instruments import AssetClass
from shared.domain.money import ZERO
from shared.domain.plans import Tier
from shared.domain.signals import Side
from shared.domain.trades import AliveTrade
from tests.unit.shared.domain.builders import (
    NOW,
    SYMBOL,
    make_account,
    make_alive,
    make_bot,
    make_instrument,
    make_open_trade,
    make_signal,
)


def bot_with(**settings: Any) -> TradingBot:
    return make_bot(settings=BotSettings(**settings))


def reserved(trade_id: str, symbol: str = "ETH/USDT", notional: int = 10) -> Reservation:
    return Reservation(trade_id, symbol, Decimal(notional), Decimal(1), NOW)


def account_with(*held: Reservation) -> Account:
    return make_account(reservations={f"intent{n}": item for n, item in enumerate(held)})


def three_others() -> tuple[Any, ...]:
    return tuple(make_open_trade(trade_id=f"other{n}", symbol=f"X{n}/USDT") for n in range(3))


def holding(quantity: Decimal) -> AliveTrade:
    """A position of which each unit loses 5 at its stop."""
    return make_alive(held=quantity, entry_average=Decimal(10), stop_price=Decimal(5))


EVEN = DayResult(ZERO, ZERO, Decimal(10_000))
OPEN = Session("XNYS", is_open=True, opens_at=None, closes_at=NOW + timedelta(hours=1))
CLOSED = Session("XNYS", is_open=False, opens_at=NOW + timedelta(hours=9), closes_at=None)
# For each gate: facts that pass and facts that are denied, which differ in one thing.
NOON = datetime(2026, 7, 20, 12, 0, tzinfo=UTC)
HOURS = {"trading_hours": "09:30-16:00", "time_zone": "America/New_York"}
NIGHT = {"trading_hours": "22:00-06:00"}
HALT = Halt("global", HaltState.REDUCING, "news", NOW)
SELLING = {"signal": make_signal(side=Side.SELL, stop_loss=Decimal(105))}
PERPETUAL = make_instrument(max_leverage=50, maintenance_rate=Decimal("0.01"))
GEARED = {"bot": bot_with(max_leverage=20), "instrument": PERPETUAL}
SHORT_TEN = {
    **GEARED,
    "signal": make_signal(side=Side.SELL, stop_loss=Decimal(105), leverage=Decimal(10)),
    "shorts": True,
}
CASES: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    ("duplicate", "DUPLICATE_CONTENT", "repost", {}, {"duplicate_of": "12"}),
    ("halt", "HALT", "reducing", {}, {"halt": HALT}),
    ("halt", "HALT", "halted", {}, {"halt": replace(HALT, state=HaltState.HALTED)}),
    (
        "account",
        "ACCOUNT_NOT_READY",
        "re-login",
        {},
        {"account": make_account(status=AccountStatus.NEEDS_REAUTH)},
    ),
    (
        "cover_speed",
        "COVER_TOO_SLOW",
        "resting",
        {"signal": make_signal(entry=(Decimal(99),)), "detection_seconds": 10},
        {"signal": make_signal(entry=(Decimal(99),)), "detection_seconds": 11},
    ),
    ("right_to_follow", "NO_RIGHT_TO_FOLLOW", "provider", {}, {"provider_active": False}),
    ("right_to_follow", "NO_RIGHT_TO_FOLLOW", "follower", {}, {"may_follow": False}),
    ("plan_limit", "PLAN_LIMIT", "free", {"signals_today": 9}, {"signals_today": 10}),
    (
        "plan_limit",
        "PLAN_LIMIT",
        "tier",
        {"signals_today": 100, "tier": Tier.PRO},
        {"signals_today": 100, "tier": Tier.BASIC},
    ),
    (
        "confidence",
        "LOW_CONFIDENCE",
        "edge",
        {"signal": make_signal(confidence=Decimal("0.6"))},
        {"signal": make_signal(confidence=Decimal("0.59"))},
    ),
    (
        "symbol_allowed",
        "SYMBOL_FILTERED",
        "blocked",
        {"bot": bot_with(blocked_symbols=("ETH/USDT",))},
        {"bot": bot_with(blocked_symbols=(SYMBOL,))},
    ),
    (
        "symbol_allowed",
        "SYMBOL_FILTERED",
        "not allowed",
        {"bot": bot_with(allowed_symbols=(SYMBOL,))},
        {"bot": bot_with(allowed_symbols=("ETH/USDT",))},
    ),
    (
        "symbol_allowed",
        "SYMBOL_FILTERED",
        "class",
        {"bot": bot_with(asset_classes=(AssetClass.CRYPTO,))},
        {"bot": bot_with(asset_classes=(AssetClass.STOCK,))},
    ),
    ("tradable", "CONTRACT_UNDECIDED", "contract", {}, {"symbol": None}),
    ("tradable", "INSTRUMENT_NOT_TRADABLE", "unknown", {}, {"instrument": None}),
    ("tradable", "SHORT_NOT_POSSIBLE", "spot", {**SELLING, "shorts": True}, {**SELLING, "shorts": False}),
    (
        "staleness",
        "STALE",
        "age",
        {"posted_at": NOW - timedelta(seconds=120)},
        {"posted_at": NOW - timedelta(seconds=121)},
    ),
    # A whole day is not forgotten, as `timedelta.seconds` would.
    ("staleness", "STALE", "a day", {}, {"posted_at": NOW - timedelta(days=1, seconds=1)}),
    (
        "trading_hours",
        "OUTSIDE_HOURS",
        "zone",
        {"bot": bot_with(**HOURS)},
        {"bot": bot_with(**HOURS, max_signal_age_seconds=86_400), "now": NOON + timedelta(minutes=89)},
    ),
    (
        "trading_hours",
        "OUTSIDE_HOURS",
        "over midnight",
        {"bot": bot_with(**NIGHT, max_signal_age_seconds=86_400), "now": NOON + timedelta(hours=17)},
        {"bot": bot_with(**NIGHT)},
    ),
    ("stop", "NO_QUOTE", "quote", {}, {"bid": None, "ask": None}),
    (
        "stop",
        "STOP_MISSING",
        "missing",
        {"signal": make_signal(stop_loss=None)},
        {"signal": make_signal(stop_loss=None), "bot": bot_with(missing_stop=MissingStop.DENY)},
    ),
    (
        "stop",
        "STOP_WRONG_SIDE",
        "buy",
        {"signal": make_signal(stop_loss=Decimal(99))},
        {"signal": make_signal(stop_loss=Decimal(101))},
    ),
    (
        "stop",
        "STOP_WRONG_SIDE",
        "sell",
        {**SELLING, "shorts": True},
        {"signal": make_signal(side=Side.SELL, stop_loss=Decimal(95)), "shorts": True},
    ),
    (
        "stop",
        "STOP_WRONG_SIDE",
        "sell at the entry",
        {
            "signal": make_signal(side=Side.SELL, stop_loss=Decimal("100.00")),
            "shorts": True,
            "ask": Decimal("99.995"),
        },
        {"signal": make_signal(side=Side.SELL, stop_loss=Decimal("99.99")), "shorts": True},
    ),
    (
        "trading_hours",
        "OUTSIDE_HOURS",
        "the closing minute",
        {"bot": bot_with(trading_hours="13:00-14:01")},
        {"bot": bot_with(trading_hours="13:00-14:00")},
    ),
    (
        "symbol_allowed",
        "SYMBOL_FILTERED",
        "undecided contract",
        {},
        {"symbol": None, "bot": bot_with(allowed_symbols=("SPY",))},
    ),
    (
        "stop",
        "STOP_WRONG_SIDE",
        "lowest leg",
        {"signal": make_signal(entry=(Decimal(90), Decimal(98)), stop_loss=Decimal(89))},
        {"signal": make_signal(entry=(Decimal(90), Decimal(98)), stop_loss=Decimal(90))},
    ),
    (
        "stop",
        "STOP_ALREADY_PASSED",
        "fallen through",
        {"signal": make_signal(entry=(Decimal(101),), stop_loss=Decimal(95)), "bid": Decimal("95.01")},
        {
            "signal": make_signal(entry=(Decimal(101),), stop_loss=Decimal(95)),
            "bid": Decimal(95),
        },
    ),
    (
        "liquidation",
        "LIQUIDATION_BEFORE_STOP",
        "long",
        {**GEARED, "signal": make_signal(leverage=Decimal(10))},
        {**GEARED, "signal": make_signal(leverage=Decimal(20))},
    ),
    (
        "liquidation",
        "LIQUIDATION_BEFORE_STOP",
        "short",
        SHORT_TEN,
        {
            **SHORT_TEN,
            "signal": make_signal(side=Side.SELL, stop_loss=Decimal(105), leverage=Decimal(20)),
        },
    ),
    (
        "netting",
        "NETTING",
        "opposite",
        {"trades": (make_open_trade(trade_id="other", side=Side.SELL, symbol="ETH/USDT"),)},
        {"trades": (make_open_trade(trade_id="other", side=Side.SELL),)},
    ),
    (
        "max_open_positions",
        "MAX_OPEN_POSITIONS",
        "trades",
        {"trades": three_others()[:2]},
        {"trades": three_others()},
    ),
    (
        "max_open_positions",
        "MAX_OPEN_POSITIONS",
        "reserved",
        {"trades": three_others()[:2], "account": account_with(reserved("other1"))},
        {"trades": three_others()[:2], "account": account_with(reserved("other9"))},
    ),
    (
        "max_per_symbol",
        "MAX_PER_SYMBOL",
        "trade",
        {"trades": (make_open_trade(trade_id="other", symbol="ETH/USDT"),)},
        {"trades": (make_open_trade(trade_id="other"),)},
    ),
    (
        "max_per_symbol",
        "MAX_PER_SYMBOL",
        "reserved",
        {"account": account_with(reserved("other", "ETH/USDT"))},
        {"account": account_with(reserved("other", SYMBOL))},
    ),
    ("daily_loss", "NO_BALANCE", "balance", {}, {"account": make_account(balance_total=None)}),
    (
        "sizing",
        "KELLY_SAMPLE",
        "kelly",
        {},
        {"bot": make_bot(sizing=Sizing(SizingMethod.KELLY))},
    ),
    (
        "ladder",
        "BELOW_MINIMUM",
        "small",
        {"bot": make_bot(sizing=Sizing(SizingMethod.FIXED, Decimal("5.5")))},
        {"bot": make_bot(sizing=Sizing(SizingMethod.FIXED, Decimal("4.9")))},
    ),
    (
        "buying_power",
        "BUYING_POWER",
        "reserved",
        {"account": account_with(reserved("a", notional=9000)), "ask": Decimal(100)},
        {"account": account_with(reserved("a", notional=9001)), "ask": Decimal(100)},
    ),
    (
        "symbol_allowed",
        "SIDE_FILTERED",
        "side",
        {"bot": bot_with(sides=(Side.BUY,))},
        {"bot": bot_with(sides=(Side.SELL,))},
    ),
    # The stop is 5 away from the price at posting, so half an R is 2.50.
    (
        "drift",
        "DRIFTED",
        "buy",
        {"price_at_post": Decimal("97.51"), "signal": make_signal(stop_loss=Decimal("92.51"))},
        {"price_at_post": Decimal("97.50"), "signal": make_signal(stop_loss=Decimal("92.50"))},
    ),
    (
        "drift",
        "DRIFTED",
        "sell",
        {**SELLING, "shorts": True, "price_at_post": Decimal("101.66")},
        {**SELLING, "shorts": True, "price_at_post": Decimal("101.67")},
    ),
    ("session", "MARKET_CLOSED", "holiday", {"session": OPEN}, {"session": CLOSED}),
    (
        "daily_loss",
        "DAILY_LOSS",
        "edge",
        {"today": DayResult(Decimal("-499.99"), ZERO, Decimal("9500.01"))},
        {"today": DayResult(Decimal(-300), Decimal(-200), Decimal(9500))},
    ),
    (
        "users_daily_loss",
        "USER_DAILY_LOSS",
        "edge",
        {"users_today": UsersDay(DayResult(Decimal("-499.99"), ZERO, Decimal("9500.01")), "USD")},
        {"users_today": UsersDay(DayResult(Decimal(-500), ZERO, Decimal(9500)), "USD")},
    ),
    (
        "users_daily_loss",
        "NO_RATE",
        "rate",
        {"users_today": UsersDay(DayResult(ZERO, ZERO, Decimal(9500)), "USD")},
        {"users_today": UsersDay(None, "USD", lacks="no rate of EUR in USD")},
    ),
    # This trade risks 10 * 5.01 of 10,000; what is reserved makes it 10 % or more.
    (
        "portfolio_risk",
        "PORTFOLIO_RISK",
        "reserved",
        {"account": account_with(replace(reserved("a"), risk=Decimal(949)))},
        {"account": account_with(replace(reserved("a"), risk=Decimal(951)))},
    ),
    (
        "portfolio_risk",
        "PORTFOLIO_RISK",
        "open",
        {"trades": (holding(Decimal(189)),), "today": EVEN},
        {"trades": (holding(Decimal(192)),), "today": EVEN},
    ),
    ("buying_power", "NO_BALANCE", "free", {}, {"account": make_account(balance_free=None)}),
]
