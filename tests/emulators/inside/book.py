"""An inside venue's book: one price, one-way positions, exits that only reduce or hold, and terms that tests decide."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from shared.brokers.margin import FundingReport, MarginTerms, PositionReport
from shared.domain.errors import PermanentError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderReport, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side

SYMBOL = "BTC/USDT"
FEE = Decimal("0.0005")
LIVE = {OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED}


@dataclass
class Row:
    """One order as the venue keeps it."""

    request: OrderRequest
    venue_order_id: str
    status: OrderStatus
    at: datetime
    fills: list[FillReport] = field(default_factory=list)


@dataclass
class InsideBook:
    """One account at the venue; tests set what goes wrong and read what reached it. `holds`: a resting sell holds."""

    holds: bool = False
    price: Decimal = Decimal(100)
    wallet: Decimal = Decimal(10_000)
    leverage: int = 20
    is_isolated: bool = False
    is_hedged: bool = False
    keeps_leverage: bool = False
    refuses_terms: TradeError | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    funding: list[FundingReport] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def position(self) -> Decimal:
        """What is held; negative is short."""
        return sum((_signed(fill) for row in self.rows.values() for fill in row.fills), Decimal(0))

    @property
    def held(self) -> Decimal:
        """What resting sells hold, where they hold at all."""
        resting = (r.request for r in self.rows.values() if r.status in LIVE and r.request.side is Side.SELL)
        return sum((request.quantity for request in resting), Decimal(0))

    def set_terms(self, symbol: str, leverage: int) -> MarginTerms:
        """Put terms in force, unless the test says otherwise, and tell what is."""
        self.asked.append((symbol, leverage))
        if self.refuses_terms is not None:
            raise self.refuses_terms
        self.is_isolated = True
        if not self.keeps_leverage:
            self.leverage = leverage
        return self.terms(symbol)

    def terms(self, symbol: str) -> MarginTerms:
        """Tell the terms in force."""
        return MarginTerms(symbol, self.leverage, self.is_isolated, self.is_hedged, 50, Decimal("0.005"))

    def place(self, request: OrderRequest) -> OrderReport:
        """Take an order: at market it is filled at once, anything else rests."""
        if self.holds and request.side is Side.SELL and request.quantity > self.position - self.held:
            raise PermanentError("INSUFFICIENT_FUNDS", f"{self.position - self.held} is free")
        row = Row(request, str(next(self.numbers)), OrderStatus.ACCEPTED, datetime.now(UTC))
        self.rows[request.client_order_id] = row
        if request.order_type is OrderType.MARKET:
            self._fill(row)
        return self.report(row)

    def move(self, price: str, *, jumps: bool = False) -> None:
        """Move the price; stops and limits that it reaches are filled there, unless it jumps over their limits."""
        self.price = Decimal(price)
        if jumps:
            return
        for row in list(self.rows.values()):
            if row.status in LIVE and _is_reached(row.request, self.price):
                self._fill(row)

    def take_away(self) -> None:
        """Liquidate: the position goes by an order that is nobody's."""
        side = Side.SELL if self.position > 0 else Side.BUY
        request = OrderRequest(
            "autoclose", SYMBOL, side, OrderType.MARKET, TimeInForce.GTC, abs(self.position)
        )
        row = Row(request, str(next(self.numbers)), OrderStatus.ACCEPTED, datetime.now(UTC))
        self.rows["autoclose"] = row
        self._fill(row)

    def pay_funding(self, amount: str) -> None:
        """Pay or take funding now."""
        name = f"funding-{next(self.numbers)}"
        self.funding.append(FundingReport(name, SYMBOL, Decimal(amount), "USDT", datetime.now(UTC)))

    def positions(self) -> list[PositionReport]:
        """List what is held."""
        held = self.position
        if not held:
            return []
        side = Side.BUY if held > 0 else Side.SELL
        terms = (self.leverage, self.is_isolated, datetime.now(UTC))
        return [PositionReport(SYMBOL, side, abs(held), self.price, None, *terms)]

    def report(self, row: Row) -> OrderReport:
        """Tell how an order stands."""
        filled = sum((fill.quantity for fill in row.fills), Decimal(0))
        return OrderReport(
            client_order_id=row.request.client_order_id,
            venue_order_id=row.venue_order_id,
            symbol=row.request.symbol,
            status=row.status,
            filled_quantity=filled,
            average_fill_price=row.fills[0].price if row.fills else None,
            at=datetime.now(UTC),
            accepted_at=row.at,
            fills=tuple(row.fills),
            open_quantity=row.request.quantity - filled if row.status in LIVE else Decimal(0),
        )

    def _fill(self, row: Row) -> None:
        request = row.request
        quantity = min(request.quantity, abs(self.position)) if request.reduce_only else request.quantity
        if quantity:
            names = (f"fill-{next(self.numbers)}", row.venue_order_id, request.client_order_id)
            fee = quantity * self.price * FEE
            terms = (request.symbol, request.side, quantity, self.price, fee, "USDT", datetime.now(UTC))
            row.fills.append(FillReport(*names, *terms))
        row.status = OrderStatus.FILLED if quantity == request.quantity else OrderStatus.EXPIRED
        if not self.position:
            for other in self.rows.values():
                if other.request.reduce_only and other.status in LIVE:
                    other.status = OrderStatus.EXPIRED


def _signed(fill: FillReport) -> Decimal:
    return fill.quantity if fill.side is Side.BUY else -fill.quantity


def _is_reached(request: OrderRequest, price: Decimal) -> bool:
    if request.stop_price is not None:
        return price <= request.stop_price if request.side is Side.SELL else price >= request.stop_price
    if request.limit_price is not None:
        return price >= request.limit_price if request.side is Side.SELL else price <= request.limit_price
    return False
