"""The gates: each passes and denies by one thing alone, in DESIGN 7's order; sizes stay within every cap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.accounts import Account, AccountStatus, Reservation
from shared.domain.bots import BotSettings, MissingStop, Sizing, SizingMethod, TradingBot
from shared.domain.facts import Facts
from shared.domain.halts import Halt, HaltState
from shared.domain.instruments import AssetClass
from shared.domain.plans import Tier
from shared.domain.receipts import Verdict
from shared.domain.risk import GATES, run_gates
from shared.domain.signals import Side
from shared.domain.trades import TradeStatus
from tests.unit.shared.domain.builders import (
    NOW,
    SYMBOL,
    make_account,
    make_bot,
    make_facts,
    make_open_trade,
    make_signal,
    make_trade,
)

# DESIGN 7, as far as it is built: its gates keep their order; what comes later finds its place between.
DESIGN_ORDER = (
    "duplicate",
    "halt",
    "account",
    "right_to_follow",
    "plan_limit",
    "confidence",
    "symbol_allowed",
    "tradable",
    "staleness",
    "trading_hours",
    "stop",
    "cover_speed",
    "netting",
    "max_open_positions",
    "max_per_symbol",
    "daily_loss",
    "portfolio_risk",
    "sizing",
    "ladder",
    "buying_power",
)


def bot_with(**settings: Any) -> TradingBot:
    return make_bot(settings=BotSettings(**settings))


def reserved(trade_id: str, symbol: str = "ETH/USDT", notional: int = 10) -> Reservation:
    return Reservation(trade_id, symbol, Decimal(notional), Decimal(1), NOW)


def account_with(*held: Reservation) -> Account:
    return make_account(reservations={f"intent{n}": item for n, item in enumerate(held)})


def three_others() -> tuple[Any, ...]:
    return tuple(make_open_trade(trade_id=f"other{n}", symbol=f"X{n}/USDT") for n in range(3))


def seen_at(facts: Facts) -> tuple[str | None, str | None]:
    """The gate that denied and its code."""
    results, denial = run_gates(facts)
    name = next((result.name for result in results if result.verdict is Verdict.DENIED), None)
    return name, denial.code if denial else None


# For each gate: facts that pass and facts that are denied, which differ in one thing.
NOON = datetime(2026, 7, 20, 12, 0, tzinfo=UTC)
HOURS = {"trading_hours": "09:30-16:00", "time_zone": "America/New_York"}
NIGHT = {"trading_hours": "22:00-06:00"}
HALT = Halt("global", HaltState.REDUCING, "news", NOW)
SELLING = {"signal": make_signal(side=Side.SELL, stop_loss=Decimal(105))}
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
    ("sizing", "NO_BALANCE", "balance", {}, {"account": make_account(balance_total=None)}),
    (
        "sizing",
        "KELLY_SAMPLE",
        "kelly",
        {},
        {"bot": make_bot(sizing=Sizing(SizingMethod.KELLY))},
    ),
    (
        "sizing",
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
    ("buying_power", "NO_BALANCE", "free", {}, {"account": make_account(balance_free=None)}),
]


@pytest.mark.parametrize(
    ("gate", "code", "passing", "denied"),
    [(gate, code, passing, denied) for gate, code, _, passing, denied in CASES],
    ids=[f"{gate}-{what}" for gate, _, what, _, _ in CASES],
)
def test_a_gate_turns_on_one_fact(gate: str, code: str, passing: dict[str, Any], denied: dict[str, Any]):
    assert seen_at(make_facts(**passing)) == (None, None)
    assert seen_at(make_facts(**denied)) == (gate, code)


def test_every_gate_has_a_case():
    assert {gate for gate, *_ in CASES} == {name for name, _ in GATES}


def test_the_gates_stand_in_the_designs_order():
    names = [name for name, _ in GATES]
    assert names == [name for name in DESIGN_ORDER if name in names]


@pytest.mark.parametrize("case", CASES, ids=[f"{gate}-{what}" for gate, _, what, _, _ in CASES])
def test_before_a_denial_all_passed_and_after_it_all_are_skipped(case: tuple[Any, ...]):
    gate, _, _, _, denied = case
    results, denial = run_gates(make_facts(**denied))
    place = [result.name for result in results].index(gate)
    assert len(results) == len(GATES)
    assert {result.verdict for result in results[:place]} <= {Verdict.PASSED}
    assert {result.verdict for result in results[place + 1 :]} <= {Verdict.SKIPPED}
    assert all(result.input and result.threshold for result in results[: place + 1])
    assert denial is not None
    assert denial.detail.endswith(".")


def test_a_repeated_pass_is_not_denied_by_its_own_trade_and_reservation():
    own = reserved("trade", SYMBOL)
    facts = make_facts(
        trades=(make_trade(), *three_others()[:2]),
        account=account_with(own),
        bot=bot_with(max_per_symbol=1, max_open_positions=3),
    )
    assert seen_at(facts) == (None, None)


def test_trades_that_are_over_take_no_slot():
    over = [TradeStatus.CLOSED, TradeStatus.CANCELED] * 3
    trades = tuple(make_trade(trade_id=f"t{n}", status=status) for n, status in enumerate(over))
    assert seen_at(make_facts(trades=trades)) == (None, None)


def test_a_trade_and_its_reservation_take_one_slot_together():
    facts = make_facts(
        trades=three_others()[:2], account=account_with(*(reserved(f"other{n}") for n in (0, 1)))
    )
    assert seen_at(facts) == (None, None)


def test_a_message_without_a_side_is_a_buy():
    assert make_facts(signal=make_signal(side=None)).side is Side.BUY


def test_an_entry_at_market_is_covered_whatever_a_poll_takes():
    assert seen_at(make_facts(detection_seconds=600)) == (None, None)
