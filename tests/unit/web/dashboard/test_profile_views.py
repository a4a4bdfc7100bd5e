"""A provider's habits in words."""

import pytest

from shared.domain.profiles import Habit, ProviderProfile
from web.dashboard.profile_views import describe_profile


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (None, ""),
        (ProviderProfile(posts=3), ""),
        (ProviderProfile(quote=Habit("USDC", 9, 10)), "quotes in USDC (9 of 10)"),
        (ProviderProfile(quote=Habit("USDC", by_hand=True)), "quotes in USDC (set by hand)"),
        (ProviderProfile(language=Habit("de", 5, 5)), "writes German (5 of 5)"),
        (ProviderProfile(language=Habit("xx", 5, 5)), "writes xx (5 of 5)"),
        (
            ProviderProfile(scales={"BTC/USDT": 3, "PEPE/USDT": -6}),
            "BTC/USDT prices × 1000 · PEPE/USDT prices × 1/1000000",
        ),
    ],
)
def test_habits_are_told_with_their_evidence(profile: ProviderProfile | None, words: str) -> None:
    assert describe_profile(profile) == words
