"""Who posts and who follows in the benchmarks: many providers with one follower each, as many own accounts."""

import json

from tests.house.house import House
from tests.house.population import Provider
from tests.house.venues import TEST_VENUE

PER_PROVIDER = 5
"""Messages of one provider: as many trades as its follower holds in the end."""

_TERMS = ("--sizing", "fixed:50", "--set", f"max_open_positions={PER_PROVIDER}")


def populate(house: House, venue: str, messages: int, *, prefix: str) -> list[Provider]:
    """Create enough providers for so many messages on a venue, each with a follower of its own."""
    providers = []
    for number in range(-(-messages // PER_PROVIDER)):
        name = f"{prefix}-{number}"
        provider = house.create_provider(name)
        user = house.cli("users", "create", "--discord-id", name, "--name", name, "--tier", "premium")[-1]
        account = _connect(house, name, user["user_id"], venue)
        follow = ("--user", user["user_id"], "--provider", provider.provider_id, "--account", account)
        house.cli("bots", "create", *follow, *_TERMS)
        providers.append(provider)
    return providers


def _connect(house: House, name: str, user_id: str, venue: str) -> str:
    args = ["accounts", "connect", "--user", user_id, "--venue", venue, "--environment"]
    if venue != TEST_VENUE.name:
        return str(house.cli(*args, "paper", "--balance", "10000")[-1]["account_id"])
    house.venue(TEST_VENUE).create_account(name, f"{name}-secret", USDT="10000")
    key = json.dumps({"api_key": name, "secret": f"{name}-secret"})
    return str(house.cli(*args, "sandbox", "--credentials-file", "-", stdin=key)[-1]["account_id"])
