"""Billing tiers as data: what a user may do, in one place."""

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """The plans, cheapest first."""

    FREE = "free"
    BASIC = "basic"
    PRO = "pro"
    PREMIUM = "premium"


@dataclass(frozen=True, slots=True)
class Plan:
    """Limits of a tier; `signals_per_day` of None is unlimited."""

    tier: Tier
    monthly_usd: int
    signals_per_day: int | None
    accounts: int | None


PLANS: dict[Tier, Plan] = {
    Tier.FREE: Plan(Tier.FREE, 0, 10, 1),
    Tier.BASIC: Plan(Tier.BASIC, 49, 100, 1),
    Tier.PRO: Plan(Tier.PRO, 99, None, 2),
    Tier.PREMIUM: Plan(Tier.PREMIUM, 299, None, None),
}
