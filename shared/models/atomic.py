"""Writes that become durable together: one wait for the journal, where each alone would wait for its own."""

from collections.abc import Callable

from mongoengine.connection import get_connection
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, OperationFailure

Write = Callable[[ClientSession | None], object]


def write_all(*writes: Write) -> None:
    """Make writes in order: in one transaction, or one by one where the server refuses that.

    It does where another process has written some of it or is at it now. So each write must bear repeating and,
    made alone, leave what is there as it is.

    Raises
    ------
    pymongo.errors.ConnectionFailure
        If the server is away; whether all was written or nothing is unknown.
    """
    if len(writes) < 2 or not _in_one(writes):
        for write in writes:
            write(None)


def _in_one(writes: tuple[Write, ...]) -> bool:
    client: MongoClient[dict[str, object]] = get_connection()
    try:
        # It waits as every write of this connection does: for the journal of a majority.
        with client.start_session() as session, session.start_transaction():
            for write in writes:
                write(session)
    except (OperationFailure, BulkWriteError):
        return False
    return True
