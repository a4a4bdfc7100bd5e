"""Limits: the one too many is told when to come again, and what Redis is away for depends on what is at stake."""

from collections.abc import Callable
from datetime import datetime

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.models.mapping import rows_of
from shared.models.messages import Message
from shared.programs import free_port
from shared.settings import Settings
from tests.sample.hooks import add_hook, message_body, seconds, sign
from tests.sample.house import add_user
from tests.sample.sessions import begin_session
from web import create_app
from web.auth.policy import follower, public
from web.limits import LIMITS, Per, limited, take

pytestmark = pytest.mark.usefixtures("empty_servers", "bells")

SECRET = "the secret of a hook"
LOGINS = next(limit.amount for limit in LIMITS["login"] if limit.per is Per.ADDRESS)


@public
@limited("login")
def guess() -> str:
    return "no"


@public
@limited("itself")
def code() -> str:
    take("second_factor", account="anna")
    return "no"


@follower
@limited("halts")
def stop() -> str:
    return "stopped"


@follower
@limited("changes")
def change() -> str:
    return "changed"


def with_routes(settings: Settings) -> Flask:
    app = create_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for view in (guess, code, stop, change):
        app.add_url_rule(f"/{view.__name__}", view.__name__, view)
    return app


@pytest.fixture
def limited_app(web_settings: Settings, database: None) -> Flask:
    return with_routes(web_settings)


@pytest.fixture
def without_redis(web_settings: Settings, database: None) -> Flask:
    dead = f"redis://127.0.0.1:{free_port()}"
    return with_routes(web_settings.model_copy(update={"redis_url": dead}))


def sign_in(app: Flask, user_id: str) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as session:
        session["sid"] = begin_session(user_id)
    return client


def statuses(ask: Callable[[], int], times: int) -> list[int]:
    return [ask() for _ in range(times)]


def test_the_one_too_many_is_told_when_to_come_again(limited_app: Flask) -> None:
    client = limited_app.test_client()
    assert statuses(lambda: client.get("/guess").status_code, LOGINS) == [200] * LOGINS
    page = client.get("/guess")
    assert page.status_code == 429
    assert 1 <= int(page.headers["Retry-After"]) <= 300
    assert "One moment" in page.text
    assert "<html" in page.text
    for_a_program = client.get("/guess", headers={"Accept": "application/json"})
    assert for_a_program.status_code == 429
    assert for_a_program.json is not None
    assert for_a_program.json["error"]["status"] == 429
    assert 1 <= int(for_a_program.headers["Retry-After"]) <= 300


def test_another_address_has_room_and_a_claimed_one_is_not_another(limited_app: Flask) -> None:
    client = limited_app.test_client()
    statuses(lambda: client.get("/guess").status_code, LOGINS)
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"):
        assert client.get("/guess", headers={header: "9.9.9.9"}).status_code == 429, header
    assert client.get("/guess", environ_overrides={"REMOTE_ADDR": "9.9.9.9"}).status_code == 200


def test_addresses_of_one_network_of_version_six_are_one(limited_app: Flask) -> None:
    client = limited_app.test_client()
    for n in range(LOGINS):
        client.get("/guess", environ_overrides={"REMOTE_ADDR": f"2001:db8::{n:x}"})
    assert client.get("/guess", environ_overrides={"REMOTE_ADDR": "2001:db8::ffff"}).status_code == 429
    assert client.get("/guess", environ_overrides={"REMOTE_ADDR": "2001:db8:0:1::1"}).status_code == 200


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(
    web_settings: Settings, database: None
) -> None:
    app = with_routes(web_settings.model_copy(update={"web_url": "https://trade.example"}))
    client = app.test_client()

    def ask(forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
        return client.get("/guess", base_url="https://trade.example", headers=headers).status_code

    assert statuses(lambda: ask("8.8.8.8"), LOGINS) == [200] * LOGINS
    # What the visitor wrote before the proxy's own word counts for nothing.
    assert ask("1.2.3.4, 8.8.8.8") == 429
    assert ask("8.8.8.8, 1.2.3.4") == 200


def test_a_view_that_counts_by_itself_is_limited_from_every_address(limited_app: Flask) -> None:
    client = limited_app.test_client()
    visitors = [{"REMOTE_ADDR": f"10.0.0.{n}"} for n in range(6)]
    seen = [client.get("/code", environ_overrides=visitor).status_code for visitor in visitors]
    assert seen == [200] * 5 + [429]


def test_an_account_is_limited_wherever_it_comes_from_and_others_are_not(
    limited_app: Flask, now: datetime
) -> None:
    anna, ben = (sign_in(limited_app, add_user(name, now)) for name in ("anna", "ben"))
    most = next(limit.amount for limit in LIMITS["changes"] if limit.per is Per.ACCOUNT)
    for n in range(most):
        anna.get("/change", environ_overrides={"REMOTE_ADDR": f"10.0.0.{n % 9}"})
    assert anna.get("/change").status_code == 429
    assert ben.get("/change").status_code == 200


def test_without_redis_logins_are_closed_and_pages_halts_and_hooks_open(
    without_redis: Flask, web_settings: Settings, now: datetime
) -> None:
    client = sign_in(without_redis, add_user("anna", now))
    for path in ("/guess", "/code"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/stop").status_code == 200
    assert client.get("/").status_code == 200
    add_hook(web_settings, "alpha", SECRET, now)
    body = message_body("m1", now)
    url = "/hooks/signals/alpha"
    answer = client.post(url, data=body, headers=sign(SECRET, body, seconds(now)))
    assert answer.status_code == 202
    assert client.post(url, data=body).status_code == 401
    assert rows_of(Message).count_documents({}) == 1


def test_strangers_are_limited_at_a_hook_and_use_up_nothing_of_the_providers(
    limited_app: Flask, web_settings: Settings, now: datetime
) -> None:
    add_hook(web_settings, "alpha", SECRET, now)
    client, url = limited_app.test_client(), "/hooks/signals/alpha"
    refused = LIMITS["hooks_refused"][0].amount
    assert statuses(lambda: client.post(url, data=b"{}").status_code, refused) == [401] * refused
    answer = client.post(url, data=b"{}")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json is not None
    body = message_body("m1", now)
    assert client.post(url, data=body, headers=sign(SECRET, body, seconds(now))).status_code == 202


def use_up(app: Flask, provider_id: str, left: int) -> None:
    with app.app_context():
        for _ in range(LIMITS["hooks"][0].amount - left):
            take("hooks", provider=provider_id)


def test_a_provider_may_post_so_much_replays_not_counted_and_no_other_is_held_up(
    limited_app: Flask, web_settings: Settings, now: datetime
) -> None:
    for name in ("alpha", "beta"):
        add_hook(web_settings, name, SECRET, now, channel_id=f"channel-of-{name}")
    client = limited_app.test_client()

    def post(name: str, message_id: str) -> TestResponse:
        body = message_body(message_id, now, channel_id=f"channel-of-{name}")
        return client.post(f"/hooks/signals/{name}", data=body, headers=sign(SECRET, body, seconds(now)))

    assert post("alpha", "m1").status_code == 202
    use_up(limited_app, "alpha", left=2)
    assert statuses(lambda: post("alpha", "m1").status_code, 3) == [409] * 3
    assert post("alpha", "m2").status_code == 202
    refused = post("alpha", "m3")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert post("beta", "m1").status_code == 202


def test_what_came_too_often_may_come_again_as_it_was(
    limited_app: Flask, web_settings: Settings, prices: redis.Redis, now: datetime
) -> None:
    add_hook(web_settings, "alpha", SECRET, now)
    body = message_body("m1", now)
    headers = sign(SECRET, body, seconds(now))
    client = limited_app.test_client()
    use_up(limited_app, "alpha", left=0)
    assert client.post("/hooks/signals/alpha", data=body, headers=headers).status_code == 429
    prices.flushall()
    assert client.post("/hooks/signals/alpha", data=body, headers=headers).status_code == 202


def test_a_name_that_no_limit_has_is_refused_when_the_route_is_written() -> None:
    with pytest.raises(ValueError, match="no limit is called"):
        limited("logins")
