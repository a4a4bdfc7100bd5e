"""Leverage and liquidation: the least of three leverages, and a position that its stop ends before the venue does."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.margin import check_liquidation, leverage_of, liquidation_price
from shared.domain.risk import run_gates
from shared.domain.signals import Side
from shared.domain.sized_entry import SizedEntry, size_entry
from tests.unit.shared.domain.builders import make_account, make_bot, make_facts, make_instrument, make_signal
from tests.unit.shared.domain.gate_cases import bot_with

PERPETUAL = make_instrument(max_leverage=20, maintenance_rate=Decimal("0.005"))


@pytest.mark.parametrize(
    ("asked", "cap", "venues", "given"),
    [
        (10, 3, 20, 3),
        (2, 3, 20, 2),
        (50, 125, 20, 20),
        (None, 3, 20, 1),
        ("2.9", 3, 20, 2),
        ("0.5", 3, 20, 1),
    ],
)
def test_leverage_is_the_least_of_the_providers_the_followers_and_the_venues(
    asked: object, cap: int, venues: int, given: int
) -> None:
    signal = make_signal(leverage=None if asked is None else Decimal(str(asked)))
    instrument = make_instrument(max_leverage=venues)
    facts = make_facts(signal=signal, bot=bot_with(max_leverage=cap), instrument=instrument)
    assert leverage_of(facts) == given


def test_what_is_paid_for_in_full_has_no_leverage_and_no_liquidation() -> None:
    facts = make_facts(signal=make_signal(leverage=Decimal(10)))
    assert leverage_of(facts) is None
    assert check_liquidation(facts).denial is None


def test_the_liquidation_price_is_where_the_maintenance_margin_is_all_that_is_left() -> None:
    assert liquidation_price(Side.BUY, Decimal(100), 10, PERPETUAL) == Decimal(90) / Decimal("0.995")
    assert liquidation_price(Side.SELL, Decimal(100), 10, PERPETUAL) == Decimal(110) / Decimal("1.005")
    assert liquidation_price(Side.BUY, Decimal(100), 1, PERPETUAL) == 0


@given(st.integers(1, 125), st.integers(1, 400), st.integers(1, 1_000_000), st.sampled_from(Side))
def test_at_the_liquidation_price_equity_equals_maintenance(
    leverage: int, per_mille: int, cents: int, side: Side
) -> None:
    instrument = make_instrument(max_leverage=125, maintenance_rate=Decimal(per_mille) / 1000)
    entry = Decimal(cents) / 100
    price = liquidation_price(side, entry, leverage, instrument)
    move = price - entry if side is Side.BUY else entry - price
    left = entry / leverage + move
    assert abs(left - price * instrument.maintenance_rate) < Decimal("1e-15") * entry + Decimal("1e-15")


def test_a_margined_entry_costs_its_margin_and_not_its_value() -> None:
    signal = make_signal(leverage=Decimal(5))
    bot = make_bot(settings=bot_with(max_leverage=5).settings)
    whole = make_facts(signal=signal, bot=bot, instrument=PERPETUAL)
    sized = size_entry(whole)
    assert isinstance(sized, SizedEntry)
    short_of = sized.notional / 5
    enough = make_account(balance_total=Decimal(10_000), balance_free=short_of)
    lacking = make_account(balance_total=Decimal(10_000), balance_free=short_of - Decimal("0.01"))
    for account, denied in ((enough, None), (lacking, "BUYING_POWER")):
        _, refusal = run_gates(make_facts(signal=signal, bot=bot, instrument=PERPETUAL, account=account))
        assert (refusal.code if refusal else None) == denied
