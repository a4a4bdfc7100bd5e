"""What all documents share: indexes are made by `ensure_indexes`, never by a first query."""

from typing import Any, ClassVar
from uuid import uuid4

from mongoengine import Document


class BaseDocument(Document):
    """Abstract parent; unknown fields of a newer version are kept, not refused."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False, "strict": False}


def new_id() -> str:
    """Return an id for a row that nothing else determines: a user, a provider, an account, a bot."""
    return uuid4().hex
