"""An app on real servers, and clients that are signed in."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

import shared.settings
import shared.tasks
from shared.database import connect, ensure_indexes
from shared.models.all import DOCUMENTS
from shared.settings import Settings, read_settings
from tests.sample.server import SECRET_KEY
from tests.sample.sessions import begin_session
from web import create_app


@pytest.fixture(scope="module")
def web_settings(redis_url: str, mongodb_uri: str) -> Settings:
    return read_settings(redis_url=redis_url, mongodb_uri=mongodb_uri, secret_key=SECRET_KEY, demo=True)


@pytest.fixture(scope="module")
def database(mongodb_uri: str) -> Iterator[None]:
    """The module's database with its indexes, connected in this process."""
    client = connect(mongodb_uri)
    ensure_indexes(DOCUMENTS)
    yield
    client.close()


@pytest.fixture(scope="module")
def app(web_settings: Settings, database: None) -> Flask:
    made = create_app(web_settings)
    made.config["TESTING"] = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture(scope="module")
def every_door(web_settings: Settings, database: None) -> Flask:
    """An app in which everything that a setting can open is open; nobody is sent to Discord."""
    at_discord = {"discord_client_id": "1", "discord_client_secret": SecretStr("secret of the application")}
    made = create_app(web_settings.model_copy(update=at_discord))
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture(scope="module")
def prices(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., FlaskClient]:
    """Make a client that is signed in as a user, and has just shown the second factor if asked for."""

    def make(user_id: str, *, is_confirmed: bool = False) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session["sid"] = begin_session(user_id, is_confirmed=is_confirmed)
        return client

    return make


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch, redis_url: str, mongodb_uri: str) -> Iterator[None]:
    """Let `enqueue` find the module's Redis, and forget it afterwards."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    _forget()
    yield
    _forget()


def _forget() -> None:
    shared.settings.load_settings.cache_clear()
    shared.tasks._producer.cache_clear()
    shared.tasks._silent_until = 0.0
    sys.modules.pop("celeryconfig", None)
