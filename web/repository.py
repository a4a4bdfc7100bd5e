"""Rows by their owner: pages read and write one user's rows through this, and it cannot be asked without an owner.

The owner goes into every query, so that an id from an address or a form finds a row only where it is the asker's
own. A test of the house holds that no page's code reaches a collection by another way; what belongs to nobody alone
(messages, readings, providers) is read through `shared_rows`, whose caller says by what it is limited.
"""

from collections.abc import Sequence

from pymongo.collection import Collection
from pymongo.cursor import Cursor

from shared.models.base import BaseDocument
from shared.models.mapping import Row, rows_of
from shared.models.messages import Message
from shared.models.providers import Provider
from shared.models.signals import Signal
from shared.models.users import User

ANSWER_MS = 3000
"""A page's query is given up after this long."""

_SHARED = (Message, Provider, Signal)
_OWNER = "user_id"
_FORBIDDEN = ("$where", "$function", "$expr")


class NotOwned(TypeError):
    """Raised where rows that have no owner are asked for as somebody's; a mistake in our code, never a visitor's."""


class OwnRows:
    """The rows of one user; `owner` is the signed-in user's id, never one that a request brought."""

    def __init__(self, owner: str) -> None:
        if not owner:
            raise ValueError("rows are asked for by their owner's id")
        self.owner = owner

    def find(
        self, document: type[BaseDocument], query: Row | None = None, fields: Row | None = None
    ) -> "Cursor[Row]":
        """Find the owner's rows that a query names besides; raises NotOwned for rows without an owner."""
        scoped = self._scoped(document, query)
        return rows_of(document).find(scoped, fields).max_time_ms(ANSWER_MS)

    def find_one(
        self, document: type[BaseDocument], query: Row | None = None, fields: Row | None = None
    ) -> Row | None:
        """Find one of the owner's rows; another's is not there."""
        scoped = self._scoped(document, query)
        return rows_of(document).find_one(scoped, fields, max_time_ms=ANSWER_MS)

    def group(self, document: type[BaseDocument], query: Row, group: Row) -> list[Row]:
        """Group the owner's rows (the stage `$group`)."""
        stages: Sequence[Row] = [{"$match": self._scoped(document, query)}, {"$group": group}]
        return list(rows_of(document).aggregate(stages, maxTimeMS=ANSWER_MS))

    def _scoped(self, document: type[BaseDocument], query: Row | None) -> Row:
        asked = query or {}
        field = owner_field(document)
        if field in asked and asked[field] != self.owner:
            raise ValueError("the owner is the repository's, not the query's")
        if any(name in asked for name in _FORBIDDEN):
            raise ValueError("a query of a page names fields, and no code")
        return {**asked, field: self.owner}


def owner_field(document: type[BaseDocument]) -> str:
    """Name the field that holds a row's owner; raises NotOwned where there is none."""
    if document is User:
        return "_id"
    if _OWNER not in document._fields:
        raise NotOwned(f"{document.__name__} has no owner")
    return _OWNER


def shared_rows(document: type[BaseDocument]) -> Collection[Row]:
    """Return rows that belong to nobody alone, for a query that limits them itself; raises NotOwned for all others."""
    if document not in _SHARED:
        raise NotOwned(f"{document.__name__} belongs to somebody: ask OwnRows")
    return rows_of(document)
