"""Billing tiers: dearer ones allow more."""

from itertools import pairwise
from math import inf

from shared.domain.plans import PLANS, Tier


def test_every_tier_has_a_plan_of_its_own():
    assert [plan.tier for plan in PLANS.values()] == list(Tier)


def test_the_prices_are_those_of_the_offer():
    assert [plan.monthly_usd for plan in PLANS.values()] == [0, 49, 99, 299]


def test_a_dearer_plan_never_allows_less():
    for cheaper, dearer in pairwise(PLANS.values()):
        assert dearer.monthly_usd > cheaper.monthly_usd
        assert (dearer.signals_per_day or inf) >= (cheaper.signals_per_day or inf)
        assert (dearer.accounts or inf) >= (cheaper.accounts or inf)
