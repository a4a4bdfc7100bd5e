"""How orders meet prices: triggers, executions, and the money that moves.

Liquidity is endless one tick beside the last price. Who takes pays that quote; who rests is filled at
his own price. Only scripts make an execution smaller than the order.
"""

from tests.emulators.binance.amounts import UNIT, cover_of, floor_to, value_of
from tests.emulators.binance.book import Book, Market
from tests.emulators.binance.fees import fee_of, with_fee
from tests.emulators.binance.orders import AT_MARKET, STOPS, Fill, Order, Pair


def reaches(market: Market, side: str, kind: str, stop_price: int) -> bool:
    """Has the last price come to a stop price?"""
    rising = (side == "BUY") == (kind in STOPS)
    return market.price >= stop_price if rising else market.price <= stop_price


def crosses(market: Market, *, buys: bool, price: int) -> bool:
    """Would a limit price trade at once?"""
    return market.ask <= price if buys else market.bid >= price


class Matching:
    """Works orders against the last price."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def enter(self, order: Order, at: int) -> None:
        """Let a new order trade, if it may; a stop that the price has passed is reached at once."""
        market, terms = self._book.markets[order.listing.symbol], order.terms
        if not order.waits_for_its_stop:
            self._take(order, at)
        elif reaches(market, terms.side, terms.type, terms.stop_price):
            self._trigger(order, at)

    def move(self, market: Market, price: int, at: int) -> None:
        """Set the last price; every resting order meets it."""
        market.price = price
        if market.status != "TRADING":
            return
        for order in list(market.open.values()):
            if order.is_open:
                self._meet(order, market, at)

    def _meet(self, order: Order, market: Market, at: int) -> None:
        terms = order.terms
        if not order.waits_for_its_stop:
            if crosses(market, buys=order.buys, price=terms.price):
                self._execute(order, self._portion(order), terms.price, at, is_maker=True)
        elif reaches(market, terms.side, terms.type, terms.stop_price):
            self._trigger(order, at)

    def _trigger(self, order: Order, at: int) -> None:
        order.working_at = order.updated_at = at
        self._book.journal.note_change("triggered", order)
        self.part(order, at)
        if self._is_funded(order):
            self._take(order, at)
        else:
            self._book.close(order, "EXPIRED", at)

    def _is_funded(self, order: Order) -> bool:
        # A stop that set nothing aside must find its money now.
        if self._book.settings.stops_lock or (order.buys and order.terms.type in AT_MARKET):
            return True
        account, needed = self._book.accounts[order.key], lock_of(self._book, order)
        if needed > account.free.get(order.locked_asset, 0):
            return False
        order.locked = needed
        account.lock(order.locked_asset, needed)
        return True

    def _take(self, order: Order, at: int) -> None:
        market, terms = self._book.markets[order.listing.symbol], order.terms
        at_market = terms.type in AT_MARKET
        if at_market or crosses(market, buys=order.buys, price=terms.price):
            quantity = self._portion(order)
            whole = quantity == order.left
            if (whole or terms.time_in_force != "FOK") and self._can_pay(order, quantity, market):
                self._execute(order, quantity, market.ask if order.buys else market.bid, at, is_maker=False)
        if order.is_open and (at_market or terms.time_in_force in {"IOC", "FOK"}):
            self._book.close(order, "EXPIRED", at)

    def _can_pay(self, order: Order, quantity: int, market: Market) -> bool:
        # A stop that buys at market may meet a price above the one its money was locked for.
        if not order.buys or order.terms.type not in AT_MARKET:
            return True
        account = self._book.accounts[order.key]
        cost = with_fee(self._book, cover_of(quantity, self.worst_price(market)))
        return cost <= account.free.get(order.listing.quote, 0) + order.locked

    def worst_price(self, market: Market) -> int:
        """What a buyer may have to pay when his execution is split."""
        return market.ask + (self._book.settings.fills_per_execution - 1) * market.listing.tick

    def _portion(self, order: Order) -> int:
        fraction, order.fraction = order.fraction, None
        if fraction is None:
            for script in self._book.scripts:
                if script.fits(order):
                    self._book.scripts.remove(script)
                    fraction = script.fraction
                    break
            else:
                return order.left
        return floor_to(order.left * fraction // UNIT, order.listing.step)

    def _execute(self, order: Order, quantity: int, price: int, at: int, *, is_maker: bool) -> None:
        if quantity <= 0:
            return
        self.part(order, at)
        step, tick = order.listing.step, order.listing.tick
        parts = min(self._book.settings.fills_per_execution, quantity // step or 1)
        share = floor_to(quantity // parts, step)
        for number in range(parts):
            last = number == parts - 1
            worse = 0 if is_maker else number * tick
            level = price + worse if order.buys else price - worse
            if order.terms.type not in AT_MARKET and not is_maker:
                level = min(level, order.terms.price) if order.buys else max(level, order.terms.price)
            self._fill(order, quantity - share * number if last else share, level, at, is_maker=is_maker)
        if order.left == 0:
            self._book.close(order, "FILLED", at)
        else:
            order.status, order.updated_at = "PARTIALLY_FILLED", at

    def _fill(self, order: Order, quantity: int, price: int, at: int, *, is_maker: bool) -> None:
        book, listing = self._book, order.listing
        account, market = book.accounts[order.key], book.markets[listing.symbol]
        quote = value_of(quantity, price)
        order.executed += quantity
        order.spent += quote
        if order.buys:
            spent, paid, received, got = listing.quote, quote, listing.base, quantity
        else:
            spent, paid, received, got = listing.base, quantity, listing.quote, quote
        if order.locked:
            book.release(order, order.locked - lock_of(book, order))
        account.credit(spent, -paid)
        account.credit(received, got)
        fee, fee_asset = fee_of(book, account, listing, received, got, quote)
        account.credit(fee_asset, -fee)
        account.updated_at = at
        market.last_trade_id += 1
        fill = Fill(market.last_trade_id, order, price, quantity, quote, fee, fee_asset, at, is_maker)
        book.journal.note_fill(fill, is_first=not order.fills)
        order.fills.append(fill)
        account.ledgers[listing.symbol].fills.append(fill)

    def part(self, order: Order, at: int) -> None:
        """One leg of a pair is touched: the other expires, and the shared lock becomes this leg's own."""
        pair = order.pair
        if pair is None or not pair.locked:
            return
        share_out(self._book, pair, order)
        for other in pair.orders:
            if other is not order and other.is_open:
                self._book.close(other, "EXPIRED", at)


def lock_of(book: Book, order: Order) -> int:
    """What an order needs locked for what is left of it."""
    return with_fee(book, cover_of(order.left, order.lock_price)) if order.buys else order.left


def share_out(book: Book, pair: Pair, order: Order | None) -> None:
    """End a pair's shared lock: one leg keeps what it needs, the rest is free again."""
    kept = lock_of(book, order) if order is not None else 0
    excess, pair.locked = pair.locked - kept, 0
    first = pair.orders[0]
    book.accounts[pair.key].lock(first.locked_asset, -excess)
    if order is not None:
        order.locked = kept
