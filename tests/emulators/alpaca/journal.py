"""What one command did, in the words that every emulated venue's log has: orders accepted, fills, and changes."""

from typing import Any

from tests.emulators.alpaca.orders import AlpacaOrder

Entry = dict[str, Any]
_ENDS = frozenset({"canceled", "expired"})


class Journal:
    """Filled by the book while it works, emptied into the log line of what set it off."""

    def __init__(self) -> None:
        self._noted: Entry = {}

    def note_accepted(self, order: AlpacaOrder) -> None:
        """An order was taken."""
        said = {
            **_named(order),
            "side": order.body["side"].upper(),
            "type": order.body["type"],
            "quantity": str(order.quantity),
        }
        prices = {name: order.body[name] for name in ("limit_price", "stop_price") if order.body.get(name)}
        self._note("accepted", {**said, "price": prices.get("limit_price", "0"), **prices})

    def note_fill(self, order: AlpacaOrder, fill: Entry, fee: str) -> None:
        """An execution; a coin's fee is taken from what is received."""
        asset = order.asset.symbol.partition("/")[0] if order.buys else "USD"
        shown = {"trade_id": fill["id"], "side": order.body["side"].upper(), "quantity": fill["qty"]}
        self._note(
            "fills", {**_named(order), **shown, "price": fill["price"], "fee": fee, "fee_asset": asset}
        )

    def note_end(self, order: AlpacaOrder) -> None:
        """An order was cancelled or has expired."""
        assert order.status in _ENDS
        self._note(
            "changes", {"event": order.status, **_named(order), "executed": f"{order.executed.normalize():f}"}
        )

    def take(self) -> Entry:
        """Hand over what was noted since the last time, without what is empty."""
        noted, self._noted = self._noted, {}
        return noted

    def _note(self, what: str, entry: Entry) -> None:
        self._noted.setdefault(what, []).append(entry)


def _named(order: AlpacaOrder) -> Entry:
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "symbol": order.asset.symbol,
        "key": order.key,
    }
