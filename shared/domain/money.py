"""Decimal arithmetic with one rounding rule: never in the follower's disfavour of safety."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal, InvalidOperation

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)


def parse_decimal(text: str) -> Decimal:
    """Read a finite decimal number.

    Raises
    ------
    ValueError
        If the text is no number, or is NaN or infinite.
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(f"not a number: {text[:40]!r}") from error
    if not value.is_finite():
        raise ValueError(f"not a finite number: {text[:40]!r}")
    return value


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of `step` that is not above `value` (toward zero)."""
    return _to_step(value, step, ROUND_DOWN)


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the smallest multiple of `step` that is not below `value` (away from zero)."""
    return _to_step(value, step, ROUND_UP)


def round_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the multiple of `step` nearest to `value`."""
    return _to_step(value, step, ROUND_HALF_EVEN)


def to_plain(value: Decimal) -> str:
    """Write a decimal without exponent and without trailing zeros: `0.00010` is `0.0001`."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def _to_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    if step <= 0:
        raise ValueError(f"step must be positive, not {step}")
    return (value / step).to_integral_value(rounding=rounding) * step
