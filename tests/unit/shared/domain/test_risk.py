"""The gates: each passes and denies by one thing alone, in DESIGN 7's order; sizes stay within every cap."""

from typing import Any

import pytest

from shared.domain.facts import Facts
from shared.domain.receipts import Verdict
from shared.domain.risk import GATES, run_gates
from shared.domain.signals import Side
from shared.domain.trades import TradeStatus
from tests.unit.shared.domain.builders import (
    SYMBOL,
    make_facts,
    make_signal,
    make_trade,
)
from tests.unit.shared.domain.gate_cases import CASES, account_with, bot_with, reserved, three_others

# DESIGN 7's order.
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
    "drift",
    "trading_hours",
    "session",
    "stop",
    "liquidation",
    "cover_speed",
    "netting",
    "max_open_positions",
    "max_per_symbol",
    "daily_loss",
    "users_daily_loss",
    "portfolio_risk",
    "sizing",
    "ladder",
    "buying_power",
)


def seen_at(facts: Facts) -> tuple[str | None, str | None]:
    """The gate that denied and its code."""
    results, denial = run_gates(facts)
    name = next((result.name for result in results if result.verdict is Verdict.DENIED), None)
    return name, denial.code if denial else None


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
    assert names == list(DESIGN_ORDER)


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
