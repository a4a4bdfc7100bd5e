"""Real servers for every test that asks for them: one Redis and one mongod a session, clean for each module.

A test that names none of these fixtures starts nothing. Kill and start servers only on your own `LocalServers`:
these are shared by the whole session.
"""

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pymongo
import pytest
import redis
from hypothesis import settings

from shared.local import LocalServers

# The same examples on every machine and every run: a red test is red for everyone.
settings.register_profile("house", deadline=None, derandomize=True, max_examples=50, database=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def servers() -> Iterator[LocalServers]:
    """A Redis and a mongod of this session's own, in a folder that is removed at the end."""
    with LocalServers() as started:
        yield started


@pytest.fixture(scope="module")
def redis_url(servers: LocalServers) -> str:
    """The address of a Redis that is empty when the module begins."""
    _flush(servers.redis_url)
    return servers.redis_url


@pytest.fixture(scope="module")
def mongodb_uri(servers: LocalServers) -> Iterator[str]:
    """An address with a database of the module's own, dropped at its end."""
    parts = urlsplit(servers.mongodb_uri)
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield parts._replace(path=f"/{name}").geturl()
    with pymongo.MongoClient[dict[str, object]](servers.mongodb_uri) as client:
        client.drop_database(name)


@pytest.fixture
def empty_servers(redis_url: str, mongodb_uri: str) -> None:
    """Empty Redis and every collection of the module's database (indexes stay) before this test."""
    _flush(redis_url)
    with pymongo.MongoClient[dict[str, object]](mongodb_uri) as client:
        database = client.get_default_database()
        for name in database.list_collection_names(filter={"type": "collection"}):
            database[name].delete_many({})


def _flush(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushall()
