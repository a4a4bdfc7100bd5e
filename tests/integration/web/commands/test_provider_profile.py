"""`providers profile`: what a provider usually means, shown and set by hand."""

import pytest

from shared.domain.profiles import Habit, ProviderProfile
from shared.models import providers
from shared.models.audit import AuditEntry
from shared.models.mapping import rows_of
from tests.integration.web.commands.conftest import Run
from tests.integration.web.commands.test_creates import make_provider

pytestmark = pytest.mark.usefixtures("empty_servers")


def stored(provider_id: str) -> ProviderProfile:
    terms = providers.find(provider_id)
    assert terms is not None
    assert terms.profile is not None
    return terms.profile


def test_a_new_provider_has_no_habits_and_says_so(run: Run) -> None:
    make_provider(run)
    assert (
        run("providers", "profile", "--provider", "Alpha").out.strip()
        == "Nothing is known of Alpha's habits yet."
    )


def test_habits_are_shown_with_their_evidence(run: Run) -> None:
    provider_id = make_provider(run)
    known = ProviderProfile(quote=Habit("USDC", 9, 10), scales={"BTC/USDT": 3})
    providers.store_profile(provider_id, known)
    rows = run("providers", "profile", "--provider", "Alpha", "--json").rows
    assert rows == [
        {"habit": "quote", "value": "USDC", "count": 9, "of": 10, "by_hand": False},
        {"habit": "scale of BTC/USDT", "value": "10^3", "count": None, "of": None, "by_hand": False},
    ]


def test_a_habit_set_by_hand_is_stored_audited_and_given_back(run: Run) -> None:
    provider_id = make_provider(run)
    run("providers", "profile", "--provider", provider_id, "--quote", "usdc", "--asset-class", "stock")
    assert (stored(provider_id).quote, stored(provider_id).asset_class) == (
        Habit("USDC", by_hand=True),
        Habit("stock", by_hand=True),
    )
    assert rows_of(AuditEntry).find_one({"action": "provider.profile"}) is not None
    run("providers", "profile", "--provider", provider_id, "--quote", "learn")
    assert stored(provider_id).quote is None
    assert stored(provider_id).asset_class == Habit("stock", by_hand=True)


@pytest.mark.parametrize("quote", ["US", "DOLLARS", "U$D", "12345", ""])
def test_what_is_no_currency_is_refused(run: Run, quote: str) -> None:
    make_provider(run)
    assert run("providers", "profile", "--provider", "Alpha", "--quote", quote).refused("is no currency", 2)


def test_an_unknown_provider_or_market_is_one_line(run: Run) -> None:
    make_provider(run)
    assert run("providers", "profile", "--provider", "Nobody").refused("no provider is called 'Nobody'")
    wrong = run("providers", "profile", "--provider", "Alpha", "--asset-class", "bonds")
    assert wrong.refused("'bonds' is not one of", 2)
