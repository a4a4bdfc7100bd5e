"""A command's way to its servers: settings, one connection, the indexes that its writes lean on."""

from datetime import UTC, datetime

from shared.database import check_answering, connect, ensure_indexes
from shared.domain.identifiers import event_id
from shared.local import use_running_servers
from shared.logs import log_to_stderr
from shared.models.audit import AuditEntry, AuditLine, append_audit
from shared.models.base import BaseDocument, new_id
from shared.models.mapping import millisecond
from shared.models.records import append_usage
from shared.settings import Settings, read_settings

ACTOR = "cli"
_ANSWER_SECONDS = 3.0


def read_command_settings() -> Settings:
    """Read the settings; servers that `make run` keeps on this machine need not be named.

    Raises
    ------
    ConfigurationError
        If the environment cannot be used.
    """
    log_to_stderr()
    use_running_servers()
    return read_settings()


def open_database(*documents: type[BaseDocument]) -> Settings:
    """Connect to MongoDB and make sure of the indexes of `documents`.

    Raises
    ------
    ConfigurationError, DatabaseUnavailable
        If the environment cannot be used, or MongoDB does not answer within 3 s.
    """
    settings = read_command_settings()
    check_answering(connect(settings.mongodb_uri, answer_within_seconds=_ANSWER_SECONDS))
    # Every command that changes something notes it there, and its place is one that only one may take.
    ensure_indexes((*documents, AuditEntry))
    return settings


def now() -> datetime:
    """Return the moment as the database keeps it."""
    return millisecond(datetime.now(UTC))


def audit(
    action: str,
    subject: str,
    detail: dict[str, str],
    at: datetime,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    """Append to the audit log what the command line did."""
    append_audit(
        AuditLine(new_id(), ACTOR, action, subject, detail, at, before=before or {}, after=after or {})
    )


def record_use(kind: str, user_id: str, subject_id: str, at: datetime) -> None:
    """Append a usage event, once for its subject."""
    append_usage(event_id(f"usage.{kind}", subject_id, 0), user_id, kind, subject_id, at)
