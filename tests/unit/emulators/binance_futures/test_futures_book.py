"""The emulated futures: positions, margin, and books that every road leads back to."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.binance.amounts import UNIT, parse_amount, value_of
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance_futures import margin
from tests.unit.emulators.binance_futures.futures_trader import SYMBOL, FuturesTrader

SIDES = st.sampled_from(["BUY", "SELL"])
QUANTITIES = st.sampled_from(["0.1", "0.337", "2", "7.901", "40"])
PRICES = st.sampled_from(["60", "83.37", "96.91", "99.99", "104.2", "131"])
STEPS = st.one_of(
    st.tuples(st.just("price"), PRICES),
    st.tuples(st.just("funding"), st.sampled_from(["0.0001", "-0.00037", "0.03"])),
    st.tuples(st.just("order"), SIDES, QUANTITIES, st.sampled_from(["true", "false"])),
    st.tuples(st.just("limit"), SIDES, QUANTITIES, PRICES),
    st.tuples(st.just("wait"), SIDES, QUANTITIES, PRICES),
    st.tuples(st.just("trail"), SIDES, QUANTITIES),
    st.tuples(st.just("part"), st.sampled_from(["0.3", "0.5"])),
)


def play(trader: FuturesTrader, step: tuple[str, ...]) -> None:
    """Do one thing; what is refused changes nothing."""
    what, *rest = step
    if what == "price":
        trader.price(*rest)
    elif what == "funding":
        trader.control("funding", symbol=SYMBOL, rate=rest[0])
    elif what == "part":
        trader.control("partial", symbol=SYMBOL, fraction=rest[0])
    elif what == "order":
        trader.order(rest[0], rest[1], reduceOnly=rest[2])
    elif what == "limit":
        trader.order(rest[0], rest[1], price=rest[2])
    elif what == "wait":
        trader.wait(rest[0], "STOP_MARKET", rest[1], triggerPrice=rest[2], reduceOnly="true")
    else:
        trader.wait(rest[0], "TRAILING_STOP_MARKET", rest[1], callbackRate="2", reduceOnly="true")


@given(st.lists(STEPS, max_size=25), st.booleans())
def test_a_wallet_is_what_came_in_plus_results_plus_funding_less_fees_and_fills_make_the_position(
    steps: list[tuple[str, ...]], is_isolated: bool
) -> None:
    trader = FuturesTrader(is_isolated=is_isolated)
    trader.price("100")
    for step in steps:
        before = (trader.account.wallet, trader.position.quantity, len(trader.account.incomes))
        try:
            play(trader, step)
        except Refusal:
            assert before == (
                trader.account.wallet,
                trader.position.quantity,
                len(trader.account.incomes),
            )
        account, position = trader.account, trader.position
        fills = account.ledgers[SYMBOL].fills
        books = account.books()
        assert account.wallet == sum(books.values())
        assert books["TRANSFER"] == parse_amount("10000")
        assert books["COMMISSION"] == -sum(fill.fee for fill in fills)
        assert position.quantity == sum(f.quantity if f.order.buys else -f.quantity for f in fills)
        # What was paid for the position and what it realized so far are what its fills moved.
        moved = sum(-f.quote if f.order.buys else f.quote for f in fills)
        cost = position.cost if position.quantity > 0 else -position.cost
        assert books["REALIZED_PNL"] == moved + cost
        if not position.quantity:
            assert (position.cost, position.margin) == (0, 0)
        assert not margin.is_lost(trader.engine.book, account, trader.engine.book.markets[SYMBOL], position)


@given(st.lists(STEPS, max_size=25), st.sampled_from(["BUY", "SELL"]))
def test_an_order_that_only_reduces_never_opens_adds_or_turns_round(
    steps: list[tuple[str, ...]], side: str
) -> None:
    trader = FuturesTrader()
    trader.price("100")
    for step in [("order", side, "7.901", "false"), *steps]:
        with contextlib.suppress(Refusal):
            play(trader, step)
    held = 0
    for fill in trader.account.ledgers[SYMBOL].fills:
        after = held + (fill.quantity if fill.order.buys else -fill.quantity)
        if fill.order.terms.reduce_only:
            assert abs(after) < abs(held)
            assert after * held >= 0
        held = after


def test_a_part_takes_its_share_of_cost_and_margin_along() -> None:
    trader = FuturesTrader()
    trader.price("100")
    trader.order("BUY", "3")
    margin_before = trader.position.margin
    assert margin_before == value_of(3 * UNIT, parse_amount("100.01")) // 10
    trader.order("SELL", "1", reduceOnly="true")
    assert trader.position.margin == margin_before - margin_before // 3
    assert trader.position.entry_price == parse_amount("100.01")


@pytest.mark.parametrize("side", ["BUY", "SELL"], ids=["long", "short"])
def test_more_margin_for_less_leverage_moves_the_liquidation_away(side: str) -> None:
    near, far = FuturesTrader(leverage=10), FuturesTrader(leverage=5)
    prices = []
    for trader in (near, far):
        trader.price("100")
        trader.order(side, "1")
        book = trader.engine.book
        prices.append(margin.liquidation_price(book, trader.account, book.markets[SYMBOL], trader.position))
    assert (prices[0] > prices[1]) == (side == "BUY")


def test_orders_that_wait_are_not_taken_where_others_go_and_the_other_way_round() -> None:
    trader = FuturesTrader()
    with pytest.raises(Refusal, match="-4120"):
        trader.send(
            "POST /fapi/v1/order", symbol=SYMBOL, side="SELL", type="STOP_MARKET", quantity="1", stopPrice="9"
        )
    with pytest.raises(Refusal, match="-1116"):
        trader.wait("SELL", "MARKET", "1")


def test_a_change_of_margin_that_is_no_change_is_refused_by_name() -> None:
    trader = FuturesTrader()
    with pytest.raises(Refusal, match="-4046"):
        trader.send("POST /fapi/v1/marginType", symbol=SYMBOL, marginType="ISOLATED")
    with pytest.raises(Refusal, match="-4028"):
        trader.send("POST /fapi/v1/leverage", symbol=SYMBOL, leverage="51")
    trader.price("100")
    trader.order("BUY", "1")
    with pytest.raises(Refusal, match="-4161"):
        trader.send("POST /fapi/v1/leverage", symbol=SYMBOL, leverage="9")
    trader.send("POST /fapi/v1/leverage", symbol=SYMBOL, leverage="11")
    assert trader.position.leverage == 11
    with pytest.raises(Refusal, match="-4048"):
        trader.send("POST /fapi/v1/marginType", symbol=SYMBOL, marginType="CROSSED")


def test_who_is_long_pays_who_is_short_where_the_rate_is_above_zero() -> None:
    for side, sign in (("BUY", -1), ("SELL", 1)):
        trader = FuturesTrader()
        trader.price("100")
        trader.order(side, "2")
        trader.control("funding", symbol=SYMBOL, rate="0.001")
        trader.control("funding", symbol=SYMBOL, rate="-0.0005")
        assert trader.account.books()["FUNDING_FEE"] == sign * parse_amount("0.1")
