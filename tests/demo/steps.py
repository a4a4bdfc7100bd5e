"""What one step of the demo's story is, and what must become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PASSED = "PASSED"
"""The receipt of a follower whose gates all passed; any other word is the code of a denial."""


class Kind(StrEnum):
    """What somebody does on Discord."""

    POST = "post"
    REPOST = "repost"
    EDIT = "edit"
    DELETE = "delete"
    REDELIVER = "redeliver"
    UNFURL = "unfurl"


class By(StrEnum):
    """Who does it."""

    AUTHOR = "author"
    WEBHOOK = "webhook"
    STRANGER = "stranger"
    FALSE_WEBHOOK = "false_webhook"


@dataclass(frozen=True)
class Expected:
    """What the inbox and the receipts must say.

    `reasons` empty means that any reason will do; `receipts` holds {follower: PASSED or the denial's code}, and
    nobody else may have one.
    """

    status: str
    reasons: frozenset[str] = frozenset()
    receipts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One thing that happens.

    Parameters
    ----------
    key
        Its name in this story, for the steps that refer to it.
    room
        Whose channel.
    text
        With levels in braces, see `market`.
    of
        The post that is edited, repeated, deleted, redelivered, previewed, or answered (`kind` POST).
    side_channel
        Post in the room's second channel.
    minutes_ago
        The message's own time, when it comes late.
    expected
        None where nothing may be recorded: a redelivery, a preview.
    """

    key: str
    room: str
    text: str = ""
    expected: Expected | None = None
    kind: Kind = Kind.POST
    by: By = By.AUTHOR
    of: str | None = None
    embeds: tuple[Mapping[str, Any], ...] = ()
    side_channel: bool = False
    minutes_ago: int = 0
