"""The door for messages: record once, then ring. The database is the mailbox, the queue the doorbell.

`python -m shared.inbox` feeds JSON lines, one message each, exactly as the bot does.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TextIO

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from shared.domain.identifiers import message_row_id
from shared.models import messages
from shared.models.mapping import millisecond
from shared.tasks import TaskName, enqueue

DELETE_REVISION = 2**53 - 1
"""The revision of a delete: later than any edit, and one per message however often it is reported."""

_FIRST_RING_SECONDS = 5


MAX_EMBED_CHARACTERS = 100_000
"""All texts of a message's embeds together; Discord allows 6,000."""


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _printable(text: str) -> str:
    # Ids become keys and lines of logs: no control characters, no lone surrogates.
    if not text.isprintable():
        raise ValueError("must hold printable characters only")
    return text


def _storable(value: object) -> object:
    # A lone surrogate can be in JSON but not in UTF-8; it is kept as a visible replacement.
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no moment of UTC") from None


def _plain_embeds(embeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    plain = [_plain_embed(embed) for embed in embeds]
    if len(json.dumps(plain, ensure_ascii=False)) > MAX_EMBED_CHARACTERS:
        raise ValueError(f"must not hold more than {MAX_EMBED_CHARACTERS} characters")
    return plain


OptionalIdentifier = Annotated[
    str, BeforeValidator(_as_text), Field(max_length=100), AfterValidator(_printable)
]
Identifier = Annotated[OptionalIdentifier, Field(min_length=1)]
Text = Annotated[str, BeforeValidator(_storable)]
Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]


class IncomingMessage(BaseModel):
    """One message as it arrives, from Discord, a hook or a file; ids are strings, times ISO 8601 UTC."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: Literal["discord", "hook"] = "discord"
    guild_id: OptionalIdentifier = ""
    channel_id: Identifier
    message_id: Identifier
    revision: int = Field(default=0, ge=0, le=DELETE_REVISION)
    event: Literal["create", "edit", "delete"] = "create"
    author_id: OptionalIdentifier = ""
    author_name: Text = Field(default="", max_length=200)
    is_webhook: bool = False
    content: Text = Field(default="", max_length=20_000)
    embeds: Annotated[list[dict[str, Any]], Field(max_length=20), AfterValidator(_plain_embeds)] = Field(
        default_factory=list
    )
    reply_to: OptionalIdentifier | None = None
    posted_at: Moment
    edited_at: Moment | None = None


class Recorded(BaseModel):
    """What recording answers: our row's id, and whether this call created it."""

    message_id: str
    id: str
    created: bool


def record_message(incoming: IncomingMessage, now: datetime) -> Recorded:
    """Insert a message unless it is there, then ring the bell; a duplicate ends here.

    Raises
    ------
    pymongo.errors.PyMongoError
        If the database did not acknowledge: the caller keeps the message and tries again.
    """
    revision = _revision(incoming)
    row_id = message_row_id(incoming.source, incoming.channel_id, incoming.message_id, revision)
    now = millisecond(now)
    message = messages.InboxMessage(
        row_id=row_id,
        source=incoming.source,
        guild_id=incoming.guild_id,
        channel_id=incoming.channel_id,
        message_id=incoming.message_id,
        revision=revision,
        event=incoming.event,
        author_id=incoming.author_id,
        author_name=incoming.author_name,
        is_webhook=incoming.is_webhook,
        content=incoming.content,
        embeds=tuple(incoming.embeds),
        reply_to=incoming.reply_to,
        posted_at=millisecond(incoming.posted_at),
        edited_at=millisecond(incoming.edited_at) if incoming.edited_at else None,
        recorded_at=now,
        next_check_at=now + timedelta(seconds=_FIRST_RING_SECONDS),
    )
    created = messages.create_once(message)
    if created:
        enqueue(TaskName.SIGNALS_INGEST, row_id)
    return Recorded(message_id=incoming.message_id, id=row_id, created=created)


def feed(lines: Iterable[str], out: TextIO) -> int:
    """Record JSON lines, answer each with a JSON line, and return the number of bad ones."""
    bad = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        answer: Mapping[str, object]
        try:
            answer = record_message(parse_line(line), datetime.now(UTC)).model_dump()
        except ValueError as error:
            bad += 1
            answer = {"error": str(error), "line": number}
        out.write(json.dumps(answer) + "\n")
        out.flush()
    return bad


def parse_line(line: str) -> IncomingMessage:
    """Read one JSON object.

    Raises
    ------
    ValueError
        With one sentence that names the first wrong field.
    """
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError too
        raise ValueError(f"not JSON: {error}") from None
    return parse_object(data)


def parse_object(data: object) -> IncomingMessage:
    """Read one message from what JSON held.

    Raises
    ------
    ValueError
        With one sentence that names the first wrong field.
    """
    if not isinstance(data, dict):
        raise ValueError(f"a JSON object is expected, not {type(data).__name__}")  # noqa: TRY004 one error for a bad line
    try:
        return IncomingMessage.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def _revision(incoming: IncomingMessage) -> int:
    if incoming.event == "delete":
        return DELETE_REVISION
    if incoming.revision == 0 and incoming.event == "edit" and incoming.edited_at is not None:
        return int(incoming.edited_at.timestamp() * 1000)
    return incoming.revision


def _plain_embed(embed: Mapping[str, Any]) -> dict[str, Any]:
    """Keep an embed's texts only: nothing that a stranger can shape into odd keys or numbers."""
    plain: dict[str, Any] = {
        name: _storable(embed[name])
        for name in ("title", "description", "url")
        if isinstance(embed.get(name), str)
    }
    for name, key in (("author", "name"), ("footer", "text")):
        inner = embed.get(name)
        if isinstance(inner, Mapping) and isinstance(inner.get(key), str):
            plain[name] = {key: _storable(inner[key])}
    listed = embed.get("fields")
    if isinstance(listed, list):
        plain["fields"] = [
            {key: _field_text(item.get(key)) for key in ("name", "value")}
            for item in listed[:25]
            if isinstance(item, Mapping)
        ]
    return plain


def _field_text(value: object) -> object:
    return _storable(str(value)) if isinstance(value, str | int | float) else ""


def main() -> int:
    """Feed standard input; exit status 1 when a line was bad, 75 when the database was away."""
    from pymongo.errors import PyMongoError  # noqa: PLC0415 - only the command needs it

    from shared.database import connect  # noqa: PLC0415 - a bot that imports this module connects by itself
    from shared.lines import answer_lines  # noqa: PLC0415
    from shared.logs import log_to_stderr  # noqa: PLC0415
    from shared.settings import ConfigurationError, read_settings, stop_on_bad_configuration  # noqa: PLC0415

    try:
        settings = read_settings()
    except ConfigurationError as error:
        stop_on_bad_configuration("inbox", error)
    log_to_stderr()
    connect(settings.mongodb_uri)
    try:
        return answer_lines("inbox", lambda lines, out: 1 if feed(lines, out) else 0)
    except PyMongoError as error:
        sys.stderr.write(f"inbox: MongoDB does not answer: {str(error).split(' (')[0]}\n")
        return 75


if __name__ == "__main__":
    sys.exit(main())
