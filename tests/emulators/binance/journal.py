"""What one command did, in words for the log: orders accepted, fills, and changes that nobody asked for."""

from typing import Any

from tests.emulators.binance.amounts import write_amount
from tests.emulators.binance.orders import Fill, Order

Entry = dict[str, Any]


class Journal:
    """Filled by the engine while it works, emptied into the log line of what set it off."""

    def __init__(self) -> None:
        self.accepted: list[Order] = []
        self.fills: list[Fill] = []
        self.first_fills: list[Fill] = []
        self.changes: list[Entry] = []

    def note_fill(self, fill: Fill, *, is_first: bool) -> None:
        """An execution; the first of an order gives back room under the limit of unfilled orders."""
        self.fills.append(fill)
        if is_first:
            self.first_fills.append(fill)

    def note_change(self, what: str, order: Order) -> None:
        """An order was canceled, expired, triggered or amended."""
        self.changes.append({"event": what, **_named(order), "executed": write_amount(order.executed)})

    def entries(self) -> Entry:
        """Everything noted, without what is empty."""
        noted: Entry = {}
        if self.accepted:
            noted["accepted"] = [_accepted(order) for order in self.accepted]
        if self.fills:
            noted["fills"] = [_filled(fill) for fill in self.fills]
        if self.changes:
            noted["changes"] = self.changes
        return noted


def _named(order: Order) -> Entry:
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "symbol": order.listing.symbol,
        "key": order.key,
    }


def _accepted(order: Order) -> Entry:
    terms = order.terms
    said: Entry = {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "symbol": order.listing.symbol,
        "side": terms.side,
        "type": terms.type,
        "quantity": write_amount(order.quantity),
        "status": order.status,
    }
    if terms.price:
        said["price"] = write_amount(terms.price)
    if terms.stop_price:
        said["stop_price"] = write_amount(terms.stop_price)
    if order.pair is not None:
        said |= {"order_list_id": order.pair.list_id, "list_client_order_id": order.pair.client_id}
    return said


def _filled(fill: Fill) -> Entry:
    return {
        "trade_id": fill.trade_id,
        **_named(fill.order),
        "side": fill.order.terms.side,
        "quantity": write_amount(fill.quantity),
        "price": write_amount(fill.price),
        "fee": write_amount(fill.fee),
        "fee_asset": fill.fee_asset,
    }
