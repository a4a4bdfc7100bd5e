"""Sign in with Discord, through the emulator: who comes back is who was led there, and nobody else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from shared import tasks
from shared.models.accounts import Account
from shared.models.audit import AuditEntry
from shared.models.mapping import rows_of
from shared.models.records import UsageEvent
from shared.models.sessions import BrowserSession
from shared.models.sign_ins import SignIn
from shared.models.users import User
from shared.settings import Settings, load_settings
from tests.emulators.discord import DiscordEmulator
from tests.emulators.discord.oauth import CLIENT_SECRET
from web import create_app

pytestmark = pytest.mark.usefixtures("database", "empty_servers")
BACK = "http://localhost/login/discord/authorized"


@pytest.fixture(scope="module")
def discord() -> Iterator[DiscordEmulator]:
    with DiscordEmulator() as running:
        running.oauth.redirect_uris.add(BACK)
        yield running


@pytest.fixture(scope="module", autouse=True)
def bells(redis_url: str, mongodb_uri: str) -> Iterator[None]:
    """Let what rings a bell in this process find the module's servers."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REDIS_URL", redis_url)
        environment.setenv("MONGODB_URI", mongodb_uri)
        load_settings.cache_clear()
        tasks._producer.cache_clear()
        yield
    load_settings.cache_clear()
    tasks._producer.cache_clear()


@pytest.fixture(autouse=True)
def forgotten(discord: DiscordEmulator) -> Iterator[None]:
    yield
    discord.control.clear_faults()
    discord.oauth.codes.clear()
    discord.oauth.tokens.clear()
    discord.oauth.asked.clear()


@pytest.fixture(scope="module")
def app(web_settings: Settings, database: None, discord: DiscordEmulator) -> Flask:
    application = {
        "discord_client_id": discord.control.describe()["bot"]["id"],
        "discord_client_secret": SecretStr(CLIENT_SECRET),
        "discord_api_url": discord.url,
    }
    made = create_app(web_settings.model_copy(update=application))
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture(scope="module")
def anna(discord: DiscordEmulator) -> str:
    return str(discord.control.create_user("anna")["id"])


def go_out(client: FlaskClient, target: str = "/") -> str:
    """Begin, and return the address at Discord that the browser is led to."""
    led = client.get(f"/login/discord?{urlencode({'next': target})}")
    assert led.status_code == 302
    return str(led.headers["Location"])


def agree(address: str, user_id: str, **changed: str) -> str:
    """Answer at Discord, and return the address that the browser is sent back to."""
    parts = urlsplit(address)
    asked = {key: value[0] for key, value in parse_qs(parts.query).items()} | changed | {"as": user_id}
    answer = requests.get(parts._replace(query=urlencode(asked)).geturl(), allow_redirects=False, timeout=5)
    return answer.headers.get("Location", "")


def come_back(client: FlaskClient, address: str) -> TestResponse:
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def nothing_was_made() -> bool:
    return not any(rows_of(kind).count_documents({}) for kind in (User, Account, BrowserSession))


def test_a_first_sign_in_makes_user_paper_account_and_session(
    app: Flask, discord: DiscordEmulator, anna: str
) -> None:
    client = app.test_client()
    answer = come_back(client, agree(go_out(client, "/settings/security"), anna))
    assert answer.headers["Location"] == "/settings/security"
    user = rows_of(User).find_one({"discord_id": anna})
    assert user is not None
    assert (user["name"], user["tier"], user["is_admin"]) == ("anna", "free", False)
    (account,) = rows_of(Account).find({"user_id": user["_id"]})
    assert (account["environment"], str(account["opening_balance"])) == ("paper", "10000")
    assert client.get("/").status_code == 200
    assert rows_of(UsageEvent).count_documents({"kind": "login", "user_id": user["_id"]}) == 1
    assert rows_of(AuditEntry).count_documents({"action": "login", "actor": user["_id"]}) == 1
    (asked,) = discord.oauth.asked
    assert (asked["scope"], asked["code_challenge_method"], asked["redirect_uri"]) == ("identify", "S256", BACK)
    assert len(asked["state"]) >= 22
    assert discord.oauth.tokens == {}, "the token is revoked once it has said who it is"


def test_signing_in_again_updates_the_name_and_opens_no_second_account(app: Flask, anna: str) -> None:
    for _ in range(2):
        client = app.test_client()
        come_back(client, agree(go_out(client), anna))
        rows_of(User).update_one({"discord_id": anna}, {"$set": {"name": "old name"}})
    client = app.test_client()
    come_back(client, agree(go_out(client), anna))
    (user,) = rows_of(User).find()
    assert user["name"] == "anna"
    assert rows_of(Account).count_documents({}) == 1


def test_who_was_made_on_the_command_line_is_found_again_with_accounts_and_role(
    app: Flask, anna: str
) -> None:
    rows_of(User).insert_one({"_id": "u1", "discord_id": anna, "name": "A.", "tier": "pro", "is_admin": True})
    rows_of(Account).insert_one({"_id": "a1", "user_id": "u1", "name": "own", "status": "active"})
    client = app.test_client()
    come_back(client, agree(go_out(client), anna))
    (user,) = rows_of(User).find()
    assert (user["_id"], user["tier"], user["is_admin"]) == ("u1", "pro", True)
    assert rows_of(Account).count_documents({}) == 1


def test_two_first_sign_ins_at_once_are_one_user_with_one_account(app: Flask, anna: str) -> None:
    clients = [app.test_client() for _ in range(4)]
    addresses = [agree(go_out(client), anna) for client in clients]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(come_back, clients, addresses))
    assert [answer.status_code for answer in answers] == [302] * 4
    assert rows_of(User).count_documents({}) == 1
    assert rows_of(Account).count_documents({}) == 1
    assert rows_of(BrowserSession).count_documents({}) == 4


def test_who_says_no_at_discord_is_told_and_nothing_is_stored(app: Flask) -> None:
    client = app.test_client()
    answer = come_back(client, agree(go_out(client), "nobody"))
    assert answer.status_code == 403
    assert "did not agree" in answer.text
    assert nothing_was_made()


def test_a_disabled_user_does_not_get_in(app: Flask, anna: str) -> None:
    rows_of(User).insert_one({"_id": "u1", "discord_id": anna, "name": "A.", "is_disabled": True})
    client = app.test_client()
    assert come_back(client, agree(go_out(client), anna)).status_code == 403
    assert rows_of(BrowserSession).count_documents({}) == 0


@pytest.mark.parametrize("abuse", ["missing", "made up", "reused", "other browser", "late", "error"])
def test_a_state_that_is_not_ones_own_unused_one_gets_nowhere(app: Flask, anna: str, abuse: str) -> None:
    client = app.test_client()
    address = agree(go_out(client), anna)
    parts = urlsplit(address)
    said = {key: value[0] for key, value in parse_qs(parts.query).items()}
    if abuse == "missing":
        del said["state"]
    elif abuse == "made up":
        said["state"] = "x" * 30
    elif abuse == "reused":
        copied = client.get_cookie("session")
        assert copied is not None
        come_back(client, address)
        for kind in (User, Account, BrowserSession):
            rows_of(kind).delete_many({})
        client = app.test_client()
        client.set_cookie("session", copied.value)
    elif abuse == "other browser":
        client = app.test_client()
        go_out(client)
    elif abuse == "late":
        rows = rows_of(SignIn)
        for row in rows.find():
            moved = {"expires_at": row["expires_at"] - timedelta(minutes=10)}
            rows.update_one({"_id": row["_id"]}, {"$set": moved})
    else:
        said = {"error": "access_denied", "state": "x" * 30}
    answer = come_back(client, parts._replace(query=urlencode(said)).geturl())
    assert answer.status_code == 400
    assert "Begin again" in answer.text
    assert nothing_was_made()


def test_a_state_seen_in_another_browser_is_used_up_for_its_own_too(app: Flask, anna: str) -> None:
    client, thief = app.test_client(), app.test_client()
    address = agree(go_out(client), anna)
    assert come_back(thief, address).status_code == 400
    assert come_back(client, address).status_code == 400
    assert nothing_was_made()


def test_a_code_of_somebody_elses_sign_in_is_not_taken_in_ones_own(
    app: Flask, discord: DiscordEmulator, anna: str
) -> None:
    victim, attacker = app.test_client(), app.test_client()
    foreign = parse_qs(urlsplit(agree(go_out(attacker), anna)).query)["code"][0]
    own = urlsplit(go_out(victim))
    state = parse_qs(own.query)["state"][0]
    answer = victim.get(f"/login/discord/authorized?{urlencode({'code': foreign, 'state': state})}")
    assert answer.status_code == 400, "PKCE: the code answers another challenge"
    assert nothing_was_made()


def test_a_code_is_exchanged_once(app: Flask, discord: DiscordEmulator, anna: str) -> None:
    client = app.test_client()
    address = agree(go_out(client), anna)
    code = parse_qs(urlsplit(address).query)["code"][0]
    discord.oauth.codes.pop(code)
    assert come_back(client, address).status_code == 400
    assert nothing_was_made()


def test_another_address_to_come_back_to_is_refused_at_discord(app: Flask, anna: str) -> None:
    client = app.test_client()
    assert agree(go_out(client), anna, redirect_uri="https://evil.example/authorized") == ""


def test_a_foreign_host_header_changes_nothing_where_the_address_is_known(
    web_settings: Settings, discord: DiscordEmulator, database: None
) -> None:
    known = {
        "web_url": "https://signals.example",
        "discord_client_id": discord.control.describe()["bot"]["id"],
        "discord_client_secret": SecretStr(CLIENT_SECRET),
        "discord_api_url": discord.url,
    }
    client = create_app(web_settings.model_copy(update=known)).test_client()
    led = client.get("/login/discord", base_url="https://evil.example")
    asked = parse_qs(urlsplit(led.headers["Location"]).query)
    assert asked["redirect_uri"] == ["https://signals.example/login/discord/authorized"]


@pytest.mark.parametrize("path", ["/oauth2/token", "/users/@me"])
def test_where_discord_fails_people_are_told_and_nothing_is_stored(
    app: Flask, discord: DiscordEmulator, anna: str, path: str
) -> None:
    client = app.test_client()
    address = agree(go_out(client), anna)
    discord.control.add_fault("rest.status", path=path, status=503)
    answer = come_back(client, address)
    assert answer.status_code in {400, 502}
    assert "Begin again" in answer.text or "does not answer" in answer.text
    assert nothing_was_made()


def test_the_page_offers_discord_where_it_is_configured(app: Flask) -> None:
    assert "Continue with Discord" in app.test_client().get("/login").text


def test_it_leads_to_no_other_site_afterwards(app: Flask, anna: str) -> None:
    client = app.test_client()
    answer = come_back(client, agree(go_out(client, "https://evil.example/"), anna))
    assert answer.headers["Location"] == "/"
