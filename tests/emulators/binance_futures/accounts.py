"""Accounts of futures: one wallet in USDT, a position and its terms for each contract, and the books.

A wallet is what was paid in, plus what was realized, plus funding, less fees: to the last digit, because every part of
a position takes its share of the cost along and the last one takes the rest.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from tests.emulators.binance.accounts import LOAD_BALANCE, Account
from tests.emulators.binance.amounts import UNIT, value_of
from tests.emulators.binance_futures.brackets import USUAL_LEVERAGE
from tests.emulators.binance_futures.orders import Algo, Income

MONEY = "USDT"
KINDS = ("TRANSFER", "REALIZED_PNL", "COMMISSION", "FUNDING_FEE")


@dataclass(slots=True)
class Position:
    """One contract of one account: `quantity` is below zero where it is short, `cost` never is.

    `margin` is what is set aside for it alone, where it is isolated.
    """

    quantity: int = 0
    cost: int = 0
    margin: int = 0
    leverage: int = USUAL_LEVERAGE
    is_isolated: bool = False
    updated_at: int = 0

    @property
    def size(self) -> int:
        return abs(self.quantity)

    @property
    def entry_price(self) -> int:
        """The average; exact as long as all parts cost the same."""
        return self.cost * UNIT // self.size if self.quantity else 0

    def profit_at(self, price: int) -> int:
        """What closing at a price would realize."""
        worth = value_of(self.size, price)
        return worth - self.cost if self.quantity > 0 else self.cost - worth

    def liquidation_price(self, margin: int, maintenance: int) -> int:
        """Where the margin left is just what must be maintained; 0 where no price is."""
        if not self.quantity:
            return 0
        if self.quantity > 0:
            return max((self.cost - margin) * UNIT * UNIT // (self.size * (UNIT - maintenance)), 0)
        return (self.cost + margin) * UNIT * UNIT // (self.size * (UNIT + maintenance))


@dataclass(slots=True)
class FuturesAccount(Account):
    """One key with its wallet, which is `free` of USDT for whoever looks at the neutral part."""

    is_hedged: bool = False
    shares_assets: bool = False
    positions: dict[str, Position] = field(default_factory=lambda: defaultdict(Position))
    algos: dict[int, Algo] = field(default_factory=dict)
    latest_algo: dict[str, Algo] = field(default_factory=dict)
    open_algos: dict[int, Algo] = field(default_factory=dict)
    incomes: list[Income] = field(default_factory=list)

    @property
    def wallet(self) -> int:
        return self.free.get(MONEY, 0)

    def book(self, income: Income) -> None:
        """Move money, and write it down."""
        self.incomes.append(income)
        self.free[MONEY] = self.wallet + income.amount
        self.updated_at = income.at

    def books(self) -> dict[str, int]:
        """What moved the wallet, kind by kind."""
        sums = dict.fromkeys(KINDS, 0)
        for income in self.incomes:
            sums[income.kind] += income.amount
        return sums

    def record_algo(self, algo: Algo) -> None:
        """Keep a new waiting order; the latest with a client id is the one that is found by it."""
        self.algos[algo.order_id] = algo
        self.latest_algo[algo.client_order_id] = algo
        self.open_algos[algo.order_id] = algo

    def find_algo(self, algo_id: int | None, name: str | None) -> Algo | None:
        """By id, or the latest with a client id."""
        return self.latest_algo.get(name or "") if algo_id is None else self.algos.get(algo_id)


def load_account(key: str) -> FuturesAccount | None:
    """The account that exists for every `load-<i>` without being created."""
    number = key.removeprefix("load-")
    if number == key or not (number.isascii() and number.isdigit()):
        return None
    account = FuturesAccount(key, f"load-secret-{number}".encode())
    account.book(Income(0, "TRANSFER", "", LOAD_BALANCE, 0))
    return account
