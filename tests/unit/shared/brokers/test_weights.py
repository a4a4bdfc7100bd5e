"""The published limits: every call has its weight, and where nothing is published nothing is claimed."""

from shared.brokers.catalogue import VENUES
from shared.brokers.weights import LIMITS, Call, find_limits


def test_every_call_of_a_venue_with_limits_has_a_weight() -> None:
    for name, limits in LIMITS.items():
        assert name in VENUES
        assert set(limits.weights) == set(Call)
        assert all(0 < weight <= limits.weight_per_minute for weight in limits.weights.values())


def test_a_venue_that_publishes_nothing_has_no_limits() -> None:
    assert find_limits("binance") is LIMITS["binance"]
    assert find_limits("paper") is None
