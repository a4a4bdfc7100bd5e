"""The emulated Alpaca's log: one JSON line per request, written before its answer; it is also what a restart replays."""

from collections import Counter

from tests.emulators.alpaca.book import AlpacaBook
from tests.emulators.venue.log import Line, VenueLog


class AlpacaLog(VenueLog):
    """The same file as the other emulated venue's, counted by Alpaca's own path."""

    def play(self, book: AlpacaBook) -> None:
        """Play every accepted command again; what it notes on the way is in the log already."""
        for line in self.lines():
            if line.get("command") and line["outcome"] == "OK":
                book.apply(line["command"])
                book.journal.take()

    def summary(self) -> Line:
        """Count submits and accepted orders by client order id."""
        reached: Counter[str] = Counter()
        accepted: Counter[str] = Counter()
        for line in self.lines():
            if (line["method"], line["path"]) == ("POST", "/v2/orders"):
                body = line["body"] if isinstance(line["body"], dict) else {}
                name = f"{line['key']}:{body.get('client_order_id')}"
                reached[name] += not line.get("late")
                accepted[name] += line["outcome"] == "OK"
        return {"submits_by_client_id": dict(reached), "orders_by_client_id": dict(+accepted)}
