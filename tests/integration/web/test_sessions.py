"""Sessions: random, single, short; worth nothing after their end, whoever has a copy of the cookie."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

import pytest
from flask import Flask
from flask import session as flask_session
from flask.testing import FlaskClient

from shared.models import sessions
from shared.models.mapping import rows_of
from shared.models.sessions import BrowserSession
from shared.models.users import User
from tests.integration.web.forms import send
from tests.sample.house import add_user
from web.auth.session import confirm_session

pytestmark = pytest.mark.usefixtures("empty_servers")
SignIn = Callable[..., FlaskClient]
SECURITY = "/settings/security"


def row_of(user_id: str) -> dict[str, object]:
    found = rows_of(BrowserSession).find_one({"user_id": user_id})
    assert found is not None
    return found


def move(user_id: str, **ago: timedelta) -> None:
    """Let time pass for a session: each named moment moves back by so much."""
    row = row_of(user_id)
    moved = {name: row[name] - by for name, by in ago.items()}  # type: ignore[operator]
    rows_of(BrowserSession).update_one({"_id": row["_id"]}, {"$set": moved})


def is_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


def test_a_session_ends_after_half_an_hour_without_use(sign_in: SignIn, now: datetime) -> None:
    client = sign_in(add_user("anna", now))
    move("anna", expires_at=timedelta(minutes=29, seconds=50))
    assert is_in(client)
    move("anna", expires_at=timedelta(minutes=30))
    assert not is_in(client)


def test_use_keeps_it_alive_and_is_written_once_a_minute(sign_in: SignIn, now: datetime) -> None:
    client = sign_in(add_user("anna", now))
    before = row_of("anna")["seen_at"]
    assert is_in(client)
    assert row_of("anna")["seen_at"] == before
    move("anna", expires_at=timedelta(minutes=25), seen_at=timedelta(minutes=25))
    assert is_in(client)
    assert row_of("anna")["expires_at"] > datetime.now(UTC) + timedelta(minutes=29)  # type: ignore[operator]


def test_no_session_lasts_longer_than_twelve_hours_however_it_is_used(
    sign_in: SignIn, now: datetime
) -> None:
    client = sign_in(add_user("anna", now))
    move("anna", ends_at=timedelta(hours=11, minutes=50), seen_at=timedelta(minutes=5))
    assert is_in(client)
    assert row_of("anna")["expires_at"] == row_of("anna")["ends_at"]
    move("anna", ends_at=timedelta(minutes=10), expires_at=timedelta(minutes=-20))
    assert not is_in(client)


def test_a_cookie_of_before_signing_out_is_worth_nothing(sign_in: SignIn, app: Flask, now: datetime) -> None:
    client = sign_in(add_user("anna", now))
    copied = client.get_cookie("session")
    assert copied is not None
    assert send(client, "/logout", "/").status_code == 302
    thief = app.test_client()
    thief.set_cookie("session", copied.value)
    assert not is_in(thief)
    assert rows_of(BrowserSession).count_documents({}) == 0


def test_a_token_that_the_visitor_brought_is_never_taken_over(app: Flask, now: datetime) -> None:
    add_user("demo", now, discord_id="demo-follower")
    client = app.test_client()
    with client.session_transaction() as session:
        session["sid"] = "a-token-that-somebody-planted"
        session["visitor"] = "planted-too"
    assert send(client, "/login/demo", "/login", next="/").status_code == 302
    with client.session_transaction() as session:
        assert session["sid"] != "a-token-that-somebody-planted"
        assert "visitor" not in session
    assert sessions.find_alive("a-token-that-somebody-planted", now) is None


def test_signing_in_and_showing_the_second_factor_each_give_a_new_token(
    sign_in: SignIn, app: Flask, now: datetime
) -> None:
    client = sign_in(add_user("anna", now))
    with client.session_transaction() as session:
        first = session["sid"]
    with app.test_request_context("/"):
        flask_session["sid"] = first
        confirm_session()
        second = flask_session["sid"]
    assert second != first
    assert not is_in(client)
    found = sessions.find_alive(second, datetime.now(UTC))
    assert found is not None
    assert found.confirmed_at is not None


def test_a_user_who_is_disabled_or_gone_is_out_at_once(sign_in: SignIn, now: datetime) -> None:
    anna, bert = sign_in(add_user("anna", now)), sign_in(add_user("bert", now))
    rows_of(User).update_one({"_id": "anna"}, {"$set": {"is_disabled": True}})
    rows_of(User).delete_one({"_id": "bert"})
    assert not is_in(anna)
    assert not is_in(bert)


def test_the_page_lists_ones_own_sessions_and_ends_them(sign_in: SignIn, now: datetime) -> None:
    here, there = sign_in(add_user("anna", now)), sign_in("anna")
    foreign = sign_in(add_user("bert", now))
    page = here.get(SECURITY).text
    assert page.count("data-session") == 2
    with there.session_transaction() as session:
        other = sessions.id_of(session["sid"])
    with foreign.session_transaction() as session:
        not_ours = sessions.id_of(session["sid"])
    assert send(here, f"{SECURITY}/sessions/{not_ours}/end", SECURITY).status_code == 404
    assert is_in(foreign)
    assert send(here, f"{SECURITY}/sessions/{other}/end", SECURITY).status_code == 303
    assert not is_in(there)
    assert is_in(here)


def test_everywhere_else_is_everywhere_but_here(sign_in: SignIn, now: datetime) -> None:
    here, *others = (sign_in(add_user("anna", now)), sign_in("anna"), sign_in("anna"))
    foreign = sign_in(add_user("bert", now))
    assert send(here, f"{SECURITY}/sessions/end-others", SECURITY).status_code == 303
    assert is_in(here)
    assert not any(is_in(client) for client in others)
    assert is_in(foreign)


def test_ending_the_session_one_is_in_leads_to_the_login(sign_in: SignIn, now: datetime) -> None:
    client = sign_in(add_user("anna", now))
    own = str(row_of("anna")["_id"])
    assert send(client, f"{SECURITY}/sessions/{own}/end", SECURITY).headers["Location"] == "/login"
    assert not is_in(client)


def test_ten_thousand_tokens_are_ten_thousand_and_each_has_256_bits() -> None:
    tokens = {token_urlsafe(32) for _ in range(10_000)}
    assert len(tokens) == 10_000
    assert min(len(token) for token in tokens) * 6 >= 256
