"""A key counts only after a worker has looked at it; one that replaces another takes its place only then."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.accounts import AccountStatus
from shared.models import accounts, connections, credentials
from shared.models.accounts import Account
from shared.models.base import new_id
from shared.models.connections import Connection
from shared.models.credentials import Credential
from shared.models.mapping import rows_of
from shared.models.trades import Trade
from tests.emulators.oauth.server import OAuthServer
from tests.integration.worker.connecting.conftest import Desk
from worker.pipeline.connect import NO_ANSWER, check
from worker.pipeline.keys import MAY_NOT_TRADE, MAY_WITHDRAW, REFUSED_KEY
from worker.pipeline.sweep import sweep


def checked(desk: Desk, held: Connection) -> Connection:
    check(desk.driver.context, [held.account_id])
    return desk.look(held.account_id)


def offer(desk: Desk, held: Connection, **account: object) -> str:
    """Offer another key for an account, as its owner does on the page."""
    credential_id = desk.seal(held.account_id, new_id(), desk.make_key(**account))
    assert connections.offer_candidate("anna", held.account_id, credential_id, datetime.now(UTC))[0]
    return credential_id


def test_a_good_key_makes_the_account_active_with_its_balance_and_rights(desk: Desk) -> None:
    found = checked(desk, desk.connect_key())
    assert (found.status, found.status_reason, found.is_waiting) == (AccountStatus.ACTIVE, "", False)
    assert (found.key_rights["trade"], found.key_rights["withdraw"]) == (True, False)
    assert found.balance_total == Decimal(5000)
    assert found.key_checked_at is not None
    assert desk.driver.bells() == 1, "the page hears of it"


@pytest.mark.parametrize(
    ("account", "status", "reason"),
    [
        ({"can_withdraw": True}, AccountStatus.REFUSED, MAY_WITHDRAW),
        ({"can_trade": False}, AccountStatus.REFUSED, MAY_NOT_TRADE),
    ],
)
def test_a_key_with_the_wrong_rights_is_refused_with_what_to_do(
    desk: Desk, account: dict[str, bool], status: AccountStatus, reason: str
) -> None:
    held = desk.connect_key(**account)
    found = checked(desk, held)
    assert (found.status, found.status_reason, found.is_waiting) == (status, reason, False)
    assert desk.told(held.account_id) == [reason]


def test_a_key_that_the_venue_does_not_know_must_be_connected_again(desk: Desk) -> None:
    held = desk.connect_key()
    name = f"organizations/o/apiKeys/{held.account_id.removeprefix('account-')}"
    desk.venue.control.change_account(name, secret="another seed")
    found = checked(desk, held)
    assert (found.status, found.status_reason) == (AccountStatus.NEEDS_REAUTH, REFUSED_KEY)


def test_a_venue_that_does_not_answer_decides_nothing_and_is_asked_again_by_the_sweep(desk: Desk) -> None:
    held = desk.connect_key()
    fault = desk.venue.control.add_fault("drop_before")
    found = checked(desk, held)
    desk.venue.control.clear_faults(fault)
    assert (found.status, found.note, found.is_waiting) == (AccountStatus.CHECKING, NO_ANSWER, True)
    past = {"$set": {"check_at": datetime(2026, 1, 1, tzinfo=UTC)}}
    rows_of(Account).update_one({"_id": held.account_id}, past)
    sweep(desk.driver.context)
    desk.driver.answer_bells()
    assert (desk.look(held.account_id).status, desk.look(held.account_id).note) == (AccountStatus.ACTIVE, "")


def test_a_new_key_takes_the_place_of_the_old_one_once_it_was_seen_to_be_good(desk: Desk) -> None:
    held = checked(desk, desk.connect_key())
    candidate = offer(desk, held)
    assert desk.look(held.account_id).credential_id == held.credential_id, "the old one works meanwhile"
    found = checked(desk, held)
    assert (found.credential_id, found.candidate_id) == (candidate, None)
    assert [item.credential_id for item in credentials.of_account(held.account_id)] == [candidate]


def test_a_key_of_another_account_than_the_one_whose_trades_are_open_is_not_taken(desk: Desk) -> None:
    desk.venue.control.set_price("BTC-USD", "100")
    held = checked(desk, desk.connect_key(BTC="1"))
    numbers = {
        "planned_quantity": Decimal(1),
        "planned_entry": Decimal(100),
        "entered": Decimal(1),
        "held": Decimal(1),
    }
    names = dict.fromkeys(("trading_bot_id", "provider_id", "signal_id", "source", "channel_id"), "x")
    place = {"venue": "coinbase", "environment": "live", "symbol": "BTC/USD", "side": "buy"}
    life = {"status": "open", "stop_source": "message", "version": 0, "created_at": datetime.now(UTC)}
    owner = {"_id": "open", "message_id": "m", "user_id": "anna", "account_id": held.account_id}
    rows_of(Trade).insert_one({**owner, **numbers, **names, **place, **life})
    offer(desk, held)
    found = checked(desk, held)
    assert found.credential_id == held.credential_id
    assert found.note.startswith("This key opens another account: BTC/USD is open here")
    taken = offer(desk, held, BTC="1")
    assert checked(desk, held).credential_id == taken


@pytest.mark.parametrize("status", [AccountStatus.ACTIVE, AccountStatus.NEEDS_REAUTH])
def test_a_new_key_that_is_not_good_leaves_the_old_one_where_it_is(desk: Desk, status: AccountStatus) -> None:
    held = checked(desk, desk.connect_key())
    rows_of(Account).update_one({"_id": held.account_id}, {"$set": {"status": str(status)}})
    offer(desk, held, can_withdraw=True)
    found = checked(desk, held)
    assert (found.credential_id, found.candidate_id, found.status) == (held.credential_id, None, status)
    assert found.note == MAY_WITHDRAW
    assert [item.credential_id for item in credentials.of_account(held.account_id)] == [held.credential_id]


def test_an_account_that_must_be_connected_again_is_active_with_a_good_key(desk: Desk) -> None:
    held = checked(desk, desk.connect_key(can_trade=False))
    assert held.status is AccountStatus.REFUSED
    offer(desk, held)
    assert checked(desk, held).status is AccountStatus.ACTIVE


def test_a_key_refused_elsewhere_is_looked_at_once_more_and_its_owner_told(desk: Desk) -> None:
    held = checked(desk, desk.connect_key())
    # An order was refused for the token before the one that is stored now.
    accounts.set_status(held.account_id, AccountStatus.NEEDS_REAUTH, REFUSED_KEY)
    assert desk.look(held.account_id).is_waiting
    assert checked(desk, held).status is AccountStatus.ACTIVE


def test_what_is_disconnected_is_forgotten_and_stays_so(desk: Desk) -> None:
    held = checked(desk, desk.connect_key())
    assert connections.disconnect("anna", held.account_id, datetime.now(UTC), "You disconnected it.")
    accounts.set_status(held.account_id, AccountStatus.ACTIVE, "")
    found = checked(desk, held)
    assert (found.status, found.credential_id, found.is_waiting) == (AccountStatus.REVOKED, None, False)
    assert rows_of(Credential).count_documents({"account_id": held.account_id}) == 0
    assert desk.told(held.account_id) == ["You disconnected it."]


def test_a_key_that_is_given_up_while_it_is_looked_at_is_not_taken(desk: Desk) -> None:
    held = checked(desk, desk.connect_key())
    offer(desk, held)
    seen = desk.look(held.account_id)
    connections.disconnect("anna", held.account_id, datetime.now(UTC), "")
    assert not connections.promote(seen, "key", {}, datetime.now(UTC))
    assert desk.look(held.account_id).status is AccountStatus.REVOKED


def test_tokens_are_taken_back_at_their_provider_when_the_account_goes(
    desk: Desk, provider: OAuthServer
) -> None:
    held = desk.connect_tokens()
    assert provider.grants.families[-1].revoked is False
    connections.disconnect("anna", held.account_id, datetime.now(UTC), "")
    provider.strike("down")
    assert checked(desk, held).is_waiting, "it is asked again"
    assert not provider.grants.families[-1].revoked
    assert checked(desk, held).credential_id is None
    assert provider.grants.families[-1].revoked
    assert provider.count("revoke") == 2


def test_tokens_of_a_consent_open_the_account(desk: Desk) -> None:
    found = checked(desk, connected_by_oauth(desk))
    assert (found.status, found.balance_total) == (AccountStatus.ACTIVE, Decimal(5000))
    # The venue does not tell what a token may do: its scopes were looked at when it was given.
    assert found.key_rights == {}


def connected_by_oauth(desk: Desk) -> Connection:
    return desk.connect_tokens(status="checking")
