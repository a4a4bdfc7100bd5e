"""What the venue does with orders: place, pair, cancel, amend. Nothing changes where it raises Refusal."""

from dataclasses import dataclass

from tests.emulators.binance.accounts import Account, Ledger
from tests.emulators.binance.amounts import UNIT, cover_of, floor_to, value_of
from tests.emulators.binance.book import Book, Market
from tests.emulators.binance.checks import (
    check_counts,
    check_filters,
    check_lot,
    check_market,
    check_notional,
    check_open,
    check_pair,
    lock_needed,
)
from tests.emulators.binance.fees import with_fee
from tests.emulators.binance.matching import Matching, lock_of, share_out
from tests.emulators.binance.orders import CONTINGENT, STOPS, Order, Pair, Terms
from tests.emulators.binance.refusals import (
    DUPLICATE,
    INSUFFICIENT,
    Refusal,
    filter_failure,
    no_such_order,
    rejected,
    unknown_order,
)

RESTRICTIONS = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which order is meant: by its id, by its client order id, or by both together."""

    order_id: int | None
    client_order_id: str | None
    restriction: str | None = None


class Engine:
    """The only writer of orders and balances."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.matching = Matching(book)

    def place(
        self, account: Account, market: Market, terms: Terms, at: int, fraction: int | None = None
    ) -> Order:
        """Take one order, or answer with the old one where the venue brings it back."""
        ledger = account.ledgers[market.listing.symbol]
        if terms.client_order_id and self._is_taken(ledger, terms.client_order_id):
            if self.book.settings.client_ids == "return_existing":
                return ledger.latest[terms.client_order_id]
            raise rejected(DUPLICATE)
        check_filters(market, terms)
        check_counts(ledger, terms)
        takes_passed = self.book.settings.passed_stops == "trigger"
        check_market(market, terms, takes_passed_stops=takes_passed)
        quantity = terms.quantity or self._bought_with(terms, market)
        needed = self._needed(terms, quantity, market)
        asset = market.listing.quote if terms.buys else market.listing.base
        if needed > account.free.get(asset, 0):
            raise rejected(INSUFFICIENT)
        order = _order(account, market, terms, quantity, at)
        order.fraction = fraction
        if terms.type != "MARKET":
            order.locked = needed
            account.lock(asset, needed)
        self.book.register(order)
        self.matching.enter(order, at)
        return order

    def pair(
        self,
        account: Account,
        market: Market,
        legs: tuple[Terms, Terms],
        list_client_id: str,
        at: int,
        fraction: int | None = None,
    ) -> Pair:
        """Take two orders of which one cancels the other, given as (above, below)."""
        existing = self._existing_pair(account, market, legs, list_client_id)
        if existing is not None:
            return existing
        for terms in legs:
            check_filters(market, terms)
        check_counts(account.ledgers[market.listing.symbol], *legs)
        check_open(market)
        check_pair(market, *legs)
        locked = max(lock_needed(terms) for terms in legs)
        asset = market.listing.quote if legs[0].buys else market.listing.base
        if locked > account.free.get(asset, 0):
            raise rejected(INSUFFICIENT)
        self.book.last_list_id += 1
        number = self.book.last_list_id
        pair = Pair(
            number, account.key, list_client_id or f"list-{number}", market.listing, at, locked=locked
        )
        account.lock(asset, locked)
        account.record_pair(pair)
        # The leg that protects comes first, as in the venue's own answers.
        ordered = sorted(legs, key=lambda terms: terms.type not in STOPS)
        pair.orders = tuple(_order(account, market, terms, terms.quantity, at) for terms in ordered)
        for order in pair.orders:
            order.pair, order.fraction = pair, fraction
            self.book.register(order)
        return pair

    def cancel(self, account: Account, market: Market, wanted: Wanted, at: int) -> list[Order]:
        """Cancel an open order, and with a leg its whole pair; not-found and closed look the same."""
        order = account.ledgers[market.listing.symbol].find(wanted.order_id, wanted.client_order_id)
        if order is None or not order.is_open:
            raise unknown_order()
        if wanted.restriction and RESTRICTIONS[wanted.restriction] != order.status:
            raise Refusal(-2011, "Order was not canceled due to cancel restrictions.")
        if order.pair is not None:
            return self.cancel_pair(order.pair, at)
        self.book.close(order, "CANCELED", at)
        return [order]

    def cancel_pair(self, pair: Pair, at: int) -> list[Order]:
        """Cancel what is open of a pair."""
        ended = [order for order in pair.orders if order.is_open]
        if not ended:
            raise unknown_order()
        if pair.locked:
            share_out(self.book, pair, None)
        for order in ended:
            self.book.close(order, "CANCELED", at)
        return ended

    def amend(
        self, account: Account, market: Market, wanted: Wanted, quantity: int, name: str, at: int
    ) -> Order:
        """Make an open order smaller in place; both legs of a pair shrink together."""
        order = account.ledgers[market.listing.symbol].find(wanted.order_id, wanted.client_order_id)
        if order is None or not order.is_open:
            raise no_such_order()
        if not order.executed < quantity < order.quantity:
            raise Refusal(-2038, "The order amend has been rejected.")
        check_lot(market.listing, quantity)
        notional = value_of(quantity, order.lock_price)
        check_notional(notional, at_market=False, least=market.listing.least)
        pair = order.pair
        touched = [leg for leg in pair.orders if leg.is_open] if pair is not None else [order]
        for leg in touched:
            leg.quantity, leg.updated_at = quantity, at
            self.book.journal.note_change("amended", leg)
        if pair is not None and pair.locked:
            kept = max(lock_of(self.book, leg) for leg in touched)
            account.lock(order.locked_asset, kept - pair.locked)
            pair.locked = kept
        else:
            self.book.release(order, order.locked - lock_of(self.book, order))
        order.client_order_id = name or f"amend-{order.order_id}-{at}"
        account.ledgers[market.listing.symbol].latest[order.client_order_id] = order
        return order

    def _needed(self, terms: Terms, quantity: int, market: Market) -> int:
        if terms.type in CONTINGENT and not self.book.settings.stops_lock:
            return 0
        if not terms.buys:
            return quantity
        if terms.type == "MARKET":
            return with_fee(self.book, cover_of(quantity, self.matching.worst_price(market)))
        return with_fee(self.book, lock_needed(terms))

    def _bought_with(self, terms: Terms, market: Market) -> int:
        price = self.matching.worst_price(market) if terms.buys else market.bid
        quantity = floor_to(terms.quote_quantity * UNIT // price, market.listing.step)
        if not quantity:
            raise filter_failure("LOT_SIZE")
        return quantity

    def _existing_pair(
        self, account: Account, market: Market, legs: tuple[Terms, Terms], list_client_id: str
    ) -> Pair | None:
        ledger = account.ledgers[market.listing.symbol]
        names = [terms.client_order_id for terms in legs if terms.client_order_id]
        if len(set(names)) < len(names):
            raise rejected(DUPLICATE)
        reuses_ids = self.book.settings.client_ids == "open"
        earlier = account.latest_pair.get(list_client_id)
        taken = [ledger.latest[name] for name in names if self._is_taken(ledger, name)]
        if not taken and (earlier is None or (reuses_ids and not earlier.is_open)):
            return None
        found = earlier or taken[0].pair
        if self.book.settings.client_ids == "return_existing" and found is not None:
            return found
        raise rejected(DUPLICATE)

    def _is_taken(self, ledger: Ledger, name: str) -> bool:
        earlier = ledger.latest.get(name)
        return earlier is not None and (earlier.is_open or self.book.settings.client_ids != "open")


def _order(account: Account, market: Market, terms: Terms, quantity: int, at: int) -> Order:
    market.last_order_id += 1
    name = terms.client_order_id or f"{market.listing.symbol}-{market.last_order_id}"
    order = Order(market.last_order_id, account.key, market.listing, terms, at, at, name, quantity)
    if terms.type not in CONTINGENT:
        order.working_at = at
    account.updated_at = at
    return order
