"""What the venue charges for a fill, and in which asset."""

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.amounts import UNIT, cover_of, parse_amount
from tests.emulators.binance.book import Book
from tests.emulators.binance.listings import Listing

# Who pays in BNB pays a quarter less.
DISCOUNT_PAID, DISCOUNT_OF = 3, 4


def with_fee(book: Book, cost: int) -> int:
    """What must be there to pay a cost, with the commission where that is taken from the same money."""
    if book.settings.fee_asset != "quote":
        return cost
    return cost + cover_of(cost, parse_amount(book.settings.fee_rate))


def fee_of(
    book: Book, account: Account, listing: Listing, received: str, got: int, quote: int
) -> tuple[int, str]:
    """The commission on what was received or on its worth, or in BNB where that is set and there is enough."""
    rate = parse_amount(book.settings.fee_rate)
    if book.settings.fee_asset == "bnb":
        in_bnb = quote * rate * DISCOUNT_PAID // (book.markets["BNBUSDT"].price * DISCOUNT_OF)
        if account.free.get("BNB", 0) >= in_bnb:
            return in_bnb, "BNB"
    if book.settings.fee_asset == "quote":
        return quote * rate // UNIT, listing.quote
    return got * rate // UNIT, received
