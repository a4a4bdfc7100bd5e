"""An intent becomes an order with everything that it takes from its trade."""

from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.identifiers import client_order_id
from shared.domain.intents import Intent, first_attempt
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderType, Purpose
from shared.domain.signals import Side
from tests.unit.shared.domain.builders import NOW, make_trade


def make_intent(purpose: Purpose) -> Intent:
    return Intent("intent", purpose, 2, OrderType.LIMIT, Decimal(3), limit_price=Decimal(101), cause="said")


@pytest.mark.parametrize("side", Side)
def test_an_entry_goes_with_the_trade_and_is_free_of_its_exits(side: Side):
    order = first_attempt(make_trade(side=side), make_intent(Purpose.ENTRY), NOW, NOW)
    assert order.side is side
    assert not order.reduce_only
    assert order.link_group is None


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("purpose", [Purpose.STOP, Purpose.TARGET, Purpose.EXIT])
def test_everything_else_only_reduces_and_is_linked_with_its_siblings(side: Side, purpose: Purpose):
    order = first_attempt(make_trade(side=side), make_intent(purpose), NOW, NOW)
    assert order.side is side.opposite
    assert order.reduce_only
    assert order.link_group == "trade"


def test_the_first_attempt_is_unsent_and_carries_trade_and_intent():
    due = NOW + timedelta(seconds=5)
    order = first_attempt(make_trade(), make_intent(Purpose.EXIT), NOW, due)
    assert (order.order_id, order.attempt) == (client_order_id("intent", 1), 1)
    assert (order.status, order.version, order.sent_at) == (OrderStatus.INITIALIZED, 0, None)
    assert (order.created_at, order.next_check_at) == (NOW, due)
    assert (order.trade_id, order.account_id, order.symbol) == ("trade", "account", make_trade().symbol)
    assert (order.leg, order.quantity, order.limit_price, order.cause) == (2, 3, 101, "said")
