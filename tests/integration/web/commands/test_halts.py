"""Halts: written first, then what waits in scope is denied, and nothing else."""

import threading
import time

import pymongo
import pytest

from shared.domain.halts import HaltState, strictest
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.models import halts, orders
from shared.models.mapping import rows_of
from shared.models.records import AuditEntry
from shared.models.users import Community
from tests.integration.web.commands.conftest import Run
from tests.integration.web.commands.rows import make_order
from tests.integration.web.commands.test_creates import connect, make_provider, make_user
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("empty_servers")


def status_of(order_id: str) -> OrderStatus:
    found = orders.find(order_id)
    assert found is not None
    return found.status


def halt(run: Run, scope: str, *more: str, state: str = "reducing"):
    return run("halt", "--scope", scope, "--state", state, "--reason", "news", "--json", *more)


def test_a_halt_denies_the_waiting_entries_of_its_scope_and_leaves_the_rest(run: Run):
    user_id = make_user(run)
    theirs, sent = make_order(user_id=user_id), make_order(user_id=user_id, status=OrderStatus.SUBMITTED)
    stop, other = make_order(user_id=user_id, purpose=Purpose.STOP), make_order(user_id="somebody-else")
    answer = halt(run, f"user:{user_id}").row
    assert (answer["scope"], answer["denied"], answer["on_their_way"]) == (f"user:{user_id}", 1, 1)
    denied = orders.find(theirs.order_id)
    assert denied is not None
    assert (denied.status, denied.code, denied.unsettled) == (OrderStatus.DENIED, "HALT", True)
    assert orders.events_of(theirs.order_id)[-1]["detail"] == f"user:{user_id} is reducing: news"
    assert status_of(sent.order_id) is OrderStatus.SUBMITTED
    assert status_of(stop.order_id) is status_of(other.order_id) is OrderStatus.INITIALIZED


def test_every_kind_of_scope_finds_its_orders_by_id_or_name(run: Run):
    make_user(run)
    provider_id = make_provider(run)
    account_id = connect(run).row["id"]
    community = rows_of(Community).find_one({})
    assert community is not None
    cases = {
        "global": {},
        f"community:{community['_id']}": {"provider_id": provider_id},
        "community:11": {"provider_id": provider_id},
        "provider:Alpha": {"provider_id": provider_id},
        f"account:{account_id}": {"account_id": account_id},
    }
    for scope, subject in cases.items():
        order = make_order(**subject)
        assert halt(run, scope).row["denied"] == 1, scope
        assert status_of(order.order_id) is OrderStatus.DENIED
    in_force = {found.scope for found in halts.in_force()}
    assert in_force == {
        "global",
        f"community:{community['_id']}",
        f"provider:{provider_id}",
        f"account:{account_id}",
    }


def test_entries_that_come_back_while_it_settles_are_denied_too(run: Run, mongodb_uri: str):
    make_order()
    late: list[str] = []

    def come_back() -> None:
        # A client of its own: the command connects this process anew while this thread looks.
        with pymongo.MongoClient[dict[str, object]](mongodb_uri) as client:
            written = client.get_default_database()["halts"]
            wait_until(lambda: written.find_one({"_id": "global"}), "the halt is written")
        time.sleep(0.2)
        late.append(make_order().order_id)

    worker = threading.Thread(target=come_back)
    worker.start()
    answer = halt(run, "global", state="halted").row
    worker.join()
    assert answer["denied"] == 2
    assert status_of(late[0]) is OrderStatus.DENIED


def test_the_answer_comes_after_the_time_in_which_an_earlier_look_may_still_send(run: Run):
    started = time.monotonic()
    halt(run, "global")
    assert time.monotonic() - started >= 0.5


def test_resume_lets_the_scope_trade_again_and_both_are_in_the_audit_log(run: Run):
    halt(run, "global", state="halted")
    halt(run, "global", state="reducing")
    assert strictest(halts.in_force(), ["global"]).state is HaltState.REDUCING  # type: ignore[union-attr]
    assert run("resume", "--scope", "global", "--json").row["was"] == "reducing"
    assert halts.in_force() == []
    assert run("resume", "--scope", "global", "--json").row["was"] == "active"
    assert rows_of(AuditEntry).count_documents({"action": "halt", "subject": "global"}) == 2
    assert rows_of(AuditEntry).count_documents({"action": "resume", "subject": "global"}) == 2


def test_scopes_and_states_that_do_not_exist_change_nothing(run: Run):
    assert halt(run, "planet:earth").refused("scope must be global or one of")
    assert halt(run, "global:1").refused("takes no id")
    assert halt(run, "user").refused("an id is missing")
    assert halt(run, "user:nobody").refused("no user")
    assert halt(run, "account:none").refused("no account")
    assert halt(run, "global", state="active").refused("'active' is not one of", status=2)
    assert halt(run, "global", "--flatten").refused("not in this version")
    assert run("halt", "--scope", "global", "--state", "halted").refused("--reason", status=2)
    assert run("resume", "--scope", "user:nobody").refused("no user")
    assert halts.in_force() == []
