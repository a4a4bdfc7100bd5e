"""Writes that become durable together: one wait for the journal, where each alone would wait for its own.

No transaction: one that a killed process leaves behind holds its rows until the server ends it, by default after a
minute, and whoever writes them waits that long (decision 0007).
"""

from collections.abc import Callable
from typing import Any

from mongoengine.connection import get_connection
from pymongo import MongoClient

Write = Callable[[bool], Any]
"""Makes one write; True tells it to wait until a majority has it in its journal, False not to wait."""


def write_all(*writes: Write) -> list[Any]:
    """Make writes in order and wait once: for the last, and with it for all; return what each said at its last turn.

    A replica set acknowledges a write by a majority only when everything before it in the log of the same primary
    is there as well. Where another primary was elected in between, all are made again, each with a wait of its own.
    So each write must bear repeating and, made alone, leave what is there as it is; the last is the one whose
    absence lets somebody begin anew.

    Raises
    ------
    pymongo.errors.ConnectionFailure
        If the server is away; how many were written is unknown.
    """
    if not writes:
        return []
    primary = _primary()
    said = [*(write(False) for write in writes[:-1]), writes[-1](True)]
    if len(writes) > 1 and _primary() != primary:
        said = [write(True) for write in writes]
    return said


def _primary() -> object:
    """Return the election that the connected primary won; None before the first contact."""
    client: MongoClient[dict[str, object]] = get_connection()
    for server in client.topology_description.server_descriptions().values():
        if server.server_type_name == "RSPrimary":
            return server.election_id
    return None
