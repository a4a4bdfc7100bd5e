"""Everything the venue knows: markets, accounts, orders. Rules live beside it, in `matching` and `engine`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.emulators.binance.accounts import Account, Ledger, load_account
from tests.emulators.binance.journal import Journal
from tests.emulators.binance.listings import LISTINGS, Listing
from tests.emulators.binance.orders import Order
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance.settings import VenueSettings


@dataclass(slots=True)
class Market:
    """One symbol: its last price, whether it trades, and what rests on it. Order ids count per symbol."""

    listing: Listing
    price: int
    status: str = "TRADING"
    last_order_id: int = 0
    last_trade_id: int = 0
    open: dict[int, Order] = field(default_factory=dict)

    @property
    def bid(self) -> int:
        return self.price - self.listing.tick

    @property
    def ask(self) -> int:
        return self.price + self.listing.tick


@dataclass(slots=True)
class Script:
    """The next execution that matches fills only a fraction."""

    fraction: int
    symbol: str | None
    client_order_id: str | None

    def fits(self, order: Order) -> bool:
        return self.symbol in (None, order.listing.symbol) and self.client_order_id in (
            None,
            order.client_order_id,
        )


class Book:
    """The venue's state; the same commands in the same order make the same book."""

    def __init__(self, listings: Mapping[str, Listing] = LISTINGS) -> None:
        self.settings = VenueSettings()
        self.markets = {name: Market(listing, listing.price) for name, listing in listings.items()}
        self.symbols = {f"{listing.base}/{listing.quote}": name for name, listing in listings.items()}
        self.accounts: dict[str, Account] = {}
        self.last_list_id = -1
        self.scripts: list[Script] = []
        self.journal = Journal()
        self.walks = 0

    def market(self, symbol: str) -> Market:
        """A listed symbol, or the refusal of one that is not."""
        found = self.markets.get(symbol)
        if found is None:
            raise Refusal(-1121, "Invalid symbol.")
        return found

    def account(self, key: str) -> Account | None:
        """The account of a key; those for load appear when they are first asked for."""
        found = self.accounts.get(key)
        if found is None and (found := load_account(key)) is not None:
            self.accounts[key] = found
        return found

    def ledger_of(self, order: Order) -> Ledger:
        return self.accounts[order.key].ledgers[order.listing.symbol]

    def register(self, order: Order) -> None:
        """Take an accepted order in."""
        self.ledger_of(order).record(order)
        self.markets[order.listing.symbol].open[order.order_id] = order
        self.journal.accepted.append(order)

    def release(self, order: Order, amount: int) -> None:
        """Give back a part of what an order has locked."""
        order.locked -= amount
        self.accounts[order.key].lock(order.locked_asset, -amount)

    def close(self, order: Order, status: str, at: int) -> None:
        """End an order and give back what it still has locked."""
        order.status, order.updated_at = status, at
        if order.locked:
            self.release(order, order.locked)
        del self.ledger_of(order).open[order.order_id]
        del self.markets[order.listing.symbol].open[order.order_id]
        if status != "FILLED":
            self.journal.note_change(status.lower(), order)
