"""What happened at the venue by its own log: what each order became, and how long a holding lay without a stop."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from tests.faults.records import Row
from tests.faults.rigs import Rig

ZERO = Decimal(0)
_GONE = frozenset({"canceled", "expired", "rejected"})
_STOPS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "STOP_MARKET", "stop", "stop_limit"})


@dataclass
class VenueOrder:
    """All that was accepted under one client order id of one account."""

    side: str
    is_stop: bool
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    executed: Decimal = ZERO
    spent: Decimal = ZERO
    accepted_at: list[datetime] = field(default_factory=list)
    is_open: bool = True

    @property
    def committed(self) -> Decimal:
        """Return what it has bought for, and what it may still buy for while it rests."""
        return self.spent + ((self.quantity - self.executed) * self.price if self.is_open else ZERO)


@dataclass
class Holding:
    """One coin of one account; `bare_since` is when the venue began to hold what no stop covers."""

    amount: Decimal = ZERO
    price: Decimal = ZERO
    stops: dict[str, Decimal] = field(default_factory=dict)
    bare_since: datetime | None = None
    bare_seconds: float = 0.0


class VenueStory:
    """The log's lines, told once from the first to the last."""

    def __init__(self, lines: Iterable[Row], rig: Rig) -> None:
        self._rig = rig
        self.orders: dict[tuple[str, str], VenueOrder] = {}
        self.holdings: dict[tuple[str, str], Holding] = defaultdict(Holding)
        for line in lines:
            self._tell(line)

    def bare(self) -> dict[tuple[str, str], Decimal]:
        """Return what lies without a stop after the last line, by (account, symbol)."""
        return {place: bare for place, held in self.holdings.items() if (bare := self._bare(held))}

    def _tell(self, line: Row) -> None:
        at = datetime.fromisoformat(line["at"])
        touched = {(line["key"], _symbol(order)) for order in line.get("accepted", ())}
        for order in line.get("accepted", ()):
            self._accept(line["key"], order, at)
        for fill in line.get("fills", ()):
            touched.add((fill["key"], _symbol(fill)))
            self._fill(fill)
        for change in line.get("changes", ()):
            touched.add((change["key"], _symbol(change)))
            if change["event"] in _GONE:
                self._end(change["key"], _symbol(change), change["client_order_id"])
        for place in touched:
            self._watch(self.holdings[place], at)

    def _accept(self, key: str, order: Row, at: datetime) -> None:
        is_stop = order["side"] == "SELL" and order["type"] in _STOPS
        known = self.orders.setdefault(
            (key, order["client_order_id"]), VenueOrder(order["side"].upper(), is_stop)
        )
        known.quantity += Decimal(order["quantity"])
        known.price = Decimal(order.get("price", 0))
        known.accepted_at.append(at)
        if is_stop:
            self.holdings[key, _symbol(order)].stops[order["client_order_id"]] = Decimal(order["quantity"])

    def _fill(self, fill: Row) -> None:
        order = self.orders[fill["key"], fill["client_order_id"]]
        quantity, price = Decimal(fill["quantity"]), Decimal(fill["price"])
        order.executed += quantity
        order.spent += quantity * price
        held = self.holdings[fill["key"], _symbol(fill)]
        held.price = price
        if fill["side"] == "BUY":
            in_base = fill["symbol"].startswith(fill["fee_asset"])
            held.amount += quantity - (Decimal(fill["fee"]) if in_base else ZERO)
            return
        held.amount -= quantity
        if fill["client_order_id"] in held.stops:
            held.stops[fill["client_order_id"]] -= quantity

    def _end(self, key: str, symbol: str, client_order_id: str) -> None:
        self.holdings[key, symbol].stops.pop(client_order_id, None)
        order = self.orders.get((key, client_order_id))
        if order is not None:
            order.is_open = False

    def _bare(self, held: Holding) -> Decimal:
        """Return what could lie under a stop and does not: whole steps, worth the venue's minimum."""
        if not self._rig.rests:
            return ZERO
        step = self._rig.lot
        bare = held.amount - sum(held.stops.values(), ZERO)
        whole = (bare / step).to_integral_value(rounding=ROUND_DOWN) * step
        return whole if whole * held.price >= self._rig.least else ZERO

    def _watch(self, held: Holding, at: datetime) -> None:
        if self._bare(held):
            held.bare_since = held.bare_since or at
        elif held.bare_since is not None:
            held.bare_seconds = max(held.bare_seconds, (at - held.bare_since).total_seconds())
            held.bare_since = None


def _symbol(entry: Row) -> str:
    """Return a symbol in the one form that our ledger's rows and the venues' lines share."""
    return str(entry["symbol"]).replace("/", "").replace("-", "")
