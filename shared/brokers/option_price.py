"""Black and Scholes in Decimal, for options on the tape: plausible premiums, not a risk model."""

from decimal import Decimal

from shared.domain.money import ONE, ZERO

VOLATILITY = Decimal("0.45")
# Abramowitz and Stegun 26.2.17: the normal distribution to seven digits, far below an option's tick.
_SLOPE = Decimal("0.2316419")
_POLYNOMIAL = (
    Decimal("1.330274429"),
    Decimal("-1.821255978"),
    Decimal("1.781477937"),
    Decimal("-0.356563782"),
    Decimal("0.319381530"),
)
_ROOT_OF_TWO_PI = Decimal("2.506628274631000502")
# Beyond eight deviations the distribution is 0 or 1 to every digit we keep.
_FAR = Decimal(8)


def price_option(spot: Decimal, strike: Decimal, is_call: bool, years: Decimal) -> Decimal:
    """Return the premium per unit of the underlying, at no interest; at expiry the intrinsic value."""
    intrinsic = max(spot - strike if is_call else strike - spot, ZERO)
    if years <= 0:
        return intrinsic
    deviation = VOLATILITY * years.sqrt()
    upper = (spot / strike).ln() / deviation + deviation / 2
    lower = upper - deviation
    call = spot * _normal(upper) - strike * _normal(lower)
    # Put-call parity; the approximation's last digits must not bring a premium below its intrinsic value.
    return max(call if is_call else call - spot + strike, intrinsic)


def _normal(x: Decimal) -> Decimal:
    if abs(x) > _FAR:
        return ONE if x > 0 else ZERO
    step = ONE / (ONE + _SLOPE * abs(x))
    series = ZERO
    for coefficient in _POLYNOMIAL:
        series = (series + coefficient) * step
    tail = series * (-x * x / 2).exp() / _ROOT_OF_TWO_PI
    return ONE - tail if x > 0 else tail
