"""How futures meet prices: triggers, executions, positions and the money that moves, liquidation and funding.

Liquidity is endless one tick beside the last price, which is the mark price too. Who takes pays that quote; who rests
is filled at his own price. At one price stops come first and then whoever has nothing left to maintain.
"""

from tests.emulators.binance.amounts import UNIT, parse_amount, value_of
from tests.emulators.binance.book import Market
from tests.emulators.binance.matching import Matching, crosses
from tests.emulators.binance_futures import margin
from tests.emulators.binance_futures.accounts import FuturesAccount, Position
from tests.emulators.binance_futures.book import FuturesBook
from tests.emulators.binance_futures.orders import (
    AT_MARKET,
    STOPS,
    Algo,
    FuturesFill,
    FuturesOrder,
    FuturesTerms,
)


def is_reached(algo: Algo, price: int) -> bool:
    """Has a price come to where an order waits? A trailing stop is reached from its best price."""
    is_stop = algo.terms.type in STOPS or algo.terms.type == "TRAILING_STOP_MARKET"
    rising = algo.buys == is_stop
    return price >= algo.trigger_price if rising else price <= algo.trigger_price


class FuturesMatching(Matching):
    """Works orders against the last price, and positions with them."""

    _book: FuturesBook

    def move(self, market: Market, price: int, at: int) -> None:
        market.price = price
        if market.status != "TRADING":
            return
        for algo in list(self._book.waiting[market.listing.symbol].values()):
            if algo.is_open:
                self._look(algo, market, at)
        for order in list(market.open.values()):
            if order.is_open and crosses(market, buys=order.buys, price=order.terms.price):
                self._execute(order, self._portion(order), order.terms.price, at, is_maker=True)
        self._take_away(market, at)

    def enter(self, order: FuturesOrder, at: int) -> None:
        """Let a new order trade, if it may."""
        self._take(order, at)
        self._take_away(self._book.markets[order.listing.symbol], at, self._book.accounts[order.key])

    def pay_funding(self, market: Market, rate: int, at: int) -> None:
        """Every position pays a share of its value, or receives it: those that are long where the rate is above 0."""
        for account in self._book.accounts.values():
            position = account.positions.get(market.listing.symbol)
            if position is None or not position.quantity:
                continue
            amount = value_of(value_of(position.size, market.price), abs(rate))
            pays = (position.quantity > 0) == (rate > 0)
            amount = -amount if pays else amount
            self._book.move_money(account, "FUNDING_FEE", market.listing.symbol, amount, at)
            if position.is_isolated:
                position.margin += amount
            position.updated_at = at
        self._take_away(market, at)

    def _take_away(self, market: Market, at: int, only: FuturesAccount | None = None) -> None:
        """Close the positions of whoever has nothing left to maintain them with."""
        for account in list(self._book.accounts.values()) if only is None else [only]:
            position = account.positions.get(market.listing.symbol)
            if position is not None and margin.is_lost(self._book, account, market, position):
                self._liquidate(account, market, position, at)

    def _look(self, algo: Algo, market: Market, at: int) -> None:
        best = min if algo.buys else max
        algo.best = best(algo.best or market.price, market.price)
        if not is_reached(algo, market.price):
            return
        algo.triggered_at = at
        self._book.end_wait(algo, "TRIGGERING", at)
        if not self._book.settings.stuck_triggers:
            self._trigger(algo, market, at)

    def _trigger(self, algo: Algo, market: Market, at: int) -> None:
        account = self._book.accounts[algo.key]
        position = account.positions[market.listing.symbol]
        terms = _actual_terms(algo)
        nothing_to_reduce = terms.reduce_only and not margin.opposite(position, buys=terms.buys)
        price = terms.price or market.price
        if nothing_to_reduce or margin.needed(position, terms, algo.quantity, price) > margin.available(
            self._book, account
        ):
            algo.status, algo.updated_at = "REJECTED", at
            return
        self._book.last_order_id += 1
        own = f"triggered-{algo.order_id}"
        name = algo.client_order_id if self._book.settings.triggered_ids == "same" else own
        order = FuturesOrder(
            self._book.last_order_id, algo.key, algo.listing, terms, at, at, name, algo.quantity, algo=algo
        )
        algo.status, algo.actual = "TRIGGERED", order
        self._book.take_in(order, is_asked_for=False)
        self._take(order, at)

    def _take(self, order: FuturesOrder, at: int) -> None:
        market, terms = self._book.markets[order.listing.symbol], order.terms
        at_market = terms.type in AT_MARKET
        if at_market or crosses(market, buys=order.buys, price=terms.price):
            quantity = self._portion(order)
            if quantity == order.left or terms.time_in_force != "FOK":
                self._execute(order, quantity, market.ask if order.buys else market.bid, at, is_maker=False)
        if order.is_open and (at_market or terms.time_in_force in {"IOC", "FOK"}):
            self._book.close(order, "EXPIRED", at)

    def _execute(self, order: FuturesOrder, quantity: int, price: int, at: int, *, is_maker: bool) -> None:
        account = self._book.accounts[order.key]
        position = account.positions[order.listing.symbol]
        if order.reduces:
            # What has become too large shrinks to the position and never turns it round.
            quantity = min(quantity, margin.opposite(position, buys=order.buys))
        if quantity <= 0:
            return
        self._fill(order, quantity, price, at, is_maker=is_maker)
        if order.left == 0:
            self._book.close(order, "FILLED", at)
        elif order.is_open:
            order.status, order.updated_at = "PARTIALLY_FILLED", at
        if not position.quantity:
            self._book.expire_reducing(account, order.listing.symbol, at)

    def _fill(self, order: FuturesOrder, quantity: int, price: int, at: int, *, is_maker: bool) -> None:
        book, symbol = self._book, order.listing.symbol
        account, market = book.accounts[order.key], book.markets[symbol]
        position = account.positions[symbol]
        closing = min(quantity, margin.opposite(position, buys=order.buys))
        realized = _reduce(position, closing, price) if closing else 0
        _extend(position, quantity - closing, price, buys=order.buys)
        position.updated_at = at
        quote = value_of(quantity, price)
        fee = -(-quote * parse_amount(book.settings.fee_rate) // UNIT)
        book.move_money(account, "REALIZED_PNL", symbol, realized, at)
        book.move_money(account, "COMMISSION", symbol, -fee, at)
        order.executed += quantity
        order.spent += quote
        order.updated_at = at
        market.last_trade_id += 1
        fill = FuturesFill(
            market.last_trade_id, order, price, quantity, quote, fee, "USDT", at, is_maker, realized
        )
        book.journal.note_fill(fill, is_first=not order.fills)
        order.fills.append(fill)
        account.ledgers[symbol].fills.append(fill)

    def _liquidate(self, account: FuturesAccount, market: Market, position: Position, at: int) -> None:
        """The venue closes what is left, at the price where it had to, under an id of its own."""
        book = self._book
        price = margin.liquidation_price(book, account, market, position)
        book.expire_reducing(account, market.listing.symbol, at)
        for resting in list(account.ledgers[market.listing.symbol].open.values()):
            book.close(resting, "CANCELED", at)
        book.last_order_id += 1
        side = "SELL" if position.quantity > 0 else "BUY"
        terms = FuturesTerms(side, "LIQUIDATION", quantity=position.size, price=price, reduce_only=True)
        name = f"autoclose-{at}{book.last_order_id}"
        order = FuturesOrder(
            book.last_order_id, account.key, market.listing, terms, at, at, name, position.size
        )
        book.take_in(order, is_asked_for=False)
        self._execute(order, position.size, price, at, is_maker=False)


def _actual_terms(algo: Algo) -> FuturesTerms:
    terms = algo.terms
    return FuturesTerms(
        terms.side,
        "LIMIT" if terms.price else "MARKET",
        terms.time_in_force,
        quantity=algo.quantity,
        price=terms.price,
        reduce_only=terms.reduce_only,
    )


def _reduce(position: Position, quantity: int, price: int) -> int:
    """Close a part, which takes its share of cost and margin along; the last takes what is left. Return the result."""
    is_all = quantity == position.size
    cost = position.cost if is_all else position.cost * quantity // position.size
    freed = position.margin if is_all else position.margin * quantity // position.size
    worth = value_of(quantity, price)
    realized = worth - cost if position.quantity > 0 else cost - worth
    position.cost -= cost
    position.margin -= freed
    position.quantity += -quantity if position.quantity > 0 else quantity
    return realized


def _extend(position: Position, quantity: int, price: int, *, buys: bool) -> None:
    """Open, or add to what is open on the same side."""
    worth = value_of(quantity, price)
    position.cost += worth
    position.quantity += quantity if buys else -quantity
    if position.is_isolated:
        position.margin += -(-worth // position.leverage)
