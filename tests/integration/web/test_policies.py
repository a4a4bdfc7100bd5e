"""The table of routes against the routes there are: nobody gets further than it says, and reading changes nothing."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

import pymongo
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from shared.settings import Settings
from tests.integration.web.policy_table import ROUTES, SAFE
from tests.sample.day import write_day
from tests.sample.hooks import add_hook
from tests.sample.house import add_user
from web.auth.policy import Policy, policy_of

pytestmark = pytest.mark.usefixtures("empty_servers")

# Written by reading: that somebody is still there, and that a browser was led to Discord.
NOT_COUNTED = {"browser_sessions", "sign_ins"}
JSON = {"Accept": "application/json"}


@pytest.fixture
def app(every_door: Flask) -> Flask:
    return every_door


@pytest.fixture
def state(mongodb_uri: str) -> Iterator[Callable[[], dict[str, str]]]:
    """The hash of every collection, by the database's own reckoning."""
    with pymongo.MongoClient[dict[str, object]](mongodb_uri) as client:
        database = client.get_default_database()

        def read() -> dict[str, str]:
            hashes = database.command("dbHash")["collections"]
            return {name: known for name, known in hashes.items() if name not in NOT_COUNTED}

        yield read


@pytest.fixture
def filled(web_settings: Settings, database: None, now: datetime, empty_servers: None) -> None:
    """A day of the demo follower's, another user, and a hook."""
    write_day(now)
    add_user("anna", now)
    add_hook(web_settings, "hooked", "the secret of a hook", now, channel_id="channel-9")


def path_of(app: Flask, rule: Rule) -> str:
    adapter = app.url_map.bind("localhost")
    values = ROUTES[rule.endpoint].arguments
    return adapter.build(rule.endpoint, values, method=sorted(rule.methods or ())[0])


def unsafe(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - SAFE):
            yield rule, method, path_of(app, rule)


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)
    assert found is not None
    return found[1]


def test_every_route_and_method_is_in_the_table_and_nothing_else_is(app: Flask) -> None:
    there: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        there.setdefault(rule.endpoint, set()).update(rule.methods or ())
    assert there == {name: set(route.methods) for name, route in ROUTES.items()}


def test_every_route_has_the_policy_of_the_table(app: Flask) -> None:
    there = {name: policy_of(view) for name, view in app.view_functions.items()}
    assert there == {name: route.policy for name, route in ROUTES.items()}


def test_a_stranger_gets_nothing_from_any_route_that_is_not_public(
    app: Flask, filled: None, state: Callable[[], dict[str, str]]
) -> None:
    before, client = state(), app.test_client()
    for rule in app.url_map.iter_rules():
        if ROUTES[rule.endpoint].policy is Policy.PUBLIC:
            continue
        for method in sorted(rule.methods or ()):
            answer = client.open(path_of(app, rule), method=method, headers=JSON)
            assert answer.status_code in {400, 401}, (rule.endpoint, method)
    assert state() == before


def test_an_unsafe_route_without_its_token_or_with_anothers_changes_nothing(
    app: Flask, filled: None, sign_in: Callable[[str], FlaskClient], state: Callable[[], dict[str, str]]
) -> None:
    anothers = token_of(sign_in("demo"))
    mine = sign_in("anna")
    token_of(mine)
    before, tried = state(), 0
    for rule, method, path in unsafe(app):
        if not ROUTES[rule.endpoint].csrf:
            continue
        for data, headers in (({}, {}), ({"csrf_token": anothers}, {}), ({}, {"X-CSRFToken": anothers})):
            answer = mine.open(path, method=method, data=data, headers={**JSON, **headers})
            assert answer.status_code == 400, (rule.endpoint, method)
            tried += 1
    assert tried >= 6
    assert state() == before
    assert mine.get("/").status_code == 200


def test_a_route_without_tokens_is_opened_by_no_session(
    app: Flask, filled: None, sign_in: Callable[[str], FlaskClient], state: Callable[[], dict[str, str]]
) -> None:
    before = state()
    open_routes = [(rule, path) for rule, _, path in unsafe(app) if not ROUTES[rule.endpoint].csrf]
    assert open_routes
    for _, path in open_routes:
        assert sign_in("demo").post(path, data={}).status_code == 401
        assert app.test_client().post(path, data={}).status_code == 401
    assert state() == before


def test_reading_every_page_changes_nothing(
    app: Flask, filled: None, sign_in: Callable[[str], FlaskClient], state: Callable[[], dict[str, str]]
) -> None:
    before = state()
    for client in (app.test_client(), sign_in("anna"), sign_in("demo")):
        for rule in app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) & SAFE):
                answer = client.open(path_of(app, rule), method=method, buffered=True)
                assert answer.status_code < 500, (rule.endpoint, method)
    assert state() == before
