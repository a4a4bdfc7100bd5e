"""What an order must meet before it is taken: precision, steps, value, distance from the market, and counts."""

from tests.emulators.binance.amounts import UNIT, value_of
from tests.emulators.binance.book import Market
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance_futures.orders import FuturesTerms

MOST_OPEN = 200
MINIMUM_NOTIONAL = 5 * UNIT
MAXIMUM_QUANTITY = 10_000_000 * UNIT
# A limit may be a twentieth through the market.
MULTIPLIER_UP, MULTIPLIER_DOWN = 105, 95
PERCENT = 100


def check_open(market: Market) -> None:
    """The market trades."""
    if market.status != "TRADING":
        raise Refusal(-4141, "Symbol is closed.")


def check_filters(market: Market, terms: FuturesTerms) -> None:
    """Precision first, as the venue does, which does not say of what; then quantity, value and price."""
    listing = market.listing
    # Ticks and steps are powers of ten here, so whatever is no multiple of one is too precise.
    if terms.quantity % listing.step or any(
        price % listing.tick for price in (terms.price, terms.stop_price)
    ):
        raise Refusal(-1111, "Precision is over the maximum defined for this asset.")
    if terms.quantity < listing.step:
        raise Refusal(-4004, "Quantity less than or equal to minimum quantity.")
    if terms.quantity > MAXIMUM_QUANTITY:
        raise Refusal(-4005, "Quantity greater than max quantity.")
    at = terms.price or terms.stop_price or market.price
    if not terms.reduce_only and value_of(terms.quantity, at) < MINIMUM_NOTIONAL:
        raise Refusal(-4164, "Order's notional must be no smaller than 5 (unless you choose reduce only).")
    if terms.type == "LIMIT":
        _check_distance(market, terms)


def _check_distance(market: Market, terms: FuturesTerms) -> None:
    # A purchase above and a sale below the market are what would cost somebody dear.
    if terms.buys and terms.price * PERCENT > market.price * MULTIPLIER_UP:
        raise Refusal(-4016, "Limit price can't be higher than the cap.")
    if not terms.buys and terms.price * PERCENT < market.price * MULTIPLIER_DOWN:
        raise Refusal(-4024, "Limit price can't be lower than the floor.")


def check_counts(open_now: int) -> None:
    """An account has so many orders open on a contract, and so many that wait on all of them."""
    if open_now >= MOST_OPEN:
        raise Refusal(-2025, "Reach max open order limit.")
