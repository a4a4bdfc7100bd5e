"""What an order must meet before it is taken: the listing's filters, counts, and the state of the market."""

from tests.emulators.binance.accounts import Ledger
from tests.emulators.binance.amounts import cover_of, value_of
from tests.emulators.binance.book import Market
from tests.emulators.binance.listings import (
    MAXIMUM_CONTINGENT,
    MAXIMUM_NOTIONAL,
    MAXIMUM_ORDERS,
    MAXIMUM_PRICE,
    MAXIMUM_QUANTITY,
    MINIMUM_NOTIONAL,
    PERCENT_DOWN,
    PERCENT_UP,
    Listing,
)
from tests.emulators.binance.matching import crosses, reaches
from tests.emulators.binance.orders import CONTINGENT, STOPS, Terms
from tests.emulators.binance.refusals import (
    CLOSED,
    PRICES_CROSSED,
    TAKES,
    TRIGGERS,
    Refusal,
    filter_failure,
    rejected,
)


def check_filters(market: Market, terms: Terms) -> None:
    """Price, percent, lot and notional, in the venue's order."""
    listing = market.listing
    for price in (terms.price, terms.stop_price):
        if price and (price % listing.tick or price > MAXIMUM_PRICE):
            raise filter_failure("PRICE_FILTER")
    if (
        terms.price
        and not market.price <= terms.price * PERCENT_DOWN <= market.price * PERCENT_UP * PERCENT_DOWN
    ):
        raise filter_failure("PERCENT_PRICE_BY_SIDE")
    if terms.quantity:
        check_lot(listing, terms.quantity)
    notional = terms.quote_quantity or value_of(
        terms.quantity, terms.price or terms.stop_price or market.price
    )
    check_notional(notional, at_market=terms.type == "MARKET", least=listing.least)


def check_lot(listing: Listing, quantity: int) -> None:
    """A quantity is a whole number of steps, and at least one."""
    if quantity % listing.step or not listing.step <= quantity <= MAXIMUM_QUANTITY:
        raise filter_failure("LOT_SIZE")


def check_notional(notional: int, *, at_market: bool, least: int = MINIMUM_NOTIONAL) -> None:
    """The smallest value counts for market orders too, the largest does not."""
    if notional < least or (notional > MAXIMUM_NOTIONAL and not at_market):
        raise filter_failure("NOTIONAL")


def check_counts(ledger: Ledger, *several: Terms) -> None:
    """An account has few orders open on a symbol, and fewer still with a stop price."""
    if several[0].type != "MARKET" and len(ledger.open) + len(several) > MAXIMUM_ORDERS:
        raise filter_failure("MAX_NUM_ORDERS")
    contingent = sum(terms.type in CONTINGENT for terms in several)
    if contingent and ledger.count_contingent() + contingent > MAXIMUM_CONTINGENT:
        raise filter_failure("MAX_NUM_ALGO_ORDERS")


def check_market(market: Market, terms: Terms, *, takes_passed_stops: bool = False) -> None:
    """The market trades, a stop lies on its side of the price unless any is taken, and a maker does not take."""
    check_open(market)
    is_contingent = terms.type in CONTINGENT and not takes_passed_stops
    if is_contingent and reaches(market, terms.side, terms.type, terms.stop_price):
        raise rejected(TRIGGERS)
    if terms.type == "LIMIT_MAKER" and crosses(market, buys=terms.buys, price=terms.price):
        raise rejected(TAKES)


def check_open(market: Market) -> None:
    """The market trades."""
    if market.status != "TRADING":
        raise rejected(CLOSED)


def check_pair(market: Market, above: Terms, below: Terms) -> None:
    """One leg protects and the other takes profit, each on its side of the last price."""
    sells = not above.buys
    protecting, other = (below, above) if sells else (above, below)
    if protecting.type not in STOPS or other.type in STOPS:
        raise _misplaced(above, below)
    # The leg's limit price is its level where it has one, except for stops, which are judged by their trigger.
    far, stop = other.price or other.stop_price, protecting.stop_price
    if not (stop < market.price < far if sells else far < market.price < stop):
        raise rejected(PRICES_CROSSED)


def _misplaced(above: Terms, below: Terms) -> Refusal:
    sells = not above.buys
    if above.type not in CONTINGENT and below.type not in CONTINGENT:
        return Refusal(-1168, "At least one OCO order must be contingent.")
    if sells and above.type in STOPS:
        return Refusal(-1197, "A stop loss order in a sell OCO must be below.")
    if not sells and below.type in STOPS:
        return Refusal(-1196, "A stop loss order in a buy OCO must be above.")
    if sells and below.type == "LIMIT_MAKER":
        return Refusal(-1166, "A limit order in a sell OCO must be above.")
    if not sells and above.type == "LIMIT_MAKER":
        return Refusal(-1165, "A limit order in a buy OCO must be below.")
    if sells:
        return Refusal(-1199, "A take profit order in a sell OCO must be above.")
    return Refusal(-1198, "A take profit order in a buy OCO must be below.")


def lock_needed(terms: Terms) -> int:
    """What resting terms lock, in the quote asset for a buy and the base asset for a sell."""
    return cover_of(terms.quantity, terms.price or terms.stop_price) if terms.buys else terms.quantity
