"""What every answer carries, whatever its status."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.settings import Settings
from tests.sample.house import add_user
from tests.sample.sessions import begin_session
from web import create_app
from web.auth.policy import public

pytestmark = pytest.mark.usefixtures("empty_servers")


@public
def fail() -> str:
    raise RuntimeError("a secret detail")


def check_headers(answer: TestResponse) -> None:
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert (
        policy["default-src"]
        == policy["object-src"]
        == policy["frame-ancestors"]
        == policy["base-uri"]
        == "'none'"
    )
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "'nonce-" in policy["script-src"] or answer.status_code >= 400
    assert policy["connect-src"] == "'self' ws://localhost"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_every_answer_carries_the_security_headers(
    web_settings: Settings, database: None, now: datetime
) -> None:
    app = create_app(web_settings)
    app.add_url_rule("/fail", "fail", fail)
    client = app.test_client()
    with client.session_transaction() as session:
        session["sid"] = begin_session(add_user("anna", now))
    expected = {
        "/": 200,
        "/login": 302,
        "/overview/parts/status": 200,
        "/overview/parts/nothing": 404,
        "/overview/receipts/nothing": 404,
        "/healthz": 200,
        "/readyz": 200,
        "/nowhere": 404,
        "/logout": 405,
        "/fail": 500,
        "/static/nothing.css": 404,
    }
    for path, status in expected.items():
        answer = client.get(path)
        assert answer.status_code == status, path
        check_headers(answer)
    refused = client.post("/logout")
    assert refused.status_code == 400
    check_headers(refused)


def test_an_error_page_tells_people_what_to_do_and_hides_the_detail(
    web_settings: Settings, database: None
) -> None:
    app = create_app(web_settings)
    app.add_url_rule("/fail", "fail", fail)
    page = app.test_client().get("/fail")
    assert "Our mistake" in page.text
    assert "secret detail" not in page.text
    answer = app.test_client().get("/fail", headers={"Accept": "application/json"})
    assert answer.json is not None
    assert answer.json["error"]["status"] == 500
    assert "secret detail" not in answer.text


def test_behind_https_cookies_are_secure_and_bound_to_the_host(
    web_settings: Settings, database: None
) -> None:
    app = create_app(web_settings.model_copy(update={"web_url": "https://trade.example"}))
    client = app.test_client()
    answer = client.get(
        "/login",
        base_url="http://trade.example",
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"},
    )
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "wss://trade.example" in answer.headers["Content-Security-Policy"]
    plain = client.get("/login", base_url="http://trade.example")
    assert plain.headers["Location"].startswith("https://trade.example/")
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert app.config["SESSION_COOKIE_SECURE"] is True


def test_an_app_behind_https_leaves_another_of_the_same_process_as_it_is(
    web_settings: Settings, database: None
) -> None:
    plain = create_app(web_settings)
    behind_https = create_app(web_settings.model_copy(update={"web_url": "https://trade.example"}))
    assert plain.test_client().get("/healthz").status_code == 200
    assert "Strict-Transport-Security" not in plain.test_client().get("/healthz").headers
    assert behind_https.test_client().get("/healthz").headers["Location"].startswith("https://")


def test_pages_are_whole_without_their_script(sign_in: Callable[[str], FlaskClient], now: datetime) -> None:
    page = sign_in(add_user("anna", now)).get("/").text
    assert "Nothing is open" in page
    assert "You follow nobody yet" in page
    assert " style=" not in page
    assert " onclick=" not in page


def test_health_names_what_is_away(app: Flask) -> None:
    assert app.test_client().get("/readyz").json == {"status": "ready", "away": []}
