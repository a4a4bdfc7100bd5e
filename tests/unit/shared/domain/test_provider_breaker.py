"""Providers that flood or lose: at the limit and one beyond it, alone and as a community."""

from decimal import Decimal

import pytest

from shared.domain.provider_breaker import Speech, SpeechLimits, breach_of

LIMITS = SpeechLimits(60, Decimal(20))


@pytest.mark.parametrize("speech", [Speech(), Speech(60), Speech(0, Decimal("-19.99")), Speech(5, Decimal(50))])
def test_up_to_the_limit_nothing_is_breached(speech: Speech) -> None:
    assert breach_of(speech, LIMITS, "This provider") is None


def test_one_signal_more_is_a_flood() -> None:
    assert breach_of(Speech(61), LIMITS, "This provider") == (
        "This provider posted 61 signals within 10 minutes; at most 60 are followed"
    )


def test_a_loss_at_the_limit_is_enough() -> None:
    assert breach_of(Speech(3, Decimal(-20)), LIMITS, "This provider") == (
        "This provider lost 20.0 R within 24 hours; the limit is 20 R"
    )


def test_a_limit_of_zero_is_none() -> None:
    assert breach_of(Speech(10_000, Decimal(-500)), SpeechLimits(0, Decimal(0)), "This provider") is None


def test_a_community_may_do_three_times_as_much_in_all() -> None:
    together = Speech(90, Decimal(-30)) + Speech(90, Decimal("-29.9"))
    assert breach_of(together, LIMITS.of_community, "This community") is None
    assert breach_of(together + Speech(1), LIMITS.of_community, "This community") is not None
    assert breach_of(together + Speech(0, Decimal("-0.1")), LIMITS.of_community, "This community") is not None
