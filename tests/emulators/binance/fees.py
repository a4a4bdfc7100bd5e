"""What the venue charges for a fill, and in which asset."""

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.amounts import UNIT, parse_amount
from tests.emulators.binance.book import Book

# Who pays in BNB pays a quarter less.
DISCOUNT_PAID, DISCOUNT_OF = 3, 4


def fee_of(book: Book, account: Account, received: str, got: int, quote: int) -> tuple[int, str]:
    """The commission on what was received, or its worth in BNB where that is set and there is enough."""
    rate = parse_amount(book.settings.fee_rate)
    if book.settings.fee_asset == "bnb":
        in_bnb = quote * rate * DISCOUNT_PAID // (book.markets["BNBUSDT"].price * DISCOUNT_OF)
        if account.free.get("BNB", 0) >= in_bnb:
            return in_bnb, "BNB"
    return got * rate // UNIT, received
