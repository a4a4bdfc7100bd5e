"""Accounts: a key with its rights, balances free and locked, and its orders symbol by symbol."""

from collections import defaultdict
from dataclasses import dataclass, field

from tests.emulators.binance.amounts import UNIT
from tests.emulators.binance.orders import CONTINGENT, Fill, Order, Pair

LOAD_BALANCE = 10_000_000 * UNIT


@dataclass(slots=True)
class Ledger:
    """One account's orders and fills on one symbol."""

    orders: list[Order] = field(default_factory=list)
    by_id: dict[int, Order] = field(default_factory=dict)
    latest: dict[str, Order] = field(default_factory=dict)
    open: dict[int, Order] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)

    def record(self, order: Order) -> None:
        """Keep a new order; the latest with a client order id is the one that is found by it."""
        self.orders.append(order)
        self.by_id[order.order_id] = order
        self.latest[order.client_order_id] = order
        self.open[order.order_id] = order

    def find(self, order_id: int | None, client_order_id: str | None) -> Order | None:
        """By order id first, then the client order id must agree; or the latest with a client order id."""
        if order_id is None:
            return self.latest.get(client_order_id or "")
        order = self.by_id.get(order_id)
        if order is not None and client_order_id not in (None, order.client_order_id):
            return None
        return order

    def count_contingent(self) -> int:
        """Open orders that have or had a stop price."""
        return sum(order.terms.type in CONTINGENT for order in self.open.values())


@dataclass(slots=True)
class Account:
    """One key, with a passphrase where the venue wants one; an empty `addresses` lets it in from everywhere."""

    key: str
    secret: bytes
    can_trade: bool = True
    can_withdraw: bool = False
    addresses: frozenset[str] = frozenset()
    free: dict[str, int] = field(default_factory=dict)
    locked: dict[str, int] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=lambda: defaultdict(Ledger))
    pairs: list[Pair] = field(default_factory=list)
    latest_pair: dict[str, Pair] = field(default_factory=dict)
    updated_at: int = 0
    passphrase: str = ""

    def record_pair(self, pair: Pair) -> None:
        """Keep a new pair; the latest with a client id is the one that is found by it."""
        self.pairs.append(pair)
        self.latest_pair[pair.client_id] = pair

    def find_pair(self, list_id: int | None, client_id: str | None) -> Pair | None:
        """By list id first, then the client id must agree; or the latest with a client id."""
        if list_id is None:
            return self.latest_pair.get(client_id or "")
        found = next((pair for pair in reversed(self.pairs) if pair.list_id == list_id), None)
        if found is not None and client_id not in (None, found.client_id):
            return None
        return found

    def lock(self, asset: str, amount: int) -> None:
        """Set an amount aside for an open order."""
        self.free[asset] = self.free.get(asset, 0) - amount
        self.locked[asset] = self.locked.get(asset, 0) + amount

    def credit(self, asset: str, amount: int) -> None:
        """Add to what is free; a negative amount is taken from it."""
        self.free[asset] = self.free.get(asset, 0) + amount


def load_account(key: str, money: str = "USDT") -> Account | None:
    """The account that exists for every `load-<i>` without being created, and what it has of the venue's money."""
    number = key.removeprefix("load-")
    if number == key or not (number.isascii() and number.isdigit()):
        return None
    return Account(key, f"load-secret-{number}".encode(), free={money: LOAD_BALANCE})
