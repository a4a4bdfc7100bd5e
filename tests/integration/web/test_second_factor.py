"""The second factor: each code once, five tries, no way round it, and what it protects stays closed without it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from shared.models import factors
from shared.models.audit import AuditEntry
from shared.models.factors import SecondFactor
from shared.models.mapping import rows_of
from shared.models.sessions import BrowserSession
from shared.models.users import User
from shared.settings import Settings
from tests.integration.web.forms import send
from tests.sample.house import add_user
from tests.sample.server import SECRET_KEY
from web import create_app
from web.auth.policy import admin, fresh
from web.auth.second_factor import SecondFactors, Shown

pytestmark = pytest.mark.usefixtures("database", "empty_servers")
SignIn = Callable[..., FlaskClient]
FACTORS = SecondFactors(SecretStr(SECRET_KEY))
CONFIRM, SET_UP = "/login/confirm", "/settings/security/second-factor"


def code_at(seed: str, moment: datetime) -> str:
    return pyotp.TOTP(seed).at(moment)


def turn_on(user_id: str, moment: datetime) -> tuple[str, list[str]]:
    proposal = FACTORS.propose(user_id)
    assert proposal is not None
    codes = FACTORS.confirm(user_id, proposal.form, code_at(proposal.seed, moment), moment)
    assert codes
    return proposal.seed, codes


def test_setting_it_up_shows_a_picture_takes_the_first_code_and_ends_every_other_session(
    sign_in: SignIn, now: datetime
) -> None:
    client, elsewhere = sign_in(add_user("anna", now)), sign_in("anna")
    page = client.get(SET_UP).text
    found = re.search(r"data-seed>([A-Z2-7 ]+)<", page)
    assert found is not None
    assert 'src="data:image/svg+xml' in page
    seed = found[1].replace(" ", "")
    carried = re.search(r'name="proposal" value="([^"]+)"', page)
    assert carried is not None
    again = send(client, SET_UP, SET_UP, code="000000", next="/", proposal=carried[1])
    assert again.status_code == 403
    assert found[1] in again.text, "after a wrong code the same picture is shown"
    code = code_at(seed, datetime.now(UTC))
    done = send(client, SET_UP, SET_UP, code=code, next="/", proposal=carried[1])
    assert len(re.findall(r"data-recovery>([a-z2-9-]{11})<", done.text)) == 10
    assert elsewhere.get("/").status_code == 302
    assert client.get(SET_UP).headers["Location"] == "/settings/security"
    row = rows_of(SecondFactor).find_one({"_id": "anna"})
    assert row is not None
    assert seed.encode() not in row["sealed_seed"]
    assert not any(seed in str(line) for line in rows_of(AuditEntry).find())


def test_a_code_is_good_once_and_neither_are_those_before_it(now: datetime) -> None:
    seed, _ = turn_on("anna", now - timedelta(minutes=5))
    assert FACTORS.show("anna", code_at(seed, now), now) is Shown.GOOD
    assert FACTORS.show("anna", code_at(seed, now), now) is Shown.WRONG
    assert FACTORS.show("anna", code_at(seed, now - timedelta(seconds=30)), now) is Shown.WRONG
    assert FACTORS.show("anna", code_at(seed, now + timedelta(seconds=30)), now) is Shown.GOOD


def test_the_first_code_is_spent_by_setting_it_up(now: datetime) -> None:
    seed, _ = turn_on("anna", now)
    assert FACTORS.show("anna", code_at(seed, now), now) is Shown.WRONG


def test_of_twenty_at_once_with_the_same_code_one_gets_in(now: datetime) -> None:
    seed, _ = turn_on("anna", now - timedelta(minutes=5))
    code = code_at(seed, now)
    with ThreadPoolExecutor(20) as pool:
        shown = list(pool.map(lambda _: FACTORS.show("anna", code, now), range(20)))
    assert shown.count(Shown.GOOD) == 1


def test_a_recovery_code_is_good_once_even_for_twenty_at_once(now: datetime) -> None:
    _, codes = turn_on("anna", now)
    with ThreadPoolExecutor(20) as pool:
        shown = list(pool.map(lambda _: FACTORS.show("anna", codes[0].upper(), now), range(20)))
    assert shown.count(Shown.RECOVERY) == 1
    assert FACTORS.state("anna").recovery_left == 9
    assert FACTORS.show("anna", codes[1], now + timedelta(minutes=15)) is Shown.RECOVERY


def test_new_recovery_codes_make_the_old_ones_worthless(now: datetime) -> None:
    _, old = turn_on("anna", now)
    new = FACTORS.renew_recovery("anna")
    assert FACTORS.show("anna", old[0], now) is Shown.WRONG
    assert FACTORS.show("anna", new[0], now) is Shown.RECOVERY


def test_five_wrong_codes_lock_it_for_a_quarter_of_an_hour_also_for_the_right_one(now: datetime) -> None:
    seed, _ = turn_on("anna", now - timedelta(hours=1))
    assert [FACTORS.show("anna", "000000", now) for _ in range(6)] == [*[Shown.WRONG] * 5, Shown.LOCKED]
    assert FACTORS.show("anna", code_at(seed, now), now) is Shown.LOCKED
    later = now + timedelta(minutes=15)
    assert FACTORS.show("anna", code_at(seed, later), later) is Shown.GOOD


def test_guessing_all_day_gets_no_more_than_five_tries_a_quarter(now: datetime) -> None:
    turn_on("anna", now - timedelta(hours=1))
    tried = 0
    for quarter in range(8):
        at = now + timedelta(minutes=16 * quarter)
        tried += sum(FACTORS.show("anna", f"{n:06d}", at) is not Shown.LOCKED for n in range(50))
    assert tried <= 8 * 5


def test_a_proposal_is_its_users_own_and_opens_nothing(now: datetime) -> None:
    proposal = FACTORS.propose("anna")
    assert proposal is not None
    code = code_at(proposal.seed, now)
    assert FACTORS.show("anna", code, now) is Shown.WRONG
    assert FACTORS.confirm("bert", proposal.form, code, now) == []
    assert FACTORS.confirm("anna", "bWFkZSB1cA==", code, now) == []
    assert FACTORS.confirm("anna", "é", code, now) == []
    assert not FACTORS.state("anna").is_on


def test_a_factor_in_force_is_not_replaced_by_another_proposal(now: datetime) -> None:
    early = FACTORS.propose("anna")
    turn_on("anna", now)
    assert early is not None
    assert FACTORS.propose("anna") is None
    assert FACTORS.confirm("anna", early.form, code_at(early.seed, now), now) == []


def test_under_a_new_secret_key_no_code_is_taken_and_a_reset_helps(now: datetime) -> None:
    seed, codes = turn_on("anna", now - timedelta(minutes=5))
    renewed = SecondFactors(SecretStr("another-secret-key-of-32-characters"))
    assert renewed.show("anna", code_at(seed, now), now) is Shown.WRONG
    assert renewed.show("anna", codes[0], now) is Shown.WRONG
    assert factors.remove("anna")
    assert renewed.propose("anna")


@pytest.fixture(scope="module")
def guarded(web_settings: Settings, database: None) -> Flask:
    """An app with a door for those who have just shown it, and one for admins."""
    app = create_app(web_settings)
    app.add_url_rule("/fresh", "fresh", fresh(lambda: "opened"), methods=["GET", "POST"])
    app.add_url_rule("/admin-only", "admin_only", admin(lambda: "opened"))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def enter(app: Flask, signed_in: FlaskClient) -> FlaskClient:
    client, cookie = app.test_client(), signed_in.get_cookie("session")
    assert cookie is not None
    client.set_cookie("session", cookie.value)
    return client


def test_a_dangerous_page_leads_to_the_code_and_back(guarded: Flask, sign_in: SignIn, now: datetime) -> None:
    client = enter(guarded, sign_in(add_user("anna", now)))
    assert client.get("/fresh?a=1").headers["Location"] == "/login/confirm?next=/fresh?a%3D1"
    assert client.get("/login/confirm?next=/fresh").headers["Location"].startswith(SET_UP)
    seed, _ = turn_on("anna", now - timedelta(minutes=5))
    assert "Show that it is you" in client.get("/login/confirm?next=/fresh").text
    assert send(client, CONFIRM, CONFIRM, code="000000", next="/fresh").status_code == 403
    assert client.get("/fresh").status_code == 303
    led = send(client, CONFIRM, CONFIRM, code=code_at(seed, datetime.now(UTC)), next="/fresh")
    assert led.headers["Location"] == "/fresh"
    assert client.get("/fresh").text == "opened"


def test_a_program_is_told_that_a_code_is_needed(guarded: Flask, sign_in: SignIn, now: datetime) -> None:
    client = enter(guarded, sign_in(add_user("anna", now)))
    refused = client.get("/fresh", headers={"Accept": "application/json"})
    assert refused.status_code == 401
    assert refused.json is not None
    assert refused.json["error"]["code"] == "step_up_required"


def test_what_is_sent_without_it_is_not_done(guarded: Flask, sign_in: SignIn, now: datetime) -> None:
    client = enter(guarded, sign_in(add_user("anna", now)))
    assert send(client, "/fresh", "/settings/security").status_code == 303


def test_it_stays_open_for_ten_minutes(guarded: Flask, sign_in: SignIn, now: datetime) -> None:
    client = enter(guarded, sign_in(add_user("anna", now), is_confirmed=True))
    assert client.get("/fresh").text == "opened"
    aged = {"confirmed_at": datetime.now(UTC) - timedelta(minutes=10)}
    rows_of(BrowserSession).update_many({}, {"$set": aged})
    assert client.get("/fresh").status_code == 303


def test_an_admins_page_needs_the_role_and_the_second_factor(
    guarded: Flask, sign_in: SignIn, now: datetime
) -> None:
    add_user("anna", now)
    assert enter(guarded, sign_in("anna", is_confirmed=True)).get("/admin-only").status_code == 403
    rows_of(User).update_one({"_id": "anna"}, {"$set": {"is_admin": True}})
    assert enter(guarded, sign_in("anna")).get("/admin-only").status_code == 303
    assert enter(guarded, sign_in("anna", is_confirmed=True)).get("/admin-only").text == "opened"


def test_turning_it_off_and_new_recovery_codes_ask_for_it(sign_in: SignIn, now: datetime) -> None:
    turn_on(add_user("anna", now), now)
    client = sign_in("anna")
    for path in (f"{SET_UP}/off", "/settings/security/recovery-codes"):
        assert send(client, path, "/settings/security").headers["Location"].startswith(CONFIRM)
    assert FACTORS.state("anna").is_on
    confirmed = sign_in("anna", is_confirmed=True)
    assert "data-recovery" in send(confirmed, "/settings/security/recovery-codes", "/settings/security").text
    assert send(confirmed, f"{SET_UP}/off", "/settings/security").status_code == 303
    assert not FACTORS.state("anna").is_on
