"""What every answer carries, whatever its status."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.errors import ServerSelectionTimeoutError
from werkzeug.test import TestResponse

from shared.settings import Settings
from tests.sample.house import add_user
from tests.sample.sessions import begin_session
from web import create_app
from web.auth.policy import public
from web.limits import limited
from web.manifest import MANIFEST, read_manifest

pytestmark = pytest.mark.usefixtures("empty_servers")


@public
def fail() -> str:
    raise RuntimeError("a secret detail")


@public
def lose_the_database() -> str:
    raise ServerSelectionTimeoutError("a secret address")


@public
@limited("login")
def guess() -> str:
    return "no"


def check_headers(answer: TestResponse, host: str = "ws://localhost") -> None:
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
    for kind in ("script-src", "style-src"):
        assert re.fullmatch(r"'self' 'nonce-[\w-]{16,}'", policy[kind]), (answer.request.path, policy[kind])
    assert policy["connect-src"] == f"'self' {host}"
    assert policy["form-action"] == "'self'"
    check_common(answer)


def check_common(answer: TestResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert {"camera=()", "payment=()"} <= set(answer.headers["Permissions-Policy"].split(", "))
    assert answer.headers["Cache-Control"] == "no-store"
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"):
        assert len(answer.headers.getlist(name)) == 1
    for cookie in answer.headers.getlist("Set-Cookie"):
        check_cookie(cookie)


def check_cookie(cookie: str, *, is_https: bool = False) -> None:
    given = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite", "path"} <= given
    assert "domain" not in given
    assert "SameSite=Lax" in cookie
    assert "Path=/;" in f"{cookie};"
    assert cookie.startswith("__Host-session=") is is_https
    assert ("secure" in given) is is_https


def with_failures(settings: Settings) -> Flask:
    app = create_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for view in (fail, lose_the_database, guess):
        app.add_url_rule(f"/{view.__name__}", view.__name__, view)
    app.add_url_rule("/unmarked", "unmarked", lambda: "no")
    return app


def test_every_answer_carries_the_security_headers(
    web_settings: Settings, database: None, now: datetime
) -> None:
    app = with_failures(web_settings)
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
        "/unmarked": 403,
        "/logout": 405,
        "/fail": 500,
        "/lose_the_database": 503,
        "/guess": 200,
        "/static/nothing.css": 404,
        "/static/build/manifest.json": 200,
        "/hooks/signals/nobody": 405,
    }
    for path, status in expected.items():
        answer = client.get(path, buffered=True)
        assert answer.status_code == status, path
        check_headers(answer)
    for _ in range(40):
        limited_away = client.get("/guess")
    too_large = client.post("/logout", data={"x": "x" * 2_000_000})
    unproved = client.post("/hooks/signals/nobody", data=b"{}")
    signed_out = app.test_client().get("/", headers={"Accept": "application/json"})
    answers = (client.post("/logout"), unproved, signed_out, too_large, limited_away)
    assert [answer.status_code for answer in answers] == [400, 401, 401, 413, 429]
    for answer in answers:
        check_headers(answer)


def test_a_nonce_is_used_once_and_is_that_of_the_page(app: Flask) -> None:
    client = app.test_client()
    policies = [client.get("/login").headers["Content-Security-Policy"] for _ in range(20)]
    nonces = [nonce for policy in policies for nonce in set(re.findall(r"'nonce-([\w-]+)'", policy))]
    assert len(set(nonces)) == 20


def test_what_the_socket_refuses_carries_headers_too(app: Flask) -> None:
    answer = app.test_client().get("/socket.io/?EIO=4&transport=polling")
    assert answer.status_code == 400
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    check_common(answer)


def test_only_files_that_carry_their_hash_are_kept_and_for_good(app: Flask) -> None:
    client = app.test_client()
    style = read_manifest(MANIFEST)["app.css"]
    answer = client.get(f"/static/build/{style}", buffered=True)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/static/build/gone-ABCDEFGH.css").headers["Cache-Control"] == "no-store"


def test_nothing_is_traced_and_nothing_lies_about(app: Flask) -> None:
    client = app.test_client()
    for path in ("/", "/login", "/healthz", "/static/build/manifest.json", "/hooks/signals/x", "/nowhere"):
        answer = client.open(path, method="TRACE", buffered=True, headers={"X-Mine": "a secret of mine"})
        assert answer.status_code in {404, 405}, path
        assert "secret of mine" not in answer.text
    for path in (
        *("/.git/config", "/.git/HEAD", "/.env", "/.env.example", "/metrics", "/docs", "/openapi.json"),
        *("/console", "/debug", "/server-status", "/admin/config", "/static/", "/static/build/"),
        *("/static/../application.py", "/static/%2e%2e/application.py", "/static/..%2fapplication.py"),
        *("/static/build/../../application.py", "/static//etc/passwd", "/static/build/.ready%00.css"),
    ):
        assert client.get(path, follow_redirects=True).status_code == 404, path


def test_programs_are_answered_in_json_and_people_with_a_page(app: Flask) -> None:
    client = app.test_client()
    for path in ("/api/nothing", "/hooks/nothing", "/hooks/signals/x"):
        refused = client.get(path)
        assert refused.json is not None, path
        assert refused.json["error"]["status"] == refused.status_code
    page = client.get("/nothing")
    assert page.mimetype == "text/html"
    assert "Nothing here" in page.text
    assert client.get("/nothing", headers={"Accept": "application/json"}).json is not None


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
    web_settings: Settings, database: None, now: datetime
) -> None:
    app = create_app(web_settings.model_copy(update={"web_url": "https://trade.example"}))
    client = app.test_client()
    with client.session_transaction(base_url="https://trade.example") as session:
        session["sid"] = begin_session(add_user("anna", now))
    answer = client.get(
        "/",
        base_url="http://trade.example",
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"},
    )
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "wss://trade.example" in answer.headers["Content-Security-Policy"]
    plain = client.get("/login", base_url="http://trade.example")
    assert plain.headers["Location"].startswith("https://trade.example/")
    [cookie] = answer.headers.getlist("Set-Cookie")
    check_cookie(cookie, is_https=True)
    assert "Strict-Transport-Security" not in plain.headers
    for path in ("/nowhere", "/healthz", "/static/nothing.css", "/socket.io/?EIO=4&transport=polling"):
        told = client.get(path, base_url="https://trade.example", headers={"X-Forwarded-Proto": "https"})
        assert told.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", path


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
