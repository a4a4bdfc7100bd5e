"""Sizes: within the cap, whole lots, and a refusal instead of a guess."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bots import Sizing, SizingMethod
from shared.domain.errors import Denial
from shared.domain.instruments import Instrument
from shared.domain.record import Figures, ProviderRecord
from shared.domain.sizing import plan_quantity, risk_money
from tests.unit.shared.domain.builders import make_instrument

FIXED, PERCENT, RISK, KELLY = SizingMethod.FIXED, SizingMethod.PERCENT, SizingMethod.RISK, SizingMethod.KELLY
PERCENTAGES = st.decimals(min_value="0.01", max_value=100, places=2)
PRICES = st.decimals(min_value="0.01", max_value=99_999, places=2)
INSTRUMENTS = st.builds(
    make_instrument,
    lot=st.sampled_from([Decimal(1), Decimal("0.001")]),
    multiplier=st.sampled_from([Decimal(1), Decimal(100)]),
)


def quantity_of(
    sizing: Sizing,
    instrument: Instrument,
    *,
    equity: Decimal | int | None = 10_000,
    entry: Decimal | int = 100,
    stop: Decimal | int = 95,
    cap: Decimal | int = 100,
    record: ProviderRecord | None = None,
) -> Decimal | Denial:
    return plan_quantity(
        sizing,
        instrument,
        equity=None if equity is None else Decimal(equity),
        entry=Decimal(entry),
        stop=Decimal(stop),
        max_position_percent=Decimal(cap),
        record=record,
    )


@pytest.mark.parametrize(
    ("sizing", "quantity"),
    [
        (Sizing(FIXED, Decimal(500)), 5),
        (Sizing(PERCENT, Decimal(2)), 2),
        # One percent of 10,000 is 100; five to the stop: twenty.
        (Sizing(RISK, Decimal(1)), 20),
    ],
)
def test_each_method_is_a_short_sum(sizing: Sizing, quantity: int):
    assert quantity_of(sizing, make_instrument()) == quantity


@given(st.sampled_from([FIXED, PERCENT, RISK]), PERCENTAGES, PRICES, PRICES, PERCENTAGES, PRICES, INSTRUMENTS)
def test_a_size_is_whole_lots_within_the_cap_and_within_what_the_method_allows(
    method: SizingMethod,
    amount: Decimal,
    entry: Decimal,
    stop: Decimal,
    cap: Decimal,
    equity: Decimal,
    instrument: Instrument,
):
    sizing = Sizing(method, amount)
    quantity = quantity_of(sizing, instrument, equity=equity, entry=entry, stop=stop, cap=cap)
    if isinstance(quantity, Denial):
        assert (quantity.code, entry) == ("STOP_AT_ENTRY", stop)
        return
    worth = instrument.notional(quantity, entry)
    assert quantity >= 0
    assert quantity % instrument.lot == 0
    assert worth <= equity * cap / 100
    match method:
        case SizingMethod.FIXED:
            assert worth <= amount
        case SizingMethod.PERCENT:
            assert worth <= equity * amount / 100
        case SizingMethod.RISK:
            assert risk_money(instrument, quantity, entry, stop) <= equity * amount / 100


def test_the_cap_cuts_a_tight_stops_size():
    assert quantity_of(Sizing(RISK, Decimal(1)), make_instrument(), stop=Decimal("99.9"), cap=25) == 25


@pytest.mark.parametrize("method", [FIXED, PERCENT, RISK, KELLY])
@pytest.mark.parametrize("equity", [None, 0, -5])
def test_without_a_balance_every_method_refuses(method: SizingMethod, equity: int | None):
    denial = quantity_of(Sizing(method, Decimal(1)), make_instrument(), equity=equity)
    assert isinstance(denial, Denial)
    assert denial.code == "NO_BALANCE"


def test_without_a_price_there_is_no_size():
    denial = quantity_of(Sizing(FIXED, Decimal(1)), make_instrument(), entry=0)
    assert isinstance(denial, Denial)
    assert denial.code == "NO_PRICE"


def test_risk_to_a_stop_at_the_entry_is_refused_and_not_divided_by():
    denial = quantity_of(Sizing(RISK, Decimal(1)), make_instrument(), stop=100)
    assert isinstance(denial, Denial)
    assert denial.code == "STOP_AT_ENTRY"


def test_kelly_says_how_many_trades_it_needs_and_how_many_there_are():
    denial = quantity_of(Sizing(KELLY), make_instrument())
    assert isinstance(denial, Denial)
    assert denial.code == "KELLY_SAMPLE"
    assert "30 closed trades" in denial.detail
    assert "there are 0" in denial.detail


def test_half_kelly_takes_its_share_of_the_equity_within_the_cap():
    # Six of ten win twice what a loss costs: (0.6 - 0.4 / 2) / 2 is a fifth of 10,000.
    figures = Figures(closed=40, wins=24, average_win=Decimal(2), average_loss=Decimal(1))
    record = ProviderRecord(whole=figures)
    assert quantity_of(Sizing(KELLY), make_instrument(), record=record) == 20
    assert quantity_of(Sizing(KELLY), make_instrument(), record=record, cap=5) == 5


def test_half_kelly_of_a_record_without_an_edge_is_refused():
    figures = Figures(closed=30, wins=15, average_win=Decimal(1), average_loss=Decimal(1))
    denial = quantity_of(Sizing(KELLY), make_instrument(), record=ProviderRecord(whole=figures))
    assert isinstance(denial, Denial)
    assert denial.code == "KELLY_NEGATIVE"


def test_risk_counts_the_multiplier_and_either_direction():
    option = make_instrument(multiplier=Decimal(100))
    assert risk_money(option, Decimal(2), Decimal(3), Decimal(2)) == 200
    assert risk_money(option, Decimal(2), Decimal(2), Decimal(3)) == 200
