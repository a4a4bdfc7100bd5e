"""A venue as a few rules over orders, for state machines: fills are facts, and what rests holds its quantity.

Under reduce-only terms nothing holds: the venue sells no more than the position, and ends what is left when it is gone.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count

from shared.domain.cover import CoverStyle, CoverTerms
from shared.domain.fills import Fill
from shared.domain.instruments import Instrument
from shared.domain.intents import first_attempt
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.protection import plan_cover
from shared.domain.trade_state import Seen, standing_of
from shared.domain.trades import Trade
from tests.unit.shared.domain.builders import NOW, make_fill

S = OrderStatus


@dataclass
class ModelVenue:
    """One trade at a venue; `orders` and `fills` are what a reconciler would know."""

    trade: Trade
    instrument: Instrument
    terms: CoverTerms
    orders: dict[str, Order]
    fills: list[Fill] = field(default_factory=list)
    refuse_next: str | None = None
    lose_cancels: bool = False
    numbers: "count[int]" = field(default_factory=count)

    @property
    def position(self) -> Decimal:
        """What the venue's own fills add up to."""
        return sum((f.quantity if f.is_entry else -f.quantity for f in self.fills), Decimal(0))

    @property
    def held(self) -> Decimal:
        """What resting sells hold; a pair holds once."""
        if self.is_shared:
            return Decimal(0)
        resting = [o for o in self.orders.values() if o.purpose is not Purpose.ENTRY and o.status in LIVE]
        by_pair: dict[str, Decimal] = {}
        for order in resting:
            name = order.pair_id or order.order_id
            by_pair[name] = max(by_pair.get(name, Decimal(0)), order.remaining)
        return sum(by_pair.values(), Decimal(0))

    @property
    def is_shared(self) -> bool:
        """Tell whether exits share the position."""
        return self.terms.style is CoverStyle.REDUCE_ONLY

    def fill(self, order: Order, quantity: Decimal, price: Decimal) -> None:
        """Execute a part of an order; a fill of one of a pair takes the other away."""
        is_entry = order.purpose is Purpose.ENTRY
        self.fills.append(
            make_fill(
                f"fill{next(self.numbers)}",
                order_id=order.order_id,
                quantity=quantity,
                price=price,
                side=order.side,
                is_entry=is_entry,
            )
        )
        filled = order.filled_quantity + quantity
        status = S.FILLED if filled == order.quantity else S.PARTIALLY_FILLED
        self.orders[order.order_id] = replace(order, status=status, filled_quantity=filled)
        for other in list(self.orders.values()):
            is_partner = other.pair_id == order.pair_id and other.order_id != order.order_id
            if order.pair_id and is_partner and other.status in LIVE:
                self.orders[other.order_id] = replace(other, status=S.EXPIRED)
        if self.is_shared and self.position == 0:
            for other in list(self.orders.values()):
                if other.purpose is not Purpose.ENTRY and other.status in LIVE:
                    self.orders[other.order_id] = replace(other, status=S.EXPIRED)

    def settle(self) -> None:
        """Let the trade follow its orders and fills."""
        seen = Seen(self.trade, tuple(self.orders.values()), tuple(self.fills), self.instrument, self.terms)
        changes = standing_of(seen, NOW).changes
        self.trade = replace(self.trade, version=self.trade.version + bool(changes), **changes)

    def protect(self) -> bool:
        """Carry one plan out; False where there was nothing to do."""
        self.settle()
        plan = plan_cover(self.trade, tuple(self.orders.values()), self.instrument, NOW, self.terms)
        refused, self.refuse_next = self.refuse_next, None
        for intent in plan.place:
            order = first_attempt(self.trade, intent, NOW, NOW)
            if order.order_id in self.orders:
                continue
            self._place(order, refused)
        top = max((i.cover_version for i in plan.place), default=0)
        self.trade = replace(self.trade, cover_version=max(self.trade.cover_version, top))
        for order_id in plan.cancel:
            order = self.orders[order_id]
            if order.status in LIVE and not self.lose_cancels:
                self.orders[order_id] = replace(order, status=S.CANCELED)
        self.settle()
        return not plan.is_calm

    def _place(self, order: Order, refused: str | None) -> None:
        if refused is not None:
            self.orders[order.order_id] = replace(order, status=S.REJECTED, code=refused)
            return
        if order.replaces is not None:
            gone = self.orders[order.replaces]
            self.orders[order.replaces] = replace(gone, status=S.CANCELED)
        partner = [o for o in self.orders.values() if order.pair_id and o.pair_id == order.pair_id]
        free = self.position - self.held + sum((o.remaining for o in partner if o.status in LIVE), Decimal(0))
        assert order.quantity <= free, f"{order.purpose} of {order.quantity} where {free} is free"
        self.orders[order.order_id] = replace(order, status=S.ACCEPTED)
        if order.purpose is Purpose.EXIT:
            self.fill(self.orders[order.order_id], order.quantity, Decimal(100))
