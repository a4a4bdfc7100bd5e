"""What the venue keeps of orders, their fills and their pairs."""

from dataclasses import dataclass, field

from tests.emulators.binance.listings import Listing

CONTINGENT = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
STOPS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT"})
AT_MARKET = frozenset({"MARKET", "STOP_LOSS", "TAKE_PROFIT"})
NOT_WORKING = -1


@dataclass(slots=True)
class Terms:
    """What an order asks for, read from a request and not yet judged. Absent numbers are 0."""

    side: str
    type: str
    time_in_force: str = "GTC"
    quantity: int = 0
    quote_quantity: int = 0
    price: int = 0
    stop_price: int = 0
    client_order_id: str = ""

    @property
    def buys(self) -> bool:
        return self.side == "BUY"


@dataclass(slots=True, eq=False)
class Fill:
    """One execution. Trade ids are numbered per symbol, so they collide between symbols."""

    trade_id: int
    order: "Order"
    price: int
    quantity: int
    quote: int
    fee: int
    fee_asset: str
    at: int
    is_maker: bool


@dataclass(slots=True, eq=False)
class Order:
    """One order; `locked` is what it keeps from the account's free balance, `fraction` scripts its first fill."""

    order_id: int
    key: str
    listing: Listing
    terms: Terms
    at: int
    updated_at: int
    client_order_id: str
    quantity: int
    status: str = "NEW"
    executed: int = 0
    spent: int = 0
    locked: int = 0
    working_at: int = NOT_WORKING
    fraction: int | None = None
    pair: "Pair | None" = None
    fills: list[Fill] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.status in {"NEW", "PARTIALLY_FILLED"}

    @property
    def buys(self) -> bool:
        return self.terms.side == "BUY"

    @property
    def left(self) -> int:
        return self.quantity - self.executed

    @property
    def waits_for_its_stop(self) -> bool:
        return self.working_at == NOT_WORKING

    @property
    def lock_price(self) -> int:
        """At which price a resting buy locks its money."""
        return self.terms.price or self.terms.stop_price

    @property
    def locked_asset(self) -> str:
        return self.listing.quote if self.buys else self.listing.base


@dataclass(slots=True, eq=False)
class Pair:
    """Two orders of which one cancels the other; both share one lock until one of them is touched."""

    list_id: int
    key: str
    client_id: str
    listing: Listing
    at: int
    orders: tuple[Order, ...] = ()
    locked: int = 0

    @property
    def is_open(self) -> bool:
        return any(order.is_open for order in self.orders)
