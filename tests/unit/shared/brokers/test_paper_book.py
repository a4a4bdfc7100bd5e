"""Paper matching: fills, stops, linked exits, reserves; and laws that hold for any sequence of events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.brokers import paper_book
from shared.brokers.base import Quote
from shared.brokers.paper_state import BookChange, PaperBook, PaperRules, report_order
from shared.domain.errors import DuplicateOrderId, PermanentError
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

NOW = datetime(2026, 11, 23, 14, 30, 0, 123456, tzinfo=UTC)
COIN = Instrument(
    "S/USDT", AssetClass.CRYPTO, "S", "USDT", Decimal("0.01"), Decimal("0.001"), Decimal(5)
)  # fmt: skip
OPTION = Instrument(
    "AAPL261218C00215000", AssetClass.OPTION, "AAPL261218C00215000", "USD", Decimal("0.01"), Decimal(1),
    Decimal(1), Decimal(100),
)  # fmt: skip
FREE = PaperRules(commission_rate=Decimal(0))


def quoted(price: str | Decimal, at: datetime = NOW, instrument: Instrument = COIN) -> Quote:
    middle = Decimal(price)
    return Quote(instrument.symbol, middle - Decimal("0.01"), middle + Decimal("0.01"), at)


class Desk:
    """A book and a quote that events are put to, one after the other."""

    def __init__(self, cash: str = "10000", rules: PaperRules = FREE, instrument: Instrument = COIN) -> None:
        self.book = PaperBook("account", Decimal(cash))
        self.rules = rules
        self.instrument = instrument
        self.quote = quoted("100", instrument=instrument)
        self.now = NOW
        self.fills: list[FillReport] = []
        self._ids = 0

    def send(self, side: Side = Side.BUY, quantity: str = "1", **fields: Any) -> BookChange:
        self._ids += 1
        kind = OrderType.LIMIT if "limit_price" in fields else OrderType.MARKET
        kind = OrderType.STOP if "stop_price" in fields else kind
        known: dict[str, Any] = {
            "client_order_id": f"id{self._ids}", "symbol": self.instrument.symbol, "side": side,
            "order_type": kind, "time_in_force": TimeInForce.GTC, "quantity": Decimal(quantity),
        }  # fmt: skip
        request = OrderRequest(**{**known, **{k: as_price(v) for k, v in fields.items()}})
        return self._keep(
            paper_book.submit(self.book, request, self.instrument, self.quote, self.rules, self.now)
        )

    def move(self, price: str | Decimal) -> BookChange | None:
        self.now += timedelta(seconds=1)
        self.quote = quoted(price, self.now, self.instrument)
        change = paper_book.match(self.book, self.instrument, self.quote, self.rules, self.now)
        return self._keep(change) if change is not None else None

    def cancel(self, client_order_id: str) -> BookChange | None:
        change = paper_book.cancel(self.book, client_order_id, self.now)
        return self._keep(change) if change is not None else None

    def refusal(self, *args: Any, **fields: Any) -> str:
        before = self.book
        with pytest.raises(PermanentError) as refused:
            self.send(*args, **fields)
        assert self.book is before
        return refused.value.code

    def open_quantities(self) -> dict[str, Decimal]:
        return {order.client_order_id: order.open_quantity for order in self.book.open_orders}

    def _keep(self, change: BookChange) -> BookChange:
        self.book = change.book
        self.fills += change.fills
        return change


def as_price(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and value[:1].isdigit() else value


def test_an_order_beyond_the_depth_fills_quote_by_quote() -> None:
    desk = Desk(cash="100000", rules=replace(FREE, depth_notional=Decimal(10_000)))
    first = desk.send(quantity="250").orders[0]
    assert (first.status, first.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, Decimal("99.990"))
    again = paper_book.match(desk.book, COIN, desk.quote, desk.rules, desk.now)
    assert again is None, "one quote's depth is used once"
    desk.move("101")
    desk.move("102")
    assert desk.book.open_orders == ()
    assert desk.book.positions == {COIN.symbol: Decimal(250)}
    assert [fill.price for fill in desk.fills] == [Decimal("100.01"), Decimal("101.01"), Decimal("102.01")]


def test_a_market_order_never_spends_more_than_the_cash_when_the_price_runs_away() -> None:
    desk = Desk(cash="10001", rules=replace(FREE, split_one_in=1))
    desk.send(quantity="100")
    change = desk.move("200")
    assert change is not None
    order = change.orders[0]
    assert (order.status, order.code) == (OrderStatus.CANCELED, "CASH_EXHAUSTED")
    assert 0 <= desk.book.cash < 1


def test_the_reserve_of_a_resting_buy_is_not_free_for_another() -> None:
    desk = Desk(cash="1000", rules=PaperRules())
    desk.send(quantity="9", limit_price="100")
    assert desk.book.free_cash() == Decimal("99.1")
    assert desk.refusal(quantity="1") == "INSUFFICIENT_FUNDS"


def test_commission_is_taken_from_the_pot_and_rounded_against_the_trader() -> None:
    desk = Desk(rules=PaperRules())
    (fill,) = desk.send(quantity="0.333").fills
    assert (fill.commission, fill.commission_asset) == (Decimal("0.03330333"), "USDT")
    assert desk.book.cash == 10_000 - Decimal("33.30333") - Decimal("0.03330333")


def test_options_cost_their_multiplier_and_no_commission() -> None:
    desk = Desk(rules=PaperRules(), instrument=OPTION)
    desk.quote = quoted("8.80", instrument=OPTION)
    (fill,) = desk.send(quantity="2").fills
    assert fill.commission == 0
    assert desk.book.cash == 10_000 - 2 * Decimal("8.81") * 100


@pytest.mark.parametrize(("side", "stop", "beyond", "price"), [
    (Side.SELL, "95", "94", "93.99"), (Side.BUY, "105", "106", "106.01"),
])  # fmt: skip
def test_a_stop_trades_at_the_market_beyond_it(side: Side, stop: str, beyond: str, price: str) -> None:
    desk = Desk()
    desk.send()
    order = desk.send(side, stop_price=stop).orders[0]
    assert order.status is OrderStatus.ACCEPTED
    assert desk.move("100") is None
    change = desk.move(beyond)
    assert change is not None
    assert change.orders[0].status is OrderStatus.FILLED
    assert desk.fills[-1].price == Decimal(price)


def test_a_quote_from_before_an_order_does_not_trade_it() -> None:
    desk = Desk()
    desk.send()
    desk.send(Side.SELL, stop_price="95")
    stale = quoted("90", NOW - timedelta(milliseconds=1))
    assert paper_book.match(desk.book, COIN, stale, desk.rules, desk.now) is None
    assert paper_book.match(desk.book, COIN, quoted("90"), desk.rules, desk.now) is not None


@pytest.mark.parametrize(("side", "stop"), [(Side.SELL, "99.99"), (Side.BUY, "100.01")])
def test_a_stop_that_the_market_already_touches_is_refused(side: Side, stop: str) -> None:
    desk = Desk()
    desk.send()
    assert desk.refusal(side, stop_price=stop) == "STOP_ALREADY_PASSED"


def test_a_stop_limit_waits_at_its_limit_once_triggered() -> None:
    desk = Desk()
    desk.send()
    desk.send(Side.SELL, stop_price="95", limit_price="94.50", order_type=OrderType.STOP_LIMIT)
    desk.move("90")
    assert desk.book.open_orders[0].filled_quantity == 0
    desk.move("96")
    assert desk.fills[-1].price == Decimal("95.99")


def test_one_in_n_orders_gets_half_at_first_and_immediate_ones_never_do() -> None:
    desk = Desk(rules=replace(FREE, split_one_in=1))
    assert desk.send(quantity="2").orders[0].filled_quantity == 1
    assert desk.send(quantity="2", time_in_force=TimeInForce.IOC).orders[0].filled_quantity == 2
    desk.move("100")
    assert desk.book.positions == {COIN.symbol: Decimal(4)}
    quarter = Desk(rules=replace(FREE, split_one_in=4))
    halves = [quarter.send(quantity="0.2").orders[0].is_open for _ in range(100)]
    assert 10 < sum(halves) < 45


def test_a_group_holds_only_its_largest_side() -> None:
    desk = Desk()
    desk.send(quantity="4")
    desk.send(Side.SELL, "4", stop_price="90", link_group="g")
    desk.send(Side.SELL, "2", limit_price="110", link_group="g")
    desk.send(Side.SELL, "2", limit_price="120", link_group="g")
    assert desk.book.free_position(COIN.symbol) == 0
    assert desk.refusal(Side.SELL, "1", limit_price="130", link_group="g") == "INSUFFICIENT_FUNDS"
    assert desk.refusal(Side.SELL, "1") == "INSUFFICIENT_FUNDS"


def test_a_target_shrinks_the_stop_and_leaves_the_next_target() -> None:
    desk = Desk()
    desk.send(quantity="4")
    desk.send(Side.SELL, "4", stop_price="90", link_group="g")
    desk.send(Side.SELL, "2", limit_price="110", link_group="g")
    desk.send(Side.SELL, "2", limit_price="120", link_group="g")
    change = desk.move("111")
    assert change is not None
    assert {order.client_order_id for order in change.orders} == {"id2", "id3"}
    assert desk.open_quantities() == {"id2": Decimal(2), "id4": Decimal(2)}
    desk.move("80")
    assert desk.book.open_orders == ()
    assert desk.book.positions == {}


def test_a_partly_filled_stop_shrinks_the_farthest_target_first() -> None:
    desk = Desk(rules=replace(FREE, depth_notional=Decimal(240)))
    for _ in range(2):
        desk.send(quantity="2")
    desk.send(Side.SELL, "4", stop_price="90", link_group="g")
    desk.send(Side.SELL, "2", limit_price="110", link_group="g")
    desk.send(Side.SELL, "2", limit_price="120", link_group="g")
    desk.move("80")
    stop_left = desk.open_quantities()["id3"]
    assert stop_left == 4 - Decimal("3.000")
    assert desk.open_quantities() == {"id3": Decimal(1), "id4": Decimal(1)}


def test_an_exit_at_market_in_the_group_takes_itself_off_stop_and_target() -> None:
    desk = Desk()
    desk.send(quantity="4")
    desk.send(Side.SELL, "4", stop_price="90", link_group="g")
    desk.send(Side.SELL, "4", limit_price="110", link_group="g")
    change = desk.send(Side.SELL, "1", link_group="g")
    assert change.orders[0].status is OrderStatus.FILLED
    assert desk.open_quantities() == {"id2": Decimal(3), "id3": Decimal(3)}


def test_a_shrunk_order_says_so_in_its_report() -> None:
    desk = Desk()
    desk.send(quantity="2")
    desk.send(Side.SELL, "2", stop_price="90", link_group="g")
    desk.send(Side.SELL, "2", limit_price="110", link_group="g")
    change = desk.move("111")
    assert change is not None
    stop = next(order for order in change.orders if order.client_order_id == "id2")
    report = report_order(stop)
    assert (report.status, report.code, report.open_quantity, report.filled_quantity) == (
        OrderStatus.CANCELED, "LINKED_EXIT_FILLED", Decimal(0), Decimal(0),
    )  # fmt: skip


def test_times_are_kept_in_whole_milliseconds_as_the_store_keeps_them() -> None:
    change = Desk().send()
    assert change.orders[0].updated_at.microsecond == change.fills[0].at.microsecond == 123000


@pytest.mark.parametrize(("fields", "code"), [
    ({"link_group": "g"}, "INVALID_ORDER"), ({"reduce_only": True}, "REDUCE_ONLY_REFUSED"),
    ({"order_type": OrderType.LIMIT}, "INVALID_ORDER"), ({"limit_price": "100.001"}, "INVALID_TICK"),
    ({"quantity": "0.0001"}, "INVALID_LOT"), ({"quantity": "0.01"}, "BELOW_MINIMUM_NOTIONAL"),
    ({"send_before": NOW}, "EXPIRED_BEFORE_ARRIVAL"),
])  # fmt: skip
def test_what_breaks_a_rule_is_refused_and_changes_nothing(fields: dict[str, Any], code: str) -> None:
    assert Desk().refusal(**fields) == code


events = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(8000, 12500)),
        st.tuples(st.just("cancel"), st.integers(1, 30)),
        st.tuples(
            st.just("send"),
            st.sampled_from(list(Side)),
            st.sampled_from(["market", "ioc", "limit", "stop"]),
            st.integers(1, 40_000),
            st.integers(8000, 12500),
            st.sampled_from([None, "g1", "g2"]),
            st.booleans(),
        ),
    ),
    max_size=40,
)


def play(desk: Desk, event: tuple[Any, ...]) -> None:
    if event[0] == "move":
        desk.move(Decimal(event[1]) / 100)
        return
    if event[0] == "cancel":
        desk.cancel(f"id{event[1]}")
        return
    _, side, kind, thousandths, cents, group, again = event
    fields: dict[str, Any] = {"link_group": group if side is Side.SELL else None}
    if kind == "ioc":
        fields["time_in_force"] = TimeInForce.IOC
    if kind in {"limit", "stop"}:
        fields[f"{kind}_price"] = Decimal(cents) / 100
    if again:
        fields["client_order_id"] = "id1"
    try:
        desk.send(side, str(Decimal(thousandths) / 1000), **fields)
    except (PermanentError, DuplicateOrderId):
        return


@settings(max_examples=300, deadline=None)
@given(events=events, split=st.integers(0, 3), depth=st.sampled_from([300, 2500, 25_000]))
def test_whatever_happens_money_is_conserved_and_nothing_is_sold_twice(
    events: list[tuple[Any, ...]], split: int, depth: int
) -> None:
    desk = Desk(rules=PaperRules(depth_notional=Decimal(depth), split_one_in=split))
    for event in events:
        play(desk, event)
        book = desk.book
        spent = sum(
            (
                fill.quantity * fill.price * (1 if fill.side is Side.BUY else -1) + fill.commission
                for fill in desk.fills
            ),
            Decimal(0),
        )
        bought = sum(
            (fill.quantity if fill.side is Side.BUY else -fill.quantity for fill in desk.fills), Decimal(0)
        )
        assert book.cash == 10_000 - spent
        assert book.cash >= 0
        assert book.positions.get(COIN.symbol, Decimal(0)) == bought >= 0
        assert book.locked(COIN.symbol) <= bought
        assert len({fill.venue_fill_id for fill in desk.fills}) == len(desk.fills)
        ids = [order.client_order_id for order in book.open_orders]
        assert len(set(ids)) == len(ids)
        for order in book.open_orders:
            assert 0 < order.open_quantity <= order.quantity
            own = [fill.quantity for fill in desk.fills if fill.venue_order_id == order.venue_order_id]
            assert sum(own, Decimal(0)) == order.filled_quantity < order.quantity
