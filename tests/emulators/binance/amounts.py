"""Amounts as the venue keeps them: whole hundred-millionths, so that sums are exact and cheap.

`UNIT` is one coin. Products are rounded down, as the venue pays out; what must be locked is rounded
up, so that no lock is ever smaller than what it is spent on.
"""

UNIT = 100_000_000
DECIMALS = 8
DIGITS = 20


class Malformed(ValueError):
    """The text is no plain positive number."""


class TooPrecise(ValueError):
    """More decimals than the venue keeps."""


def parse_amount(text: str) -> int:
    """Read a decimal number as it is written in a request."""
    whole, point, part = text.partition(".")
    if not (text.isascii() and whole.isdigit() and len(whole) <= DIGITS):
        raise Malformed(text)
    if not point:
        return int(whole) * UNIT
    if not part.isdigit() or len(part) > DIGITS:
        raise Malformed(text)
    if len(part) > DECIMALS:
        raise TooPrecise(text)
    return int(whole) * UNIT + int(part.ljust(DECIMALS, "0"))


def write_amount(amount: int) -> str:
    """Write an amount with eight decimals."""
    if amount < 0:
        return f"-{write_amount(-amount)}"
    return f"{amount // UNIT}.{amount % UNIT:08d}"


def value_of(quantity: int, price: int) -> int:
    """What a quantity is worth at a price."""
    return quantity * price // UNIT


def cover_of(quantity: int, price: int) -> int:
    """What must be locked to pay for a quantity at a price."""
    return -(-quantity * price // UNIT)


def floor_to(amount: int, step: int) -> int:
    """The largest multiple of the step that is not above the amount."""
    return amount - amount % step
