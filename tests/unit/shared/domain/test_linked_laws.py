"""Laws of cover over any mix of exits: never beyond what is held, and every plan ends in calm."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.cover import CoverPlan, CoverTerms
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.protection import plan_cover
from shared.domain.trades import Target, Trade
from tests.unit.shared.domain.builders import (
    NOW,
    even_targets,
    make_instrument,
    make_open_trade,
    make_order,
    placed,
)

BITCOIN = make_instrument()
LINKED = CoverTerms()
S = OrderStatus
FILLED_ENTRY = make_order("entry", status=S.FILLED, filled_quantity=Decimal(10))
RESTING_ENTRY = make_order("entry", status=S.PARTIALLY_FILLED, filled_quantity=Decimal(4))
TARGETS = even_targets((Decimal(105), Decimal(110)))
EXITS = st.lists(
    st.builds(
        lambda purpose, status, quantity, level, leg, cause: make_order(
            f"{purpose}{leg}{level}{status}{quantity}",
            purpose=purpose,
            status=status,
            quantity=Decimal(quantity),
            filled_quantity=Decimal(quantity) if status is S.FILLED else Decimal(0),
            stop_price=Decimal(level) if purpose is Purpose.STOP else None,
            limit_price=Decimal(level + 12) if purpose is Purpose.TARGET else None,
            cause=cause if purpose is Purpose.EXIT else None,
            leg=leg,
            sent_at=NOW - timedelta(hours=1),
        ),
        st.sampled_from([Purpose.STOP, Purpose.TARGET, Purpose.EXIT]),
        st.sampled_from(OrderStatus),
        st.integers(1, 12),
        st.sampled_from([93, 95, 98]),
        st.integers(0, 2),
        st.sampled_from(["update", "other"]),
    ),
    max_size=6,
    unique_by=lambda order: order.order_id,
)
TRADES = st.builds(
    make_open_trade,
    st.integers(0, 12).map(Decimal),
    stop_price=st.sampled_from([Decimal(95), Decimal(98)]),
    targets=st.sampled_from([(), TARGETS, (Target(Decimal(107), Decimal(1)),)]),
    exit_cause=st.sampled_from([None, "update"]),
    exit_fraction=st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("0.3")]),
    cover_version=st.integers(0, 3),
)
ENTRIES = st.sampled_from([FILLED_ENTRY, RESTING_ENTRY])


def carried_out(trade: Trade, orders: tuple[Order, ...], asked: CoverPlan) -> tuple[Trade, tuple[Order, ...]]:
    """The world after a plan: its orders rest at the venue, its cancels are done."""
    kept = tuple(
        replace(order, status=S.CANCELED) if order.order_id in asked.cancel else order for order in orders
    )
    version = max([trade.cover_version, *(item.cover_version for item in asked.place)])
    return replace(trade, cover_version=version), (*kept, *(placed(item) for item in asked.place))


@given(TRADES, EXITS, ENTRIES)
def test_a_plan_carried_out_leads_to_calm_in_a_few_steps(trade: Trade, exits: list[Order], entry: Order):
    orders: tuple[Order, ...] = (entry, *exits)
    for _ in range(4):
        asked = plan_cover(trade, orders, BITCOIN, NOW, LINKED)
        if asked.is_calm:
            break
        trade, orders = carried_out(trade, orders, asked)
    assert plan_cover(trade, orders, BITCOIN, NOW, LINKED).is_calm


@given(TRADES, EXITS, ENTRIES)
def test_no_plan_adds_stops_and_exits_beyond_the_coverable_part(
    trade: Trade, exits: list[Order], entry: Order
):
    asked = plan_cover(trade, (entry, *exits), BITCOIN, NOW, LINKED)
    live = [o for o in exits if o.status in LIVE]
    leaving = sum(o.remaining for o in live if o.purpose is Purpose.EXIT)
    right = sum(o.remaining for o in live if o.purpose is Purpose.STOP and o.stop_price == trade.stop_price)
    new_exits = sum(item.quantity for item in asked.place if item.purpose is Purpose.EXIT)
    new_stops = sum(item.quantity for item in asked.place if item.purpose is Purpose.STOP)
    assert new_exits <= trade.coverable
    assert new_stops == 0 or right + leaving + new_exits + new_stops <= trade.coverable


@given(TRADES, EXITS, ENTRIES)
def test_no_plan_adds_targets_beyond_the_coverable_part(trade: Trade, exits: list[Order], entry: Order):
    asked = plan_cover(trade, (entry, *exits), BITCOIN, NOW, LINKED)
    kept = sum(
        o.remaining
        for o in exits
        if o.purpose is Purpose.TARGET and o.status in LIVE and o.order_id not in asked.cancel
    )
    new = sum(item.quantity for item in asked.place if item.purpose is Purpose.TARGET)
    assert new == 0 or kept + new <= trade.coverable


@given(TRADES, EXITS, ENTRIES)
def test_everything_placed_is_whole_lots_with_an_id_of_its_own(
    trade: Trade, exits: list[Order], entry: Order
):
    asked = plan_cover(trade, (entry, *exits), BITCOIN, NOW, LINKED)
    assert len({item.intent_id for item in asked.place}) == len(asked.place)
    assert all(item.quantity > 0 and item.quantity % BITCOIN.lot == 0 for item in asked.place)


@given(TRADES, EXITS, ENTRIES)
def test_a_stop_at_the_wanted_price_is_never_cancelled(trade: Trade, exits: list[Order], entry: Order):
    asked = plan_cover(trade, (entry, *exits), BITCOIN, NOW, LINKED)
    gone = [o for o in exits if o.order_id in asked.cancel and o.purpose is Purpose.STOP]
    assert trade.coverable == 0 or all(o.stop_price != trade.stop_price for o in gone)
