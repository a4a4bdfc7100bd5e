"""Gates about how much: whatever passes them never plans to lose more than any cap that is in force."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.accounts import Reservation
from shared.domain.bots import BotSettings, Sizing, SizingMethod
from shared.domain.day_result import DayResult, open_risk
from shared.domain.errors import Denial
from shared.domain.gates_of_risk import check_daily_loss, check_users_daily_loss
from shared.domain.money import HUNDRED, ZERO
from shared.domain.risk import run_gates
from shared.domain.sized_entry import size_entry
from tests.unit.shared.domain.builders import NOW, make_account, make_alive, make_bot, make_facts, make_signal

PERCENTS = st.decimals("0.1", 30, places=1)
MONEY = st.decimals(0, 3000, places=2)
SIZINGS = st.one_of(
    st.decimals(1, 50_000, places=2).map(lambda amount: Sizing(SizingMethod.FIXED, amount)),
    st.decimals("0.1", 100, places=1).map(lambda share: Sizing(SizingMethod.PERCENT, share)),
    st.decimals("0.1", 100, places=1).map(lambda share: Sizing(SizingMethod.RISK, share)),
)
ENTRIES = st.one_of(
    st.just(()),
    st.lists(st.decimals("90.01", 99, places=2), min_size=1, max_size=5).map(tuple),
)


@settings(max_examples=300)
@given(
    sizing=SIZINGS,
    entry=ENTRIES,
    stop=st.decimals(60, 90, places=2),
    position_cap=PERCENTS,
    risk_cap=PERCENTS,
    reserved=MONEY,
    standing=MONEY,
    result=st.decimals(-2000, 500, places=2),
    loss_cap=PERCENTS,
)
def test_what_passes_never_plans_to_lose_more_than_any_cap(
    sizing: Sizing,
    entry: tuple[Decimal, ...],
    stop: Decimal,
    position_cap: Decimal,
    risk_cap: Decimal,
    reserved: Decimal,
    standing: Decimal,
    result: Decimal,
    loss_cap: Decimal,
):
    terms = BotSettings(
        max_position_percent=position_cap,
        max_portfolio_risk_percent=risk_cap,
        max_daily_loss_percent=loss_cap,
        max_drift_r=ZERO,
    )
    held = Reservation("other", "ETH/USDT", ZERO, reserved, NOW)
    other = make_alive("open", "XRP/USDT", held=standing, entry_average=Decimal(2), stop_price=Decimal(1))
    equity = Decimal(10_000)
    facts = make_facts(
        signal=make_signal(entry=entry, stop_loss=stop),
        bot=make_bot(sizing=sizing, settings=terms),
        account=make_account(reservations={"i": held}),
        trades=(other,),
        today=DayResult(result, ZERO, equity),
    )
    _, denial = run_gates(facts)
    sized = size_entry(facts)
    if denial is not None or isinstance(sized, Denial):
        return
    worst = sum((abs(leg.price - stop) * size for leg, size in sized.legs), ZERO)
    assert sized.risk == worst
    assert worst + reserved + open_risk([other], []) <= equity * risk_cap / HUNDRED
    assert sized.notional <= equity * position_cap / HUNDRED
    assert sized.notional <= Decimal(10_000)
    assert -result < (equity - result) * loss_cap / HUNDRED or result >= 0
    if sizing.method is SizingMethod.RISK:
        assert worst <= equity * sizing.amount / HUNDRED


def test_a_days_result_is_told_with_both_its_parts():
    seen = check_daily_loss(make_facts(today=DayResult(Decimal(-100), Decimal(-31), Decimal(9_869), 2)))
    assert (
        seen.input
        == "-131.00 of 10000.00 USDT (realised -100.00, open -31.00, 2 without a price at their stops)"
    )
    assert seen.threshold == "5 %"


def test_a_win_of_any_size_passes():
    assert check_daily_loss(make_facts(today=DayResult(Decimal(900), ZERO, Decimal(900)))).denial is None


def test_who_has_one_account_is_not_summed():
    assert check_users_daily_loss(make_facts()).input == "this account alone"
