"""MongoDB, connected once per process after fork, with indexes made before first use."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import mongoengine
from mongoengine import Document
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

DEFAULT_DATABASE = "trade_executor"

OUTGROWN = {"candles": ("venue_1_symbol_1_minute_1",), "audit_entries": ("at_1",)}
"""Indexes of earlier versions, by collection: while one is there it refuses or removes rows that are right today."""


class DatabaseUnavailable(Exception):
    """Raised when MongoDB does not answer; carries one line that says what was tried."""


def connect(uri: str, *, answer_within_seconds: float = 3.0) -> MongoClient[dict[str, Any]]:
    """Connect this process; lazily, so that a server that is away is met at the first use.

    Writes wait for the journal of a majority: a claim that was acknowledged survives a kill.
    """
    mongoengine.disconnect()
    client: MongoClient[dict[str, Any]] = mongoengine.connect(
        db=_database_name(uri),
        host=uri,
        tz_aware=True,
        tzinfo=UTC,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=int(answer_within_seconds * 1000),
        connectTimeoutMS=2000,
        socketTimeoutMS=15000,
        retryWrites=True,
        w="majority",
        journal=True,
        wtimeoutMS=5000,
    )
    return client


def check_answering(client: MongoClient[dict[str, Any]]) -> float:
    """Ask the server to answer and return the seconds it took.

    Raises
    ------
    DatabaseUnavailable
        If it does not answer in time or refuses.
    """
    started = datetime.now(UTC)
    try:
        client.admin.command("ping")
    except PyMongoError as error:
        raise DatabaseUnavailable(f"MongoDB does not answer: {str(error).split(',')[0]}") from error
    return (datetime.now(UTC) - started).total_seconds()


def database_now() -> datetime:
    """Read the server's clock: proofs about time must not depend on a host's."""
    answer = mongoengine.get_connection().admin.command("hello")
    moment: datetime = answer["localTime"]
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def ensure_indexes(documents: Iterable[type[Document]]) -> None:
    """Create the indexes that the documents declare and drop those that they have outgrown; safe to repeat."""
    for document in documents:
        document.ensure_indexes()
        collection = document._get_collection()  # noqa: SLF001 - mongoengine has no public name for it
        for name in OUTGROWN.get(collection.name, ()):
            if name in collection.index_information():
                with suppress(OperationFailure):  # another process has dropped it meanwhile
                    collection.drop_index(name)


def _database_name(uri: str) -> str:
    path = uri.split("://", 1)[1].partition("/")[2].partition("?")[0]
    return path or DEFAULT_DATABASE
