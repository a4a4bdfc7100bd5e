"""The audit log: append-only and chained, so that a line that was changed, taken out or put in is found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from mongoengine import fields
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import BulkWriteError

from shared.domain.audit_chain import GENESIS, KEPT, Link, chain, link_of
from shared.logs import get_logger
from shared.models.base import BaseDocument
from shared.models.counters import last_of, raise_to
from shared.models.mapping import Row, hints_of, millisecond, rows_of, to_row

log = get_logger(__name__)

_COUNTER = "audit"
_DUPLICATE_KEY = 11000
# Somebody gets in at every try: so many others would have to be faster each time.
_MAX_TRIES = 500


class AuditBusy(Exception):
    """Raised when others appended at every try; nothing of the rest was written."""


class AuditEntry(BaseDocument):
    """Owner: the operator. Append-only and chained: who did what, when, from where; retention 2 years."""

    entry_id = fields.StringField(primary_key=True)
    seq = fields.LongField(required=True)
    actor = fields.StringField(required=True)
    address = fields.StringField()
    action = fields.StringField(required=True)
    subject = fields.StringField()
    detail = fields.DictField()
    before = fields.DictField()
    after = fields.DictField()
    at = fields.DateTimeField(required=True)
    recorded_at = fields.DateTimeField(required=True)
    previous_at = fields.DateTimeField(null=True)
    previous_hash = fields.StringField(required=True)
    hash = fields.StringField(required=True)
    unchained_before = fields.IntField(null=True)

    meta = {
        "collection": "audit_entries",
        "indexes": [
            # Lines of before the chain have no number.
            {"fields": ["seq"], "unique": True, "partialFilterExpression": {"seq": {"$exists": True}}},
            {"fields": ["recorded_at"], "expireAfterSeconds": KEPT.days * 86400},
            ["actor", "-at"],
            ["subject", "-at"],
        ],
    }


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the audit log; an id that derives from what it tells makes a repeat the same line.

    `address` is where a request came from; `before` and `after` are what was changed, by name, and never a secret.
    """

    entry_id: str
    actor: str
    action: str
    subject: str
    detail: Mapping[str, str]
    at: datetime
    address: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


def append_audit(line: AuditLine) -> None:
    """Append one line; one that is there is left. Raises AuditBusy as `append_audits_once`."""
    append_audits_once([line])


def append_audits_once(lines: Sequence[AuditLine], *, wait: bool = True) -> None:
    """Append lines in order, leaving those that are there. `wait` as in `shared.models.durable`.

    Raises
    ------
    AuditBusy
        If others were faster at every try.
    pymongo.errors.BulkWriteError
        If a line was refused for another reason than its place.
    """
    collection = rows_of(AuditEntry) if wait else hints_of(AuditEntry)
    left = [_row(line) for line in {line.entry_id: line for line in lines}.values()]
    for _ in range(_MAX_TRIES):
        if not left:
            return
        placed = _place(left)
        try:
            collection.insert_many(placed, ordered=True)
            written, problem = placed, None
        except BulkWriteError as error:
            problem = (error.details or {}).get("writeErrors", [{}])[0]
            if problem.get("code") != _DUPLICATE_KEY:
                raise
            written = placed[: problem["index"]]
        _note(written)
        left = left[len(written) :]
        if problem is not None and "_id" in problem.get("keyPattern", {}):
            left = _without_known(left)
    raise AuditBusy(f"{len(left)} lines found no place in the audit log in {_MAX_TRIES} tries")


def read_chain() -> Iterator[Row]:
    """Read the chain from its oldest line on."""
    yield from rows_of(AuditEntry).find({"seq": {"$exists": True}}).sort("seq", ASCENDING)


def newest_number() -> int:
    """Return the number that the newest line is known to have had; a line that came just now may have a later one."""
    return last_of(_COUNTER)


def count_unchained() -> int:
    """Count the lines outside the chain: those of versions before it, and whatever was put there by other means."""
    return rows_of(AuditEntry).count_documents({"seq": {"$exists": False}})


def newest_lines(query: Row, limit: int) -> list[Row]:
    """List the newest lines that a query finds, newest first."""
    return list(rows_of(AuditEntry).find(query).sort("at", DESCENDING).limit(limit))


def _row(line: AuditLine) -> Row:
    row = to_row(line, "entry_id")
    maps = {name: dict(row[name]) for name in ("detail", "before", "after")}
    return {**row, **maps, "at": millisecond(line.at)}


def _place(rows: Sequence[Row]) -> list[Row]:
    # The number first: it is raised after its line, so what is read after it is there, unless it was taken out.
    number = last_of(_COUNTER)
    newest = rows_of(AuditEntry).find_one({"seq": {"$exists": True}}, sort=[("seq", DESCENDING)])
    head: Link | None = link_of(newest) if newest else None
    if head is None and number:
        head = Link(number, GENESIS, rows[0]["at"])
    elif head is not None:
        # A number that was given is not given again: the gap stays.
        head = replace(head, seq=max(head.seq, number))
    elif head is None:
        # What is there without a number when the chain begins is all that may ever be.
        rows = [{**rows[0], "unchained_before": count_unchained()}, *rows[1:]]
    placed = []
    for row in rows:
        placed.append(chain(row, head))
        head = link_of(placed[-1])
    return placed


def _without_known(rows: Sequence[Row]) -> list[Row]:
    ids = [row["_id"] for row in rows]
    known = {row["_id"] for row in rows_of(AuditEntry).find({"_id": {"$in": ids}}, {"_id": 1})}
    return [row for row in rows if row["_id"] not in known]


def _note(rows: Sequence[Row]) -> None:
    if not rows:
        return
    raise_to(_COUNTER, rows[-1]["seq"], wait=False)
    for row in rows:
        # Kept outside the database: who makes the chain anew cannot make this anew.
        log.info("audit.appended", seq=row["seq"], hash=row["hash"], action=row["action"])
