"""Credentials that replace one another, leases on their renewal, and logins under way: each verb once, each by an index."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pytest

from shared.database import connect, ensure_indexes
from shared.models import connections, credentials, oauth_attempts
from shared.models.accounts import Account
from shared.models.credentials import Credential, refresh_time
from shared.models.mapping import rows_of
from shared.models.oauth_attempts import Attempt, OAuthAttempt, Unanswerable

pytestmark = pytest.mark.usefixtures("database", "empty_servers")

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def database(mongodb_uri: str) -> Iterator[None]:
    client = connect(mongodb_uri)
    ensure_indexes([Account, Credential, OAuthAttempt])
    yield
    client.close()


def row_of(name: str, **fields: Any) -> dict[str, Any]:
    row = {"_id": name, "user_id": "u", "account_id": "a", "key_id": "k", "sealed": b"box"}
    return {**row, "created_at": NOW, **fields}


def test_one_credential_alone_replaces_another() -> None:
    assert credentials.insert_once(row_of("old", refresh_at=NOW))
    assert credentials.insert_once(row_of("first", replaces="old"))
    assert not credentials.insert_once(row_of("second", replaces="old"))
    successor = credentials.successor_of("old")
    assert successor is not None
    assert successor.credential_id == "first"
    assert credentials.successor_of("first") is None
    assert credentials.insert_once(row_of("third"))


def test_a_lease_is_one_workers_and_tells_of_a_question_that_was_asked_before() -> None:
    credentials.insert_once(row_of("c", refresh_at=NOW))
    held = credentials.claim_refresh("c", "one")
    assert held is not None
    assert held.asked_at is None
    assert credentials.claim_refresh("c", "two") is None
    credentials.give_lease_back("c", "two", None, is_known=True)
    assert credentials.claim_refresh("c", "two") is None, "nobody gives back what is another's"
    credentials.give_lease_back("c", "one", NOW, is_known=False)
    again = credentials.claim_refresh("c", "two")
    assert again is not None
    assert (again.asked_at is not None, again.tries) == (True, 1)
    credentials.give_lease_back("c", "two", NOW, is_known=True, told_late=True)
    last = credentials.claim_refresh("c", "three")
    assert last is not None
    assert (last.asked_at, last.told_late) == (None, True)
    credentials.give_lease_back("c", "three", None, is_known=True)
    assert credentials.claim_refresh("c", "four") is None, "it is not to be refreshed any more"


def test_what_ends_is_refreshed_half_an_hour_before_or_at_half_of_its_life() -> None:
    assert refresh_time(NOW, None) is None
    assert refresh_time(NOW, NOW + timedelta(hours=2)) == NOW + timedelta(minutes=90)
    assert refresh_time(NOW, NOW + timedelta(minutes=20)) == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("document", "query", "index"),
    [
        (Credential, {"refresh_at": {"$type": "date", "$lte": NOW}}, "refresh_at_1"),
        (Credential, {"replaces": {"$type": "string", "$eq": "x"}}, "replaces_1"),
        (Account, {"check_at": {"$type": "date", "$lte": NOW}}, "check_at_1"),
    ],
)
def test_what_is_looked_for_every_few_seconds_is_found_by_its_index(
    document: Any, query: dict[str, Any], index: str
) -> None:
    assert index in str(rows_of(document).find(query).explain()["queryPlanner"]["winningPlan"])


def test_the_verbs_ask_as_their_indexes_want() -> None:
    credentials.insert_once(row_of("due", refresh_at=NOW))
    credentials.insert_once(row_of("later", refresh_at=NOW + timedelta(seconds=1)))
    credentials.insert_once(row_of("never", refresh_at=None))
    assert credentials.due_for_refresh(NOW, 10) == ["due"]
    base = {"user_id": "u", "name": "n", "venue": "v", "environment": "live", "status": "active"}
    for name, check_at in (("w", NOW), ("x", NOW + timedelta(seconds=1)), ("y", None)):
        row = {
            "_id": name,
            **base,
            "quote_asset": "USD",
            "version": 0,
            "created_at": NOW,
            "check_at": check_at,
        }
        rows_of(Account).insert_one(row)
    assert connections.take_due(NOW, 10) == ["w"]
    assert connections.take_due(NOW, 10) == [], "the next ring is some time off"
    found = connections.find("w")
    assert found is not None
    assert found.check_at == NOW + connections.RING_AGAIN


def attempt(state: str, **changes: Any) -> None:
    values: dict[str, Any] = {
        "state_hash": oauth_attempts.hash_of(state),
        "session_hash": oauth_attempts.hash_of("session"),
        "user_id": "u",
        "provider": "coinbase",
        "environment": "live",
        "verifier": b"sealed",
        "redirect_uri": "http://localhost/callback",
        "expires_at": NOW + oauth_attempts.LIFETIME,
    }
    oauth_attempts.begin(Attempt(**{**values, **changes}))


def test_a_login_is_taken_once_by_who_began_it() -> None:
    attempt("s")
    assert oauth_attempts.take("s", "other", "u", "coinbase", NOW) is Unanswerable.ANOTHERS
    assert oauth_attempts.take("s", "session", "v", "coinbase", NOW) is Unanswerable.ANOTHERS
    assert oauth_attempts.take("s", "session", "u", "alpaca", NOW) is Unanswerable.ANOTHERS
    assert oauth_attempts.take("t", "session", "u", "coinbase", NOW) is Unanswerable.UNKNOWN
    late = NOW + oauth_attempts.LIFETIME
    assert oauth_attempts.take("s", "session", "u", "coinbase", late) is Unanswerable.LATE
    taken = oauth_attempts.take("s", "session", "u", "coinbase", NOW)
    assert isinstance(taken, Attempt)
    assert taken.used_at == NOW
    assert oauth_attempts.take("s", "session", "u", "coinbase", NOW) is Unanswerable.USED
    with pytest.raises(pymongo.errors.DuplicateKeyError):
        attempt("s")
