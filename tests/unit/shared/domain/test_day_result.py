"""The day's result: a fold of trades that adds up, whatever was bought when and whoever has no price."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.accounts import Reservation
from shared.domain.day_result import DayResult, day_result, open_risk, opened_before, together
from shared.domain.money import HUNDRED, ZERO
from shared.domain.signals import Side
from shared.domain.trades import TradeStatus
from tests.unit.shared.domain.builders import NOW, make_account, make_alive

QUOTES = {"ETH/USDT": (Decimal(99), Decimal(101)), "BTC/USDT": (Decimal(49_000), Decimal(49_010))}
MONEY = st.decimals(-10_000, 10_000, places=2)
AMOUNTS = st.decimals("0.01", 1000, places=2)


def held(trade_id: str = "t", **changes: object):
    values = {"held": Decimal(10), "entry_average": Decimal(100), "stop_price": Decimal(95)}
    return make_alive(trade_id, **{**values, **changes})


def result_of(*trades, cash: int = 9_000, before: dict[str, Decimal] | None = None, **account: object):
    found = day_result(make_account(balance_total=Decimal(cash), **account), trades, QUOTES, before or {})
    assert found is not None
    return found


def test_without_a_balance_there_is_no_result():
    assert day_result(make_account(balance_total=None), [], QUOTES, {}) is None


def test_an_account_that_did_nothing_has_lost_nothing():
    assert result_of() == DayResult(ZERO, ZERO, Decimal(9_000))


def test_an_open_position_counts_at_what_it_could_be_left_at_now():
    result = result_of(held(realised_pnl=Decimal(-1)))
    assert (result.realised, result.open) == (Decimal(-1), Decimal(-10))
    assert result.equity == 9_000 + 10 * 99
    # 1,000 were paid for it and 1 in fees, so that the day began with 10,001.
    assert result.opening == Decimal(10_001)


def test_a_short_position_counts_at_the_ask_and_its_worth_is_its_result():
    result = result_of(held(side=Side.SELL, stop_price=Decimal(105)))
    assert (result.open, result.equity) == (Decimal(-10), Decimal(8_990))


def test_what_had_been_realised_before_today_is_not_todays():
    result = result_of(held(realised_pnl=Decimal(50), exited=Decimal(5)), before={"t": Decimal(80)})
    assert result.realised == Decimal(-30)


def test_an_entry_whose_money_is_still_reserved_is_not_counted_twice():
    reservation = Reservation("t", "ETH/USDT", Decimal(1000), Decimal(50), NOW)
    result = result_of(held(), cash=10_000, reservations={"i": reservation})
    assert result.equity == Decimal(9_990)


def test_a_position_without_a_price_counts_at_its_stop_and_is_told():
    result = result_of(held(symbol="XRP/USDT"))
    assert (result.open, result.unpriced) == (Decimal(-50), 1)
    assert result_of(held(symbol="XRP/USDT", stop_price=None)).open == Decimal(-1000)


def test_a_contract_counts_with_its_multiplier():
    assert result_of(held(multiplier=HUNDRED)).open == Decimal(-1000)


def test_the_loss_is_measured_against_what_the_day_began_with():
    assert DayResult(Decimal(-300), Decimal(-200), Decimal(9_500)).loss_percent == 5
    assert DayResult(Decimal(300), Decimal(-200), Decimal(9_500)).loss_percent == 0
    assert DayResult(Decimal(-300), ZERO, Decimal(-1)).loss_percent > 100
    assert DayResult(Decimal(-300), ZERO, Decimal(-300)).loss_percent == 100


def test_a_trade_opened_in_the_first_moment_of_today_is_of_today():
    trade = make_alive(opened_at=NOW)
    assert not opened_before(trade, NOW)
    assert opened_before(trade, NOW + timedelta(microseconds=1))
    assert not opened_before(make_alive(opened_at=None), NOW)


def test_risk_is_from_the_entry_to_the_stop_and_never_negative():
    assert open_risk([held(), held("u", stop_price=Decimal(120))], []) == Decimal(50)
    assert open_risk([held(side=Side.SELL, stop_price=Decimal(104))], []) == Decimal(40)
    assert open_risk([held(stop_price=None)], []) == Decimal(1000)
    assert open_risk([make_alive(status=TradeStatus.PENDING)], []) == 0


def test_a_trade_whose_entry_is_still_reserved_risks_what_is_reserved_alone():
    assert open_risk([held("t"), held("u")], ["t"]) == Decimal(50)


@given(
    st.lists(st.tuples(MONEY, MONEY, AMOUNTS), min_size=1, max_size=6), st.decimals("0.001", 1000, places=3)
)
def test_sums_in_one_currency_are_the_sum_of_the_parts(parts, rate: Decimal):
    results = [DayResult(*part) for part in parts]
    total = together(result.in_currency(rate) for result in results)
    assert total.total == sum(result.total for result in results) * rate
    assert total.opening == sum(result.opening for result in results) * rate


@given(AMOUNTS, AMOUNTS, st.integers(1, 50))
def test_cash_and_position_together_are_the_opening_equity_at_any_price(
    entry: Decimal, price: Decimal, units: int
):
    """Buying changes nothing: what was there before is there afterwards, less what the market took."""
    trade = held(held=Decimal(units), entry_average=entry, stop_price=None)
    account = make_account(balance_total=Decimal(100_000) - entry * units)
    result = day_result(account, [trade], {"ETH/USDT": (price, price)}, {})
    assert result is not None
    assert result.opening == Decimal(100_000)
