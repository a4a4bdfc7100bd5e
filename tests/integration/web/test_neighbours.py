"""Every route asked by everybody with somebody else's ids: nothing of theirs is told, and nothing of theirs changes.

A route that is not in the table of policies fails `test_policies.py`; each that is there is asked here.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pymongo
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from shared.models import sessions
from shared.models.accounts import Account
from shared.models.mapping import Row, rows_of
from shared.models.messages import Message
from shared.models.sessions import BrowserSession
from shared.models.signals import Receipt
from shared.models.trades import Trade
from shared.models.users import User
from tests.integration.web.policy_table import ROUTES, SAFE
from tests.sample.day import write_day
from tests.sample.house import add_user
from tests.sample.sessions import begin_session
from web.auth.policy import Policy

pytestmark = pytest.mark.usefixtures("database", "empty_servers")
OWNER = "demo"
ASKERS = ("anonymous", "neighbour", "neighbour who showed the second factor", "admin", "expired", "disabled")
MARKS = ("Bertas-only-account", "Bertas-only-reason")
JSON = {"Accept": "application/json"}


@pytest.fixture
def app(every_door: Flask) -> Flask:
    return every_door


@pytest.fixture
def theirs(now: datetime, empty_servers: None) -> dict[str, str]:
    """A day of the owner's with marks in it, and the ids that a neighbour might guess or overhear."""
    write_day(now)
    rows_of(Account).update_many({"user_id": OWNER}, {"$set": {"name": MARKS[0]}})
    rows_of(Receipt).update_many({"user_id": OWNER}, {"$set": {"detail": MARKS[1]}})
    session_id = sessions.id_of(begin_session(OWNER, is_confirmed=True))
    message = rows_of(Message).find_one({}, sort=[("posted_at", -1)])
    trade = rows_of(Trade).find_one({"user_id": OWNER})
    account = rows_of(Account).find_one({"user_id": OWNER})
    assert message is not None
    assert trade is not None
    assert account is not None
    return {
        "row_id": str(message["_id"]),
        "session_id": session_id,
        "trade_id": str(trade["_id"]),
        "account_id": str(account["_id"]),
        "name": "accounts",
    }


@pytest.fixture
def rows(mongodb_uri: str) -> Iterator[Callable[[], dict[str, list[Row]]]]:
    """Every row that is the owner's, by collection."""
    with pymongo.MongoClient[Row](mongodb_uri) as client:
        database = client.get_default_database()

        def read() -> dict[str, list[Row]]:
            query = {"$or": [{"user_id": OWNER}, {"_id": OWNER}]}
            names = sorted(database.list_collection_names(filter={"type": "collection"}))
            found = {name: list(database[name].find(query).sort("_id", 1)) for name in names}
            return {name: listed for name, listed in found.items() if listed}

        yield read


def client_of(app: Flask, asker: str, now: datetime) -> FlaskClient:
    client = app.test_client()
    if asker == "anonymous":
        return client
    add_user("anna", now)
    token = begin_session("anna", is_confirmed="second factor" in asker or asker == "admin")
    with client.session_transaction() as session:
        session["sid"] = token
    if asker == "admin":
        rows_of(User).update_one({"_id": "anna"}, {"$set": {"is_admin": True}})
    if asker == "expired":
        past = datetime.now(UTC) - timedelta(seconds=1)
        rows_of(BrowserSession).update_one({"_id": sessions.id_of(token)}, {"$set": {"expires_at": past}})
    if asker == "disabled":
        rows_of(User).update_one({"_id": "anna"}, {"$set": {"is_disabled": True}})
    return client


def asked(app: Flask, theirs: dict[str, str]) -> Iterator[tuple[Rule, str, str]]:
    # What ends the asker's own session comes last: the others are asked while it is alive.
    ordered = sorted(
        app.url_map.iter_rules(), key=lambda rule: rule.endpoint in {"auth.logout", "auth.login_demo"}
    )
    adapter = app.url_map.bind("localhost")
    for rule in ordered:
        known = ROUTES[rule.endpoint].arguments
        values = {name: theirs.get(name, known.get(name, "x")) for name in rule.arguments}
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield rule, method, adapter.build(rule.endpoint, values, method=method)


def token_for(client: FlaskClient) -> str:
    for page in ("/settings/security", "/login"):
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
        if found:
            return found[1]
    return ""


@pytest.mark.parametrize("asker", ASKERS)
def test_nobody_reads_or_changes_what_is_anothers(
    app: Flask,
    theirs: dict[str, str],
    rows: Callable[[], dict[str, list[Row]]],
    now: datetime,
    asker: str,
) -> None:
    client = client_of(app, asker, now)
    before, token = rows(), token_for(client)
    leaks, count = [], 0
    for rule, method, path in asked(app, theirs):
        if rule.endpoint == "auth.login_demo":
            continue  # the demo's door lets this machine in as the owner: that is what it is for
        for headers in (JSON, {}):
            fields = {} if method in SAFE else {"csrf_token": token, **theirs}
            answer = client.open(path, method=method, data=fields or None, headers=headers, buffered=True)
            count += 1
            assert answer.status_code < 500, (rule.endpoint, method)
            if any(mark in answer.text for mark in MARKS):
                leaks.append((rule.endpoint, method))
            if ROUTES[rule.endpoint].policy is not Policy.PUBLIC and asker in {
                "anonymous",
                "expired",
                "disabled",
            }:
                assert answer.status_code in {302, 303, 400, 401}, (rule.endpoint, method)
    assert count > 40
    assert leaks == []
    assert rows() == before


def test_the_owner_does_see_what_was_looked_for(
    app: Flask, theirs: dict[str, str], sign_in: Callable[..., FlaskClient]
) -> None:
    client = sign_in(OWNER)
    assert MARKS[0] in client.get("/").text
    assert any(
        MARKS[1] in client.get(f"/overview/receipts/{row['_id']}").text for row in rows_of(Message).find()
    )
