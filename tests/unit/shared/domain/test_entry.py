"""From a reading to order legs and a stop."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bots import BotSettings, MissingStop
from shared.domain.entry import (
    MAX_LEGS,
    Leg,
    choose_stop,
    entry_expiry,
    has_passed_by,
    ladder_prices,
    percent_away,
    plan_legs,
    reference_price,
    target_percents,
)
from shared.domain.instruments import AssetClass, Instrument, pip_size
from shared.domain.orders import OrderType
from shared.domain.signals import Side, Trigger
from shared.domain.trades import StopSource, Target
from tests.unit.shared.domain.builders import NOW, make_instrument, make_signal, make_trade

BITCOIN = make_instrument()
BUY, SELL = Side.BUY, Side.SELL
BID, ASK = Decimal(100), Decimal(101)
PRICES = st.decimals(min_value="0.01", max_value=99_999, places=4)


def legs_of(side: Side, *entry: str, trigger: Trigger | None = None) -> tuple[Leg, ...]:
    signal = make_signal(side=side, entry=tuple(Decimal(text) for text in entry), trigger=trigger)
    return plan_legs(signal, BITCOIN, BID, ASK)


@pytest.mark.parametrize(("side", "price"), [(BUY, ASK), (SELL, BID)])
def test_no_price_is_a_market_order_at_the_side_that_is_paid(side: Side, price: Decimal):
    assert legs_of(side) == (Leg(OrderType.MARKET, price),)


@pytest.mark.parametrize(
    ("side", "price", "order_type"),
    [
        (BUY, "100.99", OrderType.LIMIT),
        (BUY, "101", OrderType.MARKET),
        (BUY, "105", OrderType.MARKET),
        (SELL, "100.01", OrderType.LIMIT),
        (SELL, "100", OrderType.MARKET),
        (SELL, "95", OrderType.MARKET),
    ],
)
def test_a_price_is_a_limit_or_market_where_the_quote_is_already_better(
    side: Side, price: str, order_type: OrderType
):
    (leg,) = legs_of(side, price)
    assert leg.order_type is order_type
    assert leg.limit_price == (Decimal(price) if order_type is OrderType.LIMIT else None)


@pytest.mark.parametrize(
    ("side", "trigger", "price", "order_type"),
    [
        (BUY, Trigger.ABOVE, "105", OrderType.STOP),
        (BUY, Trigger.ABOVE, "101", OrderType.MARKET),
        (SELL, Trigger.BELOW, "95", OrderType.STOP),
        (SELL, Trigger.BELOW, "100", OrderType.MARKET),
        # A stop to buy below the market would trigger at once: waiting for a better price is a limit.
        (BUY, Trigger.BELOW, "95", OrderType.LIMIT),
        (BUY, Trigger.BELOW, "101", OrderType.MARKET),
        (SELL, Trigger.ABOVE, "105", OrderType.LIMIT),
        (SELL, Trigger.ABOVE, "100", OrderType.MARKET),
    ],
)
def test_above_and_below_wait_for_the_price_to_come_there(
    side: Side, trigger: Trigger, price: str, order_type: OrderType
):
    (leg,) = legs_of(side, price, trigger=trigger)
    assert leg.order_type is order_type
    assert leg.stop_price == (Decimal(price) if order_type is OrderType.STOP else None)
    assert leg.limit_price == (Decimal(price) if order_type is OrderType.LIMIT else None)


def test_a_zone_around_the_quote_enters_at_market_and_leaves_the_rest_below():
    lower, upper = legs_of(BUY, "98", "103")
    assert (lower.order_type, lower.limit_price) == (OrderType.LIMIT, 98)
    assert (upper.order_type, upper.price) == (OrderType.MARKET, ASK)


def test_a_long_ladder_keeps_both_ends_and_the_middle():
    assert ladder_prices(tuple(map(Decimal, [5, 1, 2, 4, 3]))) == (1, 3, 5)


@given(st.lists(PRICES, min_size=1, max_size=9).map(tuple))
def test_a_ladder_has_at_most_three_distinct_points_of_the_message_in_order(points: tuple[Decimal, ...]):
    chosen = ladder_prices(points)
    assert len(chosen) == min(MAX_LEGS, len(set(points)))
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= set(points)
    assert {min(points), max(points)} >= {chosen[0], chosen[-1]}


@given(
    st.lists(PRICES, max_size=5).map(tuple),
    st.sampled_from(Side),
    st.none() | st.sampled_from(Trigger),
    PRICES,
    st.decimals(min_value=0, max_value=10, places=2),
)
def test_every_leg_has_a_tradable_price_and_no_order_pays_more_than_asked(
    entry: tuple[Decimal, ...], side: Side, trigger: Trigger | None, bid: Decimal, spread: Decimal
):
    legs = plan_legs(make_signal(side=side, entry=entry, trigger=trigger), BITCOIN, bid, bid + spread)
    assert 1 <= len(legs) <= MAX_LEGS
    for leg in legs:
        for price in (leg.limit_price, leg.stop_price):
            assert price is None or (price % BITCOIN.tick == 0 and price > 0)
        if leg.limit_price is not None:
            assert leg.limit_price < bid + spread if side is BUY else leg.limit_price > bid
        if leg.stop_price is not None:
            assert leg.stop_price > bid + spread if side is BUY else leg.stop_price < bid


def test_the_reference_is_the_mean_of_the_legs():
    assert reference_price(legs_of(BUY, "90", "96")) == 93


def test_the_messages_stop_comes_first():
    stop = choose_stop(make_signal(stop_loss=Decimal("95.004")), BotSettings(), BITCOIN, BUY, Decimal(100))
    assert stop is not None
    assert (stop.price, stop.source, stop.percent) == (95, StopSource.MESSAGE, None)


@pytest.mark.parametrize(("side", "price"), [(BUY, 97), (SELL, 103)])
def test_a_stop_in_percent_lies_on_the_losing_side_and_waits_for_the_fill(side: Side, price: int):
    signal = make_signal(stop_loss=None, stop_loss_pct=Decimal(3), side=side)
    stop = choose_stop(signal, BotSettings(), BITCOIN, side, Decimal(100))
    assert stop is not None
    assert (stop.price, stop.source, stop.percent) == (price, StopSource.MESSAGE, 3)


@pytest.mark.parametrize(
    ("asset_class", "price"),
    [(AssetClass.CRYPTO, 95), (AssetClass.STOCK, 96), (AssetClass.OPTION, 70), (AssetClass.FOREX, "99.5")],
)
def test_a_missing_stop_is_the_asset_classs_default_and_says_so(asset_class: AssetClass, price: int | str):
    instrument = make_instrument(asset_class=asset_class)
    stop = choose_stop(make_signal(stop_loss=None), BotSettings(), instrument, BUY, Decimal(100))
    assert stop is not None
    assert (stop.price, stop.source) == (Decimal(price), StopSource.DEFAULT)


def test_a_bot_may_name_its_own_default_or_deny():
    signal = make_signal(stop_loss=None)
    own = choose_stop(signal, BotSettings(default_stop_percent=Decimal(10)), BITCOIN, SELL, Decimal(100))
    assert own is not None
    assert own.price == 110
    denying = BotSettings(missing_stop=MissingStop.DENY)
    assert choose_stop(signal, denying, BITCOIN, BUY, Decimal(100)) is None


@given(PRICES, st.decimals(min_value="0.01", max_value=99, places=2))
def test_percent_away_goes_up_for_buy_and_down_for_sell(price: Decimal, percent: Decimal):
    assert percent_away(price, percent, SELL) < price < percent_away(price, percent, BUY)


def test_an_entry_is_given_up_after_the_bots_time():
    assert entry_expiry(NOW, BotSettings(entry_valid_seconds=60)) == NOW + timedelta(seconds=60)


def pair(symbol: str) -> Instrument:
    base, quote = symbol.split("/")
    return make_instrument(
        symbol=symbol, asset_class=AssetClass.FOREX, base=base, quote=quote, tick=Decimal("0.00001")
    )


@pytest.mark.parametrize(
    ("symbol", "pip"), [("EUR/USD", "0.0001"), ("USD/JPY", "0.01"), ("XAU/USD", "0.1"), ("XAG/USD", "0.01")]
)
def test_a_pip_is_what_the_market_calls_one(symbol: str, pip: str):
    assert pip_size(pair(symbol)) == Decimal(pip)


@pytest.mark.parametrize(("side", "price"), [(BUY, "1.08200"), (SELL, "1.08800")])
def test_a_stop_in_pips_lies_so_many_pips_on_the_losing_side(side: Side, price: str):
    signal = make_signal(stop_loss=None, stop_loss_pips=Decimal(30))
    stop = choose_stop(signal, BotSettings(), pair("EUR/USD"), side, Decimal("1.0850"))
    assert stop is not None
    assert (stop.price, stop.source) == (Decimal(price), StopSource.MESSAGE)


def test_targets_in_pips_become_shares_of_the_entry():
    signal = make_signal(take_profits_pips=(Decimal(50), Decimal(100)))
    assert target_percents(signal, pair("EUR/USD"), Decimal("1.2500")) == (Decimal("0.4"), Decimal("0.8"))


def test_pips_say_nothing_where_the_market_knows_none():
    signal = make_signal(stop_loss=None, stop_loss_pips=Decimal(30), take_profits_pips=(Decimal(50),))
    stop = choose_stop(signal, BotSettings(), BITCOIN, BUY, Decimal(100))
    assert stop is not None
    assert stop.source is StopSource.DEFAULT
    assert target_percents(signal, BITCOIN, Decimal(100)) == ()


class TestPassedBy:
    trade = make_trade(targets=(Target(Decimal(110), Decimal(1)),))

    @pytest.mark.parametrize(
        ("bid", "ask", "is_passed"),
        [(100, 101, False), (110, 111, True), (94, 95, True), (94, 96, False), (109, 110, False)],
    )
    def test_a_buy_comes_too_late_once_the_bid_was_at_its_target_or_the_ask_at_its_stop(
        self, bid: int, ask: int, is_passed: bool
    ):
        assert has_passed_by(self.trade, Decimal(bid), Decimal(ask)) is is_passed

    def test_a_sell_is_the_mirror(self):
        short = make_trade(
            side=Side.SELL, stop_price=Decimal(105), targets=(Target(Decimal(90), Decimal(1)),)
        )
        assert has_passed_by(short, Decimal(105), Decimal(106))
        assert has_passed_by(short, Decimal(89), Decimal(90))
        assert not has_passed_by(short, Decimal(99), Decimal(100))
