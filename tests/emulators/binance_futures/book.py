"""Everything the market knows; ids of orders, of waiting orders, and of lines in the books count apart."""

from dataclasses import dataclass

from tests.emulators.binance.book import Book, Market
from tests.emulators.binance.orders import Order
from tests.emulators.binance.settings import MODES, VenueSettings
from tests.emulators.binance_futures.accounts import FuturesAccount, load_account
from tests.emulators.binance_futures.brackets import Bracket, bracket_of
from tests.emulators.binance_futures.orders import Algo, FuturesOrder, Income

MODES["triggered_ids"] = ("same", "own")
FIRST_ALGO = 1_000_000_000_000


@dataclass(frozen=True, slots=True)
class FuturesSettings(VenueSettings):
    """How the market behaves.

    `triggered_ids`: whether an order that a waiting one becomes has the `same` client id or its `own`.
    `stuck_triggers`: a waiting order that is reached becomes nothing. `keeps_leverage`: a change is accepted and forgotten. `order_limit` is in ten seconds,
    `day_order_limit` in a minute.
    """

    fee_rate: str = "0.0005"
    weight_limit: int = 2400
    order_limit: int = 300
    day_order_limit: int = 1200
    triggered_ids: str = "same"
    stuck_triggers: bool = False
    keeps_leverage: bool = False


class FuturesBook(Book):
    """The market's state; the same commands in the same order make the same book."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = FuturesSettings()
        self.last_order_id = 0
        self.last_algo_id = FIRST_ALGO
        self.last_income = 0
        self.waiting: dict[str, dict[int, Algo]] = {name: {} for name in self.markets}

    def account(self, key: str) -> FuturesAccount | None:
        found = self.accounts.get(key)
        if found is None and (found := load_account(key)) is not None:
            self.accounts[key] = found
        return found

    def bracket(self, market: Market) -> Bracket:
        return bracket_of(market.listing.base)

    def move_money(self, account: FuturesAccount, kind: str, symbol: str, amount: int, at: int) -> None:
        """Write a line in an account's books; nothing is no line."""
        if amount:
            self.last_income += 1
            account.book(Income(self.last_income, kind, symbol, amount, at))

    def take_in(self, order: FuturesOrder, *, is_asked_for: bool = True) -> None:
        """Take an order in; only what somebody has asked for counts as accepted."""
        self.ledger_of(order).record(order)
        self.markets[order.listing.symbol].open[order.order_id] = order
        if is_asked_for:
            self.journal.accepted.append(order)

    def let_wait(self, algo: Algo) -> None:
        """Take an order in that waits for a price."""
        self.accounts[algo.key].record_algo(algo)
        self.waiting[algo.listing.symbol][algo.order_id] = algo
        self.journal.accepted.append(algo)

    def end_wait(self, algo: Algo, status: str, at: int) -> None:
        """An order waits no more."""
        algo.status, algo.updated_at = status, at
        self.accounts[algo.key].open_algos.pop(algo.order_id, None)
        self.waiting[algo.listing.symbol].pop(algo.order_id, None)
        self.journal.note_change(status.lower(), algo)

    def expire_reducing(self, account: FuturesAccount, symbol: str, at: int) -> None:
        """A position is gone: what rests to reduce it goes too; what waits for a price stays."""
        resting: list[Order] = list(account.ledgers[symbol].open.values())
        for order in resting:
            if order.is_open and order.terms.reduce_only:
                self.close(order, "EXPIRED", at)
