"""What margin lets an account do: what is free, what an order needs, and where the market takes a position away."""

from tests.emulators.binance.amounts import value_of
from tests.emulators.binance.book import Market
from tests.emulators.binance_futures.accounts import FuturesAccount, Position
from tests.emulators.binance_futures.book import FuturesBook
from tests.emulators.binance_futures.orders import FuturesOrder, FuturesTerms


def available(book: FuturesBook, account: FuturesAccount) -> int:
    """What new orders may use: the wallet less margins, and less what shared positions have lost so far."""
    left = account.wallet
    for symbol, position in account.positions.items():
        if not position.quantity:
            continue
        if position.is_isolated:
            left -= position.margin
        else:
            left -= shared_margin(position) - min(position.profit_at(book.markets[symbol].price), 0)
    orders = (order for ledger in account.ledgers.values() for order in ledger.open.values())
    return left - sum(order_margin(account, order) for order in orders)


def shared_margin(position: Position) -> int:
    """What a position that shares the wallet takes of it."""
    return -(-position.cost // position.leverage)


def order_margin(account: FuturesAccount, order: FuturesOrder) -> int:
    """What an open order sets aside."""
    position = account.positions[order.listing.symbol]
    return needed(position, order.terms, order.left, order.terms.price)


def needed(position: Position, terms: FuturesTerms, quantity: int, price: int) -> int:
    """The initial margin of as much of an order as does not reduce a position."""
    if terms.reduce_only:
        return 0
    opening = quantity - opposite(position, buys=terms.buys)
    return -(-value_of(opening, price) // position.leverage) if opening > 0 else 0


def opposite(position: Position, *, buys: bool) -> int:
    """How much of a position an order on a side would reduce."""
    return position.size if position.quantity and (position.quantity < 0) == buys else 0


def margin_behind(book: FuturesBook, account: FuturesAccount, position: Position) -> int:
    """What stands for a position: its own margin, or the wallet less what is others' own."""
    if position.is_isolated:
        return position.margin
    return account.wallet - sum(other.margin for other in account.positions.values() if other.is_isolated)


def liquidation_price(book: FuturesBook, account: FuturesAccount, market: Market, position: Position) -> int:
    """Where the market takes a position away, in whole ticks on its safe side; 0 where no price does."""
    price = position.liquidation_price(
        margin_behind(book, account, position), book.bracket(market).maintenance
    )
    tick = market.listing.tick
    return price - price % tick if position.quantity < 0 else -(-price // tick) * tick


def is_lost(book: FuturesBook, account: FuturesAccount, market: Market, position: Position) -> bool:
    """Whether the last price has come to where a position is taken away."""
    price = liquidation_price(book, account, market, position)
    if not position.quantity or not price:
        return False
    return market.price <= price if position.quantity > 0 else market.price >= price
