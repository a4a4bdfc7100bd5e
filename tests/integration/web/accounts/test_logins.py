"""A login at the broker counts once, for who began it, in its session, in time; whatever else comes stores nothing."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
import redis
from werkzeug.test import TestResponse

from shared.domain.accounts import AccountStatus
from shared.models.accounts import Account
from shared.models.credentials import Credential
from shared.models.mapping import rows_of
from shared.models.oauth_attempts import OAuthAttempt, hash_of
from tests.emulators.oauth.server import OAuthServer
from tests.emulators.oauth.visitor import visit, words_of
from tests.integration.web.accounts.conftest import WEB, Visitor, opened, settle


def begin(someone: Visitor, provider: str = "coinbase", **form: str) -> str:
    """Begin a login and return the address at the provider that the page leads to."""
    values = {"environment": "live", **form}
    page = someone.send(f"/accounts/connect/{provider}/login", at="/accounts/connect/binance", **values)
    assert page.status_code == 200, page.text
    found = re.search(r'href="([^"]+)"[^>]*data-testid="continue"', page.text)
    assert found is not None
    return unescape(found[1])


def come_back(someone: Visitor, address: str) -> TestResponse:
    parts = urlsplit(address)
    assert address.startswith(WEB)
    return someone.get(f"{parts.path}?{parts.query}")


def nothing_stored() -> bool:
    return not rows_of(Account).count_documents({}) and not rows_of(Credential).count_documents({})


def test_a_yes_connects_the_account_with_sealed_tokens(
    visitor: Callable[..., Visitor], provider: OAuthServer, prices: redis.Redis
) -> None:
    anna = visitor()
    answer = come_back(anna, visit(begin(anna, name="Coins")))
    assert answer.status_code == 302
    held = anna.account()
    assert (held.name, held.venue, held.environment, held.login) == ("Coins", "coinbase", "live", "oauth")
    assert (held.status, held.is_waiting) == (AccountStatus.CHECKING, True)
    [tokens] = opened(held.account_id)
    assert provider.grants.is_valid(tokens["access_token"])
    assert tokens["refresh_token"].startswith("canary-refresh")
    row = rows_of(Credential).find_one({"account_id": held.account_id})
    assert row is not None
    assert timedelta(minutes=20) < row["refresh_at"] - datetime.now(UTC) < timedelta(minutes=31)
    assert prices.llen("dx:sync") == 1
    assert "canary" not in anna.get("/accounts").text + answer.text


def test_alpaca_is_asked_for_the_environment_and_its_token_never_ends(
    visitor: Callable[..., Visitor], provider: OAuthServer
) -> None:
    anna = visitor()
    address = begin(anna, "alpaca", environment="sandbox")
    assert (words_of(address)["env"], urlsplit(address).path) == ("paper", "/oauth/authorize")
    provider.grants.terms = type(provider.terms)(expires_in=None, refreshes=False)
    provider.terms, before = provider.grants.terms, provider.terms
    try:
        assert come_back(anna, visit(address)).status_code == 302
    finally:
        provider.terms = provider.grants.terms = before
    row = rows_of(Credential).find_one({"account_id": anna.account().account_id})
    assert row is not None
    assert row["refresh_at"] is None


def test_access_that_ends_and_cannot_be_renewed_is_not_taken(
    visitor: Callable[..., Visitor], provider: OAuthServer
) -> None:
    anna = visitor()
    before = provider.terms
    provider.terms = provider.grants.terms = type(before)(refreshes=False)
    try:
        answer = come_back(anna, visit(begin(anna)))
    finally:
        provider.terms = provider.grants.terms = before
    assert answer.status_code == 502
    assert nothing_stored()


def test_an_answer_that_belongs_to_no_login_stores_nothing(
    visitor: Callable[..., Visitor], provider: OAuthServer
) -> None:
    anna = visitor()
    for query in ("", "code=c", "state=unknown&code=c", f"state={'s' * 5000}&code=c", "error=access_denied"):
        answer = anna.get(f"/oauth/coinbase/callback?{query}")
        assert answer.status_code == 400
        assert "Nothing was stored" in answer.text
    assert provider.log == []
    assert nothing_stored()


def test_an_answer_counts_once(visitor: Callable[..., Visitor], provider: OAuthServer) -> None:
    anna = visitor()
    address = visit(begin(anna))
    come_back(anna, address)
    again = come_back(anna, address)
    assert again.status_code == 400
    assert "used already" in again.text
    assert len(anna.accounts()) == 1
    assert provider.count("authorization_code") == 1


def test_an_answer_in_another_session_or_by_another_user_stores_nothing(
    visitor: Callable[..., Visitor], provider: OAuthServer, redis_url: str
) -> None:
    anna, same_user, bert = visitor(), visitor(), visitor("bert")
    address = visit(begin(anna))
    for stranger in (same_user, bert):
        answer = come_back(stranger, address)
        assert answer.status_code == 400
        assert "another session" in answer.text
    assert anna.client.application.test_client().get(address.removeprefix(WEB)).status_code == 302
    assert provider.log == []
    assert nothing_stored()
    assert come_back(anna, address).status_code == 302, "who began it may still answer"


def test_an_answer_after_ten_minutes_stores_nothing(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    address = visit(begin(anna))
    late = {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}}
    rows_of(OAuthAttempt).update_many({}, late)
    answer = come_back(anna, address)
    assert answer.status_code == 400
    assert "longer than ten minutes" in answer.text
    assert nothing_stored()


def test_a_code_is_not_taken_twice_whatever_login_it_comes_with(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    first = words_of(visit(begin(anna)))
    second = words_of(visit(begin(anna)))
    assert (
        anna.get(f"/oauth/coinbase/callback?state={first['state']}&code={first['code']}").status_code == 302
    )
    replay = anna.get(f"/oauth/coinbase/callback?state={second['state']}&code={first['code']}")
    assert replay.status_code == 400
    assert "does not take this answer" in replay.text
    assert len(anna.accounts()) == 1


def test_an_answer_of_one_provider_is_not_taken_at_the_door_of_another(
    visitor: Callable[..., Visitor], provider: OAuthServer
) -> None:
    anna = visitor()
    words = words_of(visit(begin(anna)))
    answer = anna.get(f"/oauth/alpaca/callback?state={words['state']}&code={words['code']}")
    assert answer.status_code == 400
    assert provider.log == []
    assert anna.get("/oauth/nobody/callback?state=s").status_code == 404


def test_a_redirect_address_that_was_changed_leads_nowhere(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    address = begin(anna)
    with pytest.raises(AssertionError, match="not known"):
        visit(address, redirect_uri="https://evil.example/")
    back = visit(address)
    rows_of(OAuthAttempt).update_many({}, {"$set": {"redirect_uri": "http://localhost/elsewhere"}})
    assert come_back(anna, back).status_code == 400
    assert nothing_stored()


def test_a_no_at_the_broker_stores_nothing_and_ends_the_login(
    visitor: Callable[..., Visitor], provider: OAuthServer
) -> None:
    anna = visitor()
    address = visit(begin(anna), "deny")
    assert come_back(anna, address).status_code == 403
    assert come_back(anna, address).status_code == 400
    assert provider.log == []
    assert nothing_stored()


@pytest.mark.parametrize("kind", ["down", "status", "garbage", "redirect", "lost"])
def test_a_broker_that_is_in_trouble_stores_nothing_and_is_asked_once(
    visitor: Callable[..., Visitor], provider: OAuthServer, kind: str
) -> None:
    anna = visitor()
    address = visit(begin(anna))
    provider.strike(kind)
    answer = come_back(anna, address)
    assert answer.status_code == 502
    assert "Nothing was stored" in answer.text
    assert provider.count("authorization_code") == 1
    assert nothing_stored()


def test_of_a_hundred_answers_that_are_none_not_one_connects_anything(
    visitor: Callable[..., Visitor], provider: OAuthServer, redis_url: str
) -> None:
    anna, same_user, bert = visitor(), visitor(), visitor("bert")
    used = visit(begin(anna))
    come_back(anna, used)
    before = (rows_of(Account).count_documents({}), rows_of(Credential).count_documents({}))
    tried = 0
    for _ in range(20):
        # The limit on tries would refuse them first: here each is looked at.
        with redis.Redis.from_url(redis_url) as counters:
            counters.flushall()
        fresh = words_of(visit(begin(anna)))
        late = words_of(visit(begin(anna)))
        state = {"_id": hash_of(late["state"])}
        rows_of(OAuthAttempt).update_one(state, {"$set": {"expires_at": datetime.now(UTC)}})
        callback = "/oauth/coinbase/callback"
        answers = [
            anna.get(f"{callback}?code={fresh['code']}"),
            come_back(anna, used),
            same_user.get(f"{callback}?state={fresh['state']}&code={fresh['code']}"),
            bert.get(f"{callback}?state={fresh['state']}&code={fresh['code']}"),
            anna.get(f"{callback}?state={late['state']}&code={late['code']}"),
        ]
        assert {answer.status_code for answer in answers} == {400}
        tried += len(answers)
    assert tried == 100
    assert before == (rows_of(Account).count_documents({}), rows_of(Credential).count_documents({}))
    assert provider.count("authorization_code") == 1


def test_what_is_stored_of_a_login_answers_in_nobodys_name(visitor: Callable[..., Visitor]) -> None:
    anna = visitor()
    address = begin(anna)
    [row] = list(rows_of(OAuthAttempt).find())
    assert words_of(address)["state"] not in str(row)
    with anna.client.session_transaction() as session:
        assert session["sid"] not in str(row)
    assert words_of(address)["code_challenge_method"] == "S256"


def test_an_account_is_connected_again_by_the_same_way(
    visitor: Callable[..., Visitor], provider: OAuthServer
) -> None:
    anna, bert = visitor(), visitor("bert")
    come_back(anna, visit(begin(anna)))
    held = anna.account()
    settle(held.account_id, status="needs_reauth")
    refused = bert.send("/accounts/connect/coinbase/login", account_id=held.account_id)
    assert refused.status_code == 404
    assert come_back(anna, visit(begin(anna, account_id=held.account_id))).status_code == 302
    again = anna.account()
    assert (again.account_id, again.credential_id) == (held.account_id, held.credential_id)
    assert again.candidate_id is not None
    assert "Sign in at Coinbase again" in anna.get(f"/accounts/{held.account_id}/key").text


def test_without_keys_that_seal_nothing_is_begun(
    visitor: Callable[..., Visitor], provider: OAuthServer
) -> None:
    anna = visitor()
    settings = anna.client.application.extensions["trade_executor_settings"]
    bare = settings.model_copy(update={"credential_public_keys": ()})
    anna.client.application.extensions["trade_executor_settings"] = bare
    try:
        page = anna.send("/accounts/connect/coinbase/login", environment="live")
        by_key = anna.send("/accounts/connect/binance", environment="live", api_key="k", secret="s")
    finally:
        anna.client.application.extensions["trade_executor_settings"] = settings
    for answer in (page, by_key):
        assert answer.status_code == 400
        assert "cannot keep keys yet" in answer.text
    assert rows_of(OAuthAttempt).count_documents({}) == 0
    assert nothing_stored()
