"""The documents on a real MongoDB: connected once a module, with all indexes, empty before every test."""

from collections.abc import Iterator
from typing import Any

import mongoengine
import pytest
from pymongo.database import Database

from shared.database import connect, ensure_indexes
from shared.models.all import DOCUMENTS


@pytest.fixture(scope="module")
def indexed_database(mongodb_uri: str) -> Iterator[Database[dict[str, Any]]]:
    """Connect this process and make the indexes."""
    client = connect(mongodb_uri)
    ensure_indexes(DOCUMENTS)
    yield client.get_default_database()
    mongoengine.disconnect()


@pytest.fixture(autouse=True)
def database(indexed_database: Database[dict[str, Any]]) -> Database[dict[str, Any]]:
    """The database with every collection empty; indexes stay."""
    for name in indexed_database.list_collection_names(filter={"type": "collection"}):
        indexed_database[name].delete_many({})
    return indexed_database
