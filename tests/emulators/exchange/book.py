"""A spot book whose orders bear ids of the venue's making, and the markets that another venue lists."""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tests.emulators.binance.accounts import Account, Ledger, load_account
from tests.emulators.binance.book import Book
from tests.emulators.binance.listings import LISTINGS, Listing
from tests.emulators.binance.orders import Order
from tests.emulators.binance.settings import VenueSettings


def list_markets(
    symbol: Callable[[str, str], str], *, quote: str = "USDT", least: int | None = None
) -> dict[str, Listing]:
    """List the coins that Binance's emulator lists, at the same prices, under symbols made of base and quote.

    `least` is the least an order is worth, in hundred-millionths.
    """
    found = {}
    for row in LISTINGS.values():
        name = symbol(row.base, quote)
        found[name] = replace(row, symbol=name, quote=quote, least=row.least if least is None else least)
    return found


class ExchangeBook(Book):
    """The spot book of a venue; `money` is what accounts for load have."""

    def __init__(self, listings: Mapping[str, Listing], settings: VenueSettings, money: str = "USDT") -> None:
        super().__init__(listings)
        self.settings = settings
        self._money = money
        self._orders: dict[tuple[str, str], Order] = {}

    def account(self, key: str) -> Account | None:
        found = self.accounts.get(key)
        if found is None and (found := load_account(key, self._money)) is not None:
            self.accounts[key] = found
        return found

    def register(self, order: Order) -> None:
        super().register(order)
        for venue_id in self.ids_of(order):
            self._orders[order.key, venue_id] = order

    def ids_of(self, order: Order) -> tuple[str, ...]:
        """Every id that the venue knows an order by."""
        return (uuid_of(order),)

    def find_by_id(self, account: Account, venue_id: str) -> Order | None:
        """Find an order of an account by an id of the venue's."""
        return self._orders.get((account.key, venue_id))


def find_by_name(account: Account, client_order_id: str, symbol: str | None = None) -> Order | None:
    """Find the latest order with a client order id, of one symbol or of any."""
    named = [
        ledger.latest[client_order_id]
        for ledger in _ledgers(account, symbol)
        if client_order_id in ledger.latest
    ]
    return max(named, key=lambda order: order.at, default=None)


def orders_of(account: Account, symbol: str | None = None) -> list[Order]:
    """List all orders of an account, of one symbol or of all, the latest last."""
    return sorted(
        (order for ledger in _ledgers(account, symbol) for order in ledger.orders),
        key=lambda order: (order.at, order.order_id),
    )


def uuid_of(order: Order, part: str = "") -> str:
    """Make an id that looks like chance and is the same in every run; `part` tells several of one order apart."""
    return str(uuid.UUID(bytes=_digest(order, part)))


def hex_of(order: Order, part: str = "", length: int = 24) -> str:
    """Make an id as `uuid_of` does, of so many hexadecimal digits, at most 32."""
    return _digest(order, part).hex()[:length]


def _digest(order: Order, part: str) -> bytes:
    told = f"{order.key}|{order.listing.symbol}|{order.order_id}|{part}"
    return hashlib.blake2b(told.encode(), digest_size=16).digest()


def _ledgers(account: Account, symbol: str | None) -> Iterable[Ledger]:
    if symbol is None:
        return account.ledgers.values()
    return [account.ledgers[symbol]] if symbol in account.ledgers else []
