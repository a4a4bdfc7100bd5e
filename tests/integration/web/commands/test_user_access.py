"""`users disable | enable | admin | sign-out | reset-second-factor`: in force at once, and written down."""

from datetime import UTC, datetime

import pytest

from shared.models import factors, sessions
from shared.models.audit import AuditEntry
from shared.models.mapping import rows_of
from shared.models.sessions import BrowserSession
from shared.models.users import User
from tests.integration.web.commands.conftest import Run
from tests.integration.web.commands.test_creates import make_user
from tests.sample.sessions import begin_session

pytestmark = pytest.mark.usefixtures("empty_servers")


def user_row() -> dict[str, object]:
    row = rows_of(User).find_one({"name": "Ada"})
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("words", "field", "value", "action"),
    [
        (("disable",), "is_disabled", True, "user.disable"),
        (("enable",), "is_disabled", False, "user.enable"),
        (("admin", "--grant"), "is_admin", True, "user.admin"),
        (("admin", "--revoke"), "is_admin", False, "user.admin"),
    ],
)
def test_a_change_of_who_gets_in_ends_every_session(
    run: Run, words: tuple[str, ...], field: str, value: bool, action: str
) -> None:
    user_id = make_user(run)
    token = begin_session(user_id)
    verb, *rest = words
    assert run("users", verb, "--user", "Ada", *rest, "--json").row == {
        "user_id": user_id,
        field: value,
        "sessions_ended": 1,
    }
    assert user_row()[field] is value
    assert sessions.find_alive(token, datetime.now(UTC)) is None
    assert rows_of(AuditEntry).count_documents({"action": action, "subject": user_id}) == 1


def test_signing_somebody_out_ends_theirs_and_nobody_elses(run: Run) -> None:
    user_id = make_user(run)
    begin_session(user_id)
    begin_session(user_id)
    begin_session("somebody-else")
    assert run("users", "sign-out", "--user", "Ada", "--json").row["sessions_ended"] == 2
    assert rows_of(BrowserSession).count_documents({}) == 1


def test_a_second_factor_that_is_lost_is_taken_away(run: Run) -> None:
    user_id = make_user(run)
    factors.put(user_id, b"sealed", 1, [], datetime.now(UTC))
    assert run("users", "reset-second-factor", "--user", "Ada", "--json").row["user_id"] == user_id
    assert factors.find(user_id) is None
    assert run("users", "reset-second-factor", "--user", "nobody", "--json").refused("nobody")


def test_a_role_is_given_or_taken_and_never_guessed(run: Run) -> None:
    make_user(run)
    assert run("users", "admin", "--user", "Ada").status == 2
