"""Each way in which Binance fails a write, on the entry and on its cover: judged by the venue's own log.

Doubled: the venue took more of an order than its quantity. Lost: no end with a reason, or fills that the ledger does
not have. Naked: something coverable without a resting stop once everything has come to rest. A trial counts only if
the venue says that its fault struck.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.order_status import TERMINAL, OrderStatus
from shared.domain.trades import TradeStatus
from shared.models.messages import InboxMessage
from tests.integration.worker.binance.conftest import Desk
from tests.integration.worker.binance.rest import come_to_rest

TRIALS = 3

ENTRY = {"method": "POST", "path": "/api/v3/order", "params": {"side": "BUY"}}
COVER = {"method": "POST", "path": "/api/v3/orderList/oco"}
KINDS: dict[str, dict[str, Any]] = {
    "drop_before": {},
    "garbage_before": {},
    "server_error": {},
    "rate_limit": {"seconds": 0},
    "accept_then_500": {},
    "accept_then_504": {},
    "accept_then_drop": {},
    "garbage": {},
    "truncated": {},
    "cut_off": {},
    "fill_before_ack": {},
    "late_accept": {"seconds": 0.4, "answer": "504"},
    "lookup_lag": {"seconds": 2},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("where", [ENTRY, COVER], ids=["entry", "cover"])
def test_no_failure_of_a_write_doubles_loses_or_bares(desk: Desk, where: dict[str, Any], kind: str) -> None:
    provider = desk.driver.add_provider()
    keys = [desk.add_follower(provider)[1] for _ in range(TRIALS)]
    for key in keys:
        desk.venue.add_fault(kind, key=key, times=1, **where, **KINDS[kind])
    price = desk.driver.context.fresh_quotes("binance", "sandbox", ["BTC/USDT"])["BTC/USDT"].ask
    message = desk.driver.say(f"LONG BTC/USDT now\nSL {price * 95 / 100:.2f}\nTP {price * 110 / 100:.2f}")
    come_to_rest(desk)
    struck = [fault["struck"] for fault in desk.venue.faults()]
    assert struck == [1] * TRIALS, f"{kind} struck {struck}"
    assert complaints(desk, message, keys) == []


def complaints(desk: Desk, message: InboxMessage, keys: list[str]) -> list[str]:
    """Hold what the venue's log says against what we say."""
    found = [f"{name} was accepted twice" for name in desk.venue.summary()["doubles"]]
    made = desk.driver.orders(message)
    ours = {order.order_id: order for order in made}
    found += [
        f"{o.purpose} is {o.status} without a reason"
        for o in made
        if o.status in TERMINAL - {OrderStatus.FILLED} and not o.code
    ]
    bought: dict[str, Decimal] = defaultdict(Decimal)
    for key in keys:
        for theirs in desk.venue.orders(key):
            order = ours.get(theirs["clientOrderId"])
            if order is None:
                found.append(f"nobody asked for {theirs['clientOrderId']}")
                continue
            executed = Decimal(theirs["executedQty"])
            if executed > order.quantity or executed != order.filled_quantity:
                found.append(f"{order.purpose}: the venue filled {executed}, we say {order.filled_quantity}")
            bought[order.trade_id] += executed if theirs["side"] == "BUY" else -executed
    for trade in desk.driver.trades(message):
        if trade.entered - trade.exited != bought[trade.trade_id]:
            found.append(f"the venue holds {bought[trade.trade_id]}, we say {trade.entered - trade.exited}")
        if trade.status is TradeStatus.OPEN and trade.resting != trade.coverable:
            found.append(f"{trade.coverable - trade.resting} of {trade.coverable} is naked")
    return found
