"""Who gets in: every route names its policy, and the demo's door opens to this machine alone."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared.settings import Settings
from tests.integration.web.policy_table import ROUTES
from tests.sample.house import add_user
from tests.sample.sessions import begin_session
from web import create_app
from web.auth.demo import DEMO_DISCORD_ID
from web.auth.policy import Policy, policy_of

pytestmark = pytest.mark.usefixtures("empty_servers")

PUBLIC_ENDPOINTS = {name for name, route in ROUTES.items() if route.policy is Policy.PUBLIC}
FOREIGN_VISITORS = [
    {"environ_overrides": {"REMOTE_ADDR": "10.1.2.3"}},
    {"headers": {"X-Forwarded-For": "127.0.0.1"}},
    {"headers": {"Forwarded": "for=127.0.0.1"}},
    {"headers": {"X-Real-IP": "127.0.0.1"}},
    {"headers": {"Host": "rebound.example:8000"}},
]


def enter_demo(client: FlaskClient, **request: object) -> int:
    page = client.get("/login").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    data = {"csrf_token": token[1] if token else "", "next": "/"}
    return client.post("/login/demo", data=data, **request).status_code  # type: ignore[arg-type]


def test_every_route_names_its_policy_and_only_these_are_public(app: Flask) -> None:
    policies = {
        rule.endpoint: policy_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()
    }
    assert None not in policies.values()
    assert {name for name, policy in policies.items() if policy is Policy.PUBLIC} <= PUBLIC_ENDPOINTS


def test_a_route_without_a_policy_is_refused_even_to_a_signed_in_user(
    web_settings: Settings, database: None, now: datetime
) -> None:
    app = create_app(web_settings)
    app.add_url_rule("/unmarked", "unmarked", lambda: "secret")
    client = app.test_client()
    with client.session_transaction() as session:
        session["sid"] = begin_session(add_user("anna", now))
    answer = client.get("/unmarked")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_an_anonymous_visitor_is_asked_to_sign_in_on_every_page(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC_ENDPOINTS or "GET" not in (rule.methods or ()):
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        assert client.get(path).headers["Location"].startswith("/login?next="), path
        refused = client.get(path, headers={"Accept": "application/json"})
        assert refused.status_code == 401, path
        assert refused.json == {
            "error": {"status": 401, "title": "Please sign in", "text": refused.json["error"]["text"]}
        }


def test_a_part_of_an_open_page_sends_a_signed_out_user_to_the_login(app: Flask) -> None:
    answer = app.test_client().get("/overview/parts/status", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"


def test_a_session_of_a_user_who_is_gone_is_worth_nothing(sign_in: Callable[[str], FlaskClient]) -> None:
    assert sign_in("nobody").get("/").status_code == 302


def test_the_demo_login_signs_in_the_demo_follower(app: Flask, now: datetime) -> None:
    add_user("demo", now, discord_id=DEMO_DISCORD_ID, name="Demo follower")
    client = app.test_client()
    assert enter_demo(client) == 302
    page = client.get("/")
    assert page.status_code == 200
    assert "Demo follower" in page.text


def test_the_demo_login_says_so_when_the_demo_has_not_been_set_up(app: Flask) -> None:
    client = app.test_client()
    assert enter_demo(client) == 409
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("visitor", FOREIGN_VISITORS)
def test_the_demo_login_is_not_there_for_anyone_but_this_machine(
    app: Flask, now: datetime, visitor: dict[str, object]
) -> None:
    add_user("demo", now, discord_id=DEMO_DISCORD_ID)
    client = app.test_client()
    assert enter_demo(client, **visitor) in {400, 404}
    assert client.get("/").status_code == 302
    assert "Enter the demo" not in app.test_client().get("/login", **visitor).text  # type: ignore[arg-type]


def test_there_is_no_demo_login_outside_the_demo(
    web_settings: Settings, database: None, now: datetime
) -> None:
    add_user("demo", now, discord_id=DEMO_DISCORD_ID)
    app = create_app(web_settings.model_copy(update={"demo": False}))
    assert "/login/demo" not in {rule.rule for rule in app.url_map.iter_rules()}
    client = app.test_client()
    assert enter_demo(client) == 404
    assert "not configured yet" in client.get("/login").text


def test_a_form_without_its_token_is_refused(
    app: Flask, sign_in: Callable[[str], FlaskClient], now: datetime
) -> None:
    add_user("demo", now, discord_id=DEMO_DISCORD_ID)
    assert app.test_client().post("/login/demo").status_code == 400
    client = sign_in("demo")
    assert client.post("/logout").status_code == 400
    assert client.get("/").status_code == 200


def test_signing_out_ends_the_session(sign_in: Callable[[str], FlaskClient], now: datetime) -> None:
    client = sign_in(add_user("anna", now))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)
    assert token is not None
    assert client.post("/logout", data={"csrf_token": token[1]}).headers["Location"] == "/login"
    assert client.get("/").status_code == 302


def test_signing_in_never_leads_to_another_site(app: Flask, now: datetime) -> None:
    add_user("demo", now, discord_id=DEMO_DISCORD_ID)
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        client = app.test_client()
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        assert token is not None
        answer = client.post("/login/demo", data={"csrf_token": token[1], "next": target})
        assert answer.headers["Location"] == "/", target
