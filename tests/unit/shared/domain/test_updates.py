"""Updates and edits: they reduce risk or say why not; a stop is never widened."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.signals import Action, Side, Signal, UpdateKind
from shared.domain.targets import even_targets
from shared.domain.trades import Trade
from shared.domain.updates import TradeUpdate, plan_edit, plan_update
from tests.unit.shared.domain.builders import make_open_trade, make_signal, make_trade

K = UpdateKind
PRICES = st.decimals(min_value=1, max_value=200, places=2)


def command(kind: UpdateKind, **changes: Any) -> Signal:
    return make_signal(action=Action.UPDATE, update_kind=kind, **{"stop_loss": None, **changes})


def trade_of(side: Side, stop: Decimal | int | None = None, **changes: Any) -> Trade:
    usual = Decimal(95) if side is Side.BUY else Decimal(105)
    return make_open_trade(10, side=side, stop_price=usual if stop is None else Decimal(stop), **changes)


@pytest.mark.parametrize(
    ("signal", "update"),
    [
        (command(K.CLOSE_ALL), TradeUpdate(exit_fraction=Decimal(1), cancel_entries=True)),
        (
            make_signal(action=Action.CLOSE, stop_loss=None),
            TradeUpdate(exit_fraction=Decimal(1), cancel_entries=True),
        ),
        (command(K.CLOSE_PARTIAL), TradeUpdate(exit_fraction=Decimal("0.5"))),
        (
            command(K.CLOSE_PARTIAL, close_fraction=Decimal("0.25")),
            TradeUpdate(exit_fraction=Decimal("0.25")),
        ),
        (command(K.CANCEL), TradeUpdate(cancel_entries=True)),
        (command(K.MOVE_STOP, stop_loss=Decimal(97)), TradeUpdate(stop_price=Decimal(97))),
        (command(K.MOVE_STOP, stop_loss_pct=Decimal(2)), TradeUpdate(stop_price=Decimal(98))),
        (command(K.MOVE_STOP), TradeUpdate(code="NO_LEVEL")),
        (command(K.MOVE_STOP_TO_BREAKEVEN), TradeUpdate(stop_price=Decimal(100))),
        (
            command(K.SET_TAKE_PROFIT, take_profits=(Decimal(110), Decimal(120))),
            TradeUpdate(targets=even_targets((Decimal(110), Decimal(120)))),
        ),
        (command(K.SET_TAKE_PROFIT), TradeUpdate(code="NO_LEVEL")),
        (command(K.TP_HIT), TradeUpdate(code="NOTHING_TO_DO")),
        (command(K.SL_HIT), TradeUpdate(code="NOTHING_TO_DO")),
        (command(K.ENTRY_FILLED), TradeUpdate(code="NOTHING_TO_DO")),
    ],
)
def test_each_kind_of_update_asks_for_one_thing(signal: Signal, update: TradeUpdate):
    assert plan_update(signal, make_open_trade(10)) == update


@pytest.mark.parametrize("kind", K)
def test_no_kind_of_update_is_forgotten(kind: UpdateKind):
    signal = command(kind, stop_loss=Decimal(97), take_profits=(Decimal(110),))
    reports = {K.TP_HIT, K.SL_HIT, K.ENTRY_FILLED}
    assert (plan_update(signal, make_open_trade(10)).code == "NOTHING_TO_DO") is (kind in reports)


def test_break_even_needs_a_fill():
    update = plan_update(command(K.MOVE_STOP_TO_BREAKEVEN), make_trade())
    assert update == TradeUpdate(code="BREAKEVEN_BEFORE_ENTRY")


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, 98), (Side.SELL, 102)])
def test_a_stop_in_percent_is_measured_from_the_entry_to_the_losing_side(side: Side, price: int):
    update = plan_update(command(K.MOVE_STOP, stop_loss_pct=Decimal(2)), trade_of(side))
    assert update == TradeUpdate(stop_price=Decimal(price))


@given(
    st.sampled_from([K.MOVE_STOP, K.MOVE_STOP_TO_BREAKEVEN]),
    st.sampled_from(Side),
    PRICES,
    PRICES,
    st.none() | PRICES,
    st.none() | st.decimals(min_value=0, max_value=50, places=1),
)
def test_no_update_ever_widens_a_stop(
    kind: UpdateKind,
    side: Side,
    stop: Decimal,
    entry: Decimal,
    asked: Decimal | None,
    percent: Decimal | None,
):
    trade = trade_of(side, stop, entry_average=entry)
    update = plan_update(command(kind, stop_loss=asked, stop_loss_pct=percent), trade)
    if update.stop_price is not None:
        assert update.stop_price > stop if side is Side.BUY else update.stop_price < stop
    else:
        assert update.code in {"STOP_WOULD_WIDEN", "NO_DIFFERENCE", "NO_LEVEL"}


@given(st.sampled_from(Side), PRICES, PRICES)
def test_no_edit_ever_widens_a_stop(side: Side, stop: Decimal, asked: Decimal):
    before, after = make_signal(side=side, stop_loss=stop), make_signal(side=side, stop_loss=asked)
    update = plan_edit(before, after, trade_of(side, stop))
    if update.stop_price is not None:
        assert update.stop_price > stop if side is Side.BUY else update.stop_price < stop


def test_a_trade_without_a_stop_takes_the_first_one_named():
    trade = make_open_trade(10, stop_price=None)
    assert plan_update(command(K.MOVE_STOP, stop_loss=Decimal(1)), trade).stop_price == 1


@pytest.mark.parametrize(
    ("changes", "update"),
    [
        ({}, TradeUpdate(code="NO_DIFFERENCE")),
        ({"stop_loss": Decimal(97)}, TradeUpdate(stop_price=Decimal(97))),
        ({"stop_loss": Decimal(90)}, TradeUpdate(code="STOP_WOULD_WIDEN")),
        ({"stop_loss": None}, TradeUpdate(code="NO_DIFFERENCE")),
        ({"take_profits": (Decimal(120),)}, TradeUpdate(targets=even_targets((Decimal(120),)))),
        ({"take_profits": ()}, TradeUpdate(code="NO_DIFFERENCE")),
        ({"side": Side.SELL}, TradeUpdate(cancel_entries=True, code="ENTRY_CHANGED")),
        ({"symbol": "ETH/USDT"}, TradeUpdate(cancel_entries=True, code="ENTRY_CHANGED")),
        ({"entry": (Decimal(99),)}, TradeUpdate(cancel_entries=True, code="ENTRY_CHANGED")),
    ],
)
def test_an_edit_acts_on_the_difference_alone(changes: dict[str, Any], update: TradeUpdate):
    base = {"take_profits": (Decimal(110),)}
    assert plan_edit(make_signal(**base), make_signal(**{**base, **changes}), make_open_trade(10)) == update


@given(
    st.builds(
        make_signal,
        side=st.sampled_from(Side),
        symbol=st.sampled_from(["BTC/USDT", "ETH/USDT"]),
        entry=st.sampled_from([(), (Decimal(99),)]),
        stop_loss=st.none() | PRICES,
        take_profits=st.sampled_from([(), (Decimal(110),), (Decimal(120), Decimal(130))]),
    )
)
def test_an_edit_that_changes_the_entry_only_ever_takes_back(after: Signal):
    update = plan_edit(make_signal(entry=(Decimal(98),)), after, make_open_trade(10))
    assert update == TradeUpdate(cancel_entries=True, code="ENTRY_CHANGED")
