"""The market of futures: the spot market's door, limits, faults and log before a book of positions."""

from typing import Any

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.amounts import write_amount
from tests.emulators.binance.control_side import ControlSide
from tests.emulators.binance.limits import MINUTE_WINDOW
from tests.emulators.binance.log import Line
from tests.emulators.binance.server import Binance
from tests.emulators.binance_futures.book import FuturesBook
from tests.emulators.binance_futures.commands import COMMANDS
from tests.emulators.binance_futures.controls import CONTROLS
from tests.emulators.binance_futures.engine import FuturesEngine
from tests.emulators.binance_futures.reports import looked_up
from tests.emulators.binance_futures.routes import PUBLIC, QUERIES, ROUTES


class FuturesControlSide(ControlSide):
    """Shows waiting orders beside the others, and the books of accounts."""

    looked_up = staticmethod(looked_up)

    def show_more(self, what: str, accounts: list[Account]) -> Any:
        if what != "books":
            return super().show_more(what, accounts)
        return {
            account.key: {
                **{kind: write_amount(amount) for kind, amount in account.books().items()},
                "wallet": write_amount(account.wallet),
            }
            for account in accounts
        }


class BinanceFutures(Binance):
    """The running market; its state is what its log says."""

    routes = ROUTES
    public = PUBLIC
    queries = QUERIES
    commands = COMMANDS
    controls = CONTROLS
    control_side = FuturesControlSide
    long_window = MINUTE_WINDOW

    def make_engine(self) -> FuturesEngine:
        return FuturesEngine(FuturesBook())

    def settle(self, line: Line, second: int) -> None:
        """Move what the engine noted into a line; here a fill makes no room for other orders."""
        line |= self.book.journal.entries()
