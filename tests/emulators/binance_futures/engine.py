"""What the market does with orders, positions' terms and waiting orders. Nothing changes where it raises Refusal."""

from tests.emulators.binance.accounts import Ledger
from tests.emulators.binance.book import Market
from tests.emulators.binance.orders import Order
from tests.emulators.binance.refusals import Refusal, no_such_order, unknown_order
from tests.emulators.binance_futures import margin
from tests.emulators.binance_futures.accounts import FuturesAccount
from tests.emulators.binance_futures.book import FuturesBook
from tests.emulators.binance_futures.checks import check_counts, check_filters, check_open
from tests.emulators.binance_futures.matching import FuturesMatching, is_reached
from tests.emulators.binance_futures.orders import Algo, FuturesOrder, FuturesTerms

DUPLICATE = (-4116, "ClientOrderId is duplicated.")
INSUFFICIENT = (-2019, "Margin is insufficient.")
NOTHING_TO_REDUCE = (-2022, "ReduceOnly Order is rejected.")
PASSED = (-2021, "Order would immediately trigger.")


class FuturesEngine:
    """The only writer of orders, positions and wallets."""

    def __init__(self, book: FuturesBook) -> None:
        self.book = book
        self.matching = FuturesMatching(book)

    def place(
        self,
        account: FuturesAccount,
        market: Market,
        terms: FuturesTerms,
        at: int,
        fraction: int | None = None,
    ) -> FuturesOrder:
        """Take an order that works at once."""
        ledger = account.ledgers[market.listing.symbol]
        self._check_name(ledger.latest.get(terms.client_order_id), terms)
        check_open(market)
        check_filters(market, terms)
        check_counts(len(ledger.open))
        position = account.positions[market.listing.symbol]
        if terms.reduce_only and not margin.opposite(position, buys=terms.buys):
            raise Refusal(*NOTHING_TO_REDUCE)
        price = terms.price or (market.ask if terms.buys else market.bid)
        if margin.needed(position, terms, terms.quantity, price) > margin.available(self.book, account):
            raise Refusal(*INSUFFICIENT)
        self.book.last_order_id += 1
        number = self.book.last_order_id
        name = terms.client_order_id or f"web_{number}"
        order = FuturesOrder(number, account.key, market.listing, terms, at, at, name, terms.quantity)
        order.fraction = fraction
        self.book.take_in(order)
        self.matching.enter(order, at)
        return order

    def let_wait(self, account: FuturesAccount, market: Market, terms: FuturesTerms, at: int) -> Algo:
        """Take an order that waits for a price; margin is looked at only when that is reached."""
        self._check_name(account.latest_algo.get(terms.client_order_id), terms)
        check_open(market)
        check_filters(market, terms)
        check_counts(len(account.open_algos))
        self.book.last_algo_id += 1
        number = self.book.last_algo_id
        name = terms.client_order_id or f"algo_{number}"
        algo = Algo(number, account.key, market.listing, terms, at, at, name, terms.quantity)
        algo.best = market.price
        if terms.type != "TRAILING_STOP_MARKET" and is_reached(algo, market.price):
            raise Refusal(*PASSED)
        self.book.let_wait(algo)
        return algo

    def cancel(
        self, account: FuturesAccount, market: Market, order_id: int | None, name: str | None, at: int
    ) -> Order:
        """Cancel an order that works; one that has ended, and none at all, are refused alike."""
        order = account.ledgers[market.listing.symbol].find(order_id, name)
        if order is None or not order.is_open:
            raise unknown_order()
        self.book.close(order, "CANCELED", at)
        return order

    def cancel_algo(self, account: FuturesAccount, algo_id: int | None, name: str | None, at: int) -> Algo:
        """Cancel an order that waits; one that was reached waits no more."""
        algo = account.find_algo(algo_id, name)
        if algo is None or not algo.is_open:
            raise unknown_order()
        self.book.end_wait(algo, "CANCELED", at)
        return algo

    def set_leverage(self, account: FuturesAccount, market: Market, leverage: int, at: int) -> None:
        """Change a contract's leverage; an isolated position keeps at least what it has."""
        position = account.positions[market.listing.symbol]
        if not 1 <= leverage <= self.book.bracket(market).leverage:
            raise Refusal(-4028, f"Leverage {leverage} is not valid")
        if position.is_isolated and position.quantity and leverage < position.leverage:
            raise Refusal(
                -4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions."
            )
        position.leverage, position.updated_at = leverage, at

    def set_isolated(self, account: FuturesAccount, market: Market, at: int, *, is_isolated: bool) -> None:
        """Isolate a contract's margin, or share it again."""
        symbol = market.listing.symbol
        position = account.positions[symbol]
        if position.is_isolated == is_isolated:
            raise Refusal(-4046, "No need to change margin type.")
        if account.shares_assets and is_isolated:
            raise Refusal(-4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.")
        waits = any(algo.listing.symbol == symbol for algo in account.open_algos.values())
        if account.ledgers[symbol].open or waits:
            raise Refusal(-4047, "Margin type cannot be changed if there exists open orders.")
        if position.quantity:
            raise Refusal(-4048, "Margin type cannot be changed if there exists position.")
        position.is_isolated, position.updated_at = is_isolated, at

    def find_order(self, ledger: Ledger, order_id: int | None, name: str | None) -> Order:
        """Find an order of any state, or raise the refusal of one that is not there."""
        order = ledger.find(order_id, name)
        if order is None:
            raise no_such_order()
        return order

    def _check_name(self, earlier: Order | None, terms: FuturesTerms) -> None:
        if earlier is None or not terms.client_order_id:
            return
        if earlier.is_open or self.book.settings.client_ids != "open":
            raise Refusal(*DUPLICATE)
