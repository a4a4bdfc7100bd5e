"""`providers reach`: who follows where, and what a venue's limit makes of one signal to all of them."""

import pytest

from shared.models.accounts import Account
from shared.models.bots import TradingBot
from shared.models.mapping import rows_of
from tests.integration.web.commands.conftest import Run
from tests.integration.web.commands.test_creates import make_provider

pytestmark = pytest.mark.usefixtures("empty_servers")


def test_a_provider_whom_nobody_follows_says_so(run: Run) -> None:
    make_provider(run)
    assert run("providers", "reach", "--provider", "Alpha").out.strip() == "Nobody follows this provider yet."


def test_active_followers_are_counted_by_venue_with_the_time_at_its_limit(run: Run) -> None:
    provider_id = make_provider(run)
    many = ("--count", "130", "--provider", provider_id, "--venue", "binance", "--environment", "paper")
    run("followers", "create", *many, "--sizing", "fixed:50", "--quiet")
    ids = [row["_id"] for row in rows_of(Account).find({}, {"_id": 1}).sort("_id", 1)]
    rows_of(Account).update_many({"_id": {"$in": ids[:120]}}, {"$set": {"environment": "sandbox"}})
    # Neither a paused bot nor an account whose key was refused is reached.
    rows_of(TradingBot).update_one({"account_id": ids[0]}, {"$set": {"state": "paused"}})
    rows_of(Account).update_one({"_id": ids[1]}, {"$set": {"status": "refused"}})
    assert run("providers", "reach", "--provider", "Alpha", "--json").rows == [
        {"venue": "binance", "environment": "paper", "followers": 10, "limit_seconds": None},
        {"venue": "binance", "environment": "sandbox", "followers": 118, "limit_seconds": 3},
    ]
