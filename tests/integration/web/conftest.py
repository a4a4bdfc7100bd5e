"""An app on real servers, and clients that are signed in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from secrets import token_urlsafe

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from shared.database import connect, ensure_indexes
from shared.models.all import DOCUMENTS
from shared.settings import Settings, read_settings
from tests.sample.server import SECRET_KEY
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
def prices(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    """Make a client whose session holds a user."""

    def make(user_id: str) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session["user_id"] = user_id
            session["session_id"] = token_urlsafe(16)
        return client

    return make
