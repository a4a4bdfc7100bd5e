"""Tokens are renewed by one worker at a time; whoever dies on the way, one valid token is left or the owner is told."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from shared.domain.accounts import AccountStatus
from shared.local import PROJECT
from shared.models import accounts, connections, credentials
from shared.models.connections import Connection
from shared.models.credentials import Credential
from shared.models.mapping import rows_of
from tests.emulators.oauth.server import OAuthServer
from tests.integration.worker.connecting.conftest import Desk
from worker.opening import open_secret
from worker.pipeline.connect import check
from worker.pipeline.refresh_tokens import PAUSE, refresh, ring_due


def token_of(desk: Desk, held: Connection) -> str:
    """Open the access token that an account uses now; there is no other row of it."""
    now = desk.look(held.account_id)
    stored = credentials.of_account(held.account_id)
    assert [item.credential_id for item in stored] == [now.credential_id]
    return open_secret(desk.driver.context.keys, stored[0])["access_token"]


def renew(desk: Desk, held: Connection) -> str:
    return refresh(desk.driver.context, [held.credential_id or ""])


def test_what_is_due_is_renewed_and_the_account_turned_to_it(desk: Desk, provider: OAuthServer) -> None:
    held = desk.connect_tokens()
    before = token_of(desk, held)
    assert ring_due() == "1 to refresh"
    desk.driver.answer_bells()
    after = desk.look(held.account_id)
    assert after.credential_id != held.credential_id
    assert token_of(desk, held) != before
    assert provider.grants.is_valid(token_of(desk, held))
    [stored] = credentials.of_account(held.account_id)
    assert stored.expires_at is not None
    assert stored.refresh_at is not None
    assert stored.expires_at - stored.refresh_at == timedelta(minutes=30)
    assert ring_due() == "0 to refresh"
    assert (desk.told(held.account_id), after.status) == ([], AccountStatus.ACTIVE)


def test_a_broker_is_opened_with_the_new_token(desk: Desk) -> None:
    held = desk.connect_tokens()
    context = desk.driver.context
    account = accounts.find(held.account_id)
    assert account is not None
    first = context.broker(account)
    renew(desk, held)
    turned = accounts.find(held.account_id)
    assert turned is not None
    assert context.broker(turned) is not first
    assert context.broker(turned) is context.broker(turned)


def test_two_workers_at_once_ask_once_and_leave_one_valid_token(desk: Desk, provider: OAuthServer) -> None:
    several = [desk.connect_tokens() for _ in range(8)]
    for held in several:
        at_once = Barrier(2)

        def work(held: Connection = held, at_once: Barrier = at_once) -> str:
            at_once.wait(5)
            return renew(desk, held)

        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(work) for _ in range(2)]
            assert sorted(item.result()[0] for item in done) in (["0", "1"], ["1", "1"])
    assert provider.count("refresh_token") == len(several)
    assert all(provider.grants.is_valid(token_of(desk, held)) for held in several)


DIE_IN_IT = """
import sys
from shared.settings import read_settings
from worker.context import open_context
from worker.failpoints import arm_failpoints
from worker.pipeline.refresh_tokens import refresh
settings = read_settings()
arm_failpoints(settings)
refresh(open_context(settings), sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("point", "asked", "is_whole"),
    [
        ("before_token_exchange", 1, True),
        ("after_token_exchange", 2, False),
        ("after_token_save", 1, True),
        ("after_token_turn", 1, True),
    ],
)
def test_a_worker_that_dies_on_the_way_is_followed_by_another(
    desk: Desk, environment: dict[str, str], tmp_path: Path, point: str, asked: int, is_whole: bool
) -> None:
    held = desk.connect_tokens()
    assert held.credential_id is not None
    death = tmp_path / point / "1"
    death.parent.mkdir()
    death.touch()
    env = {**os.environ, **environment, "FAILPOINTS": str(tmp_path)}
    child = [sys.executable, "-c", DIE_IN_IT, held.credential_id]
    assert subprocess.run(child, env=env, cwd=PROJECT, timeout=60, check=False).returncode == -9
    assert renew(desk, held) == "0 of 1 refreshed", "the lease of the dead is still in force"
    desk.end_lease(held)
    ring_due()
    desk.driver.answer_bells()
    assert desk.provider.count("refresh_token") == asked
    after = desk.look(held.account_id)
    if is_whole:
        assert desk.provider.grants.is_valid(token_of(desk, held))
        assert (after.status, desk.told(held.account_id)) == (AccountStatus.ACTIVE, [])
    else:
        # The answer died with the worker, and the provider takes the old token no more: the owner is told.
        assert after.status is AccountStatus.NEEDS_REAUTH
        assert "cut off half-way" in after.status_reason
        assert desk.told(held.account_id) == [after.status_reason]
        desk.end_lease(held)
        assert ring_due() == "0 to refresh", "nothing is asked for ever"


def test_a_lost_question_is_asked_again_with_the_old_token(desk: Desk, provider: OAuthServer) -> None:
    held = desk.connect_tokens()
    provider.strike("status", status=503)
    assert renew(desk, held) == "0 of 1 refreshed"
    [stored] = credentials.of_account(held.account_id)
    assert stored.asked_at is not None, "nobody knows whether it was spent"
    assert renew(desk, held) == "1 of 1 refreshed"
    assert provider.grants.is_valid(token_of(desk, held))


def test_access_that_was_taken_back_at_the_provider_ends_the_account_and_says_so_once(
    desk: Desk, provider: OAuthServer
) -> None:
    held = desk.connect_tokens()
    provider.grants.revoke(token_of(desk, held))
    renew(desk, held)
    after = desk.look(held.account_id)
    assert after.status is AccountStatus.NEEDS_REAUTH
    assert after.status_reason.startswith("Coinbase has taken our access back")
    assert desk.told(held.account_id) == [after.status_reason]
    desk.end_lease(held)
    assert ring_due() == "0 to refresh"


def test_a_provider_that_is_away_is_asked_again_and_the_owner_told_before_the_end_and_at_it(
    desk: Desk, provider: OAuthServer
) -> None:
    held = desk.connect_tokens()
    provider.strike("down", times=3)
    renew(desk, held)
    assert desk.told(held.account_id) == []
    [stored] = credentials.of_account(held.account_id)
    assert stored.refresh_at is not None
    assert timedelta(0) < stored.refresh_at - datetime.now(UTC) <= PAUSE
    ends_in(held, timedelta(minutes=8))
    renew(desk, held)
    renew(desk, held)
    [sentence] = desk.told(held.account_id)
    assert "cannot be renewed: it does not answer" in sentence
    provider.strike("down", times=1)
    ends_in(held, timedelta(seconds=-1))
    renew(desk, held)
    assert desk.look(held.account_id).status is AccountStatus.NEEDS_REAUTH
    assert "has ended" in desk.told(held.account_id)[-1]
    # When it is back, so is the account: the look at its new token says so.
    name = f"organizations/o/apiKeys/{held.account_id}"
    provider.grants.token_queue.append("canary-venue-late")
    desk.venue.control.issue_key(name, token="canary-venue-late", USD="1")
    assert renew(desk, held) == "1 of 1 refreshed"
    assert check(desk.driver.context, [held.account_id]) == "1 looked at, 0 forgotten"
    assert desk.look(held.account_id).status is AccountStatus.ACTIVE


def ends_in(held: Connection, left: timedelta) -> None:
    change = {"expires_at": datetime.now(UTC) + left}
    rows_of(Credential).update_one({"_id": held.credential_id}, {"$set": change})


def test_a_wrong_client_of_ours_costs_nobody_the_account(desk: Desk) -> None:
    held = desk.connect_tokens()
    context = desk.driver.context
    before = context.settings
    wrong = type(before.coinbase_oauth_client_secret)("wrong")
    context.settings = before.model_copy(update={"coinbase_oauth_client_secret": wrong})
    try:
        assert renew(desk, held) == "0 of 1 refreshed"
        context.settings = before.model_copy(update={"coinbase_oauth_client_id": ""})
        assert renew(desk, held) == "0 of 1 refreshed"
        context.settings = before.model_copy(update={"credential_public_keys": ()})
        assert renew(desk, held) == "0 of 1 refreshed", "no token is spent that could not be sealed"
    finally:
        context.settings = before
    assert desk.look(held.account_id).status is AccountStatus.ACTIVE
    assert renew(desk, held) == "1 of 1 refreshed"


def test_tokens_that_no_account_uses_are_taken_back_and_forgotten(desk: Desk, provider: OAuthServer) -> None:
    held = desk.connect_tokens()
    token = token_of(desk, held)
    desk.seal(held.account_id, "another", desk.make_key())
    rows_of(Credential).delete_one({"_id": "another"})
    connections.turn_to(held.account_id, held.credential_id or "", "another")
    assert renew(desk, held) == "0 of 1 refreshed"
    assert credentials.of_account(held.account_id) == []
    assert not provider.grants.is_valid(token)
