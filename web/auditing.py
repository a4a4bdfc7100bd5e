"""What somebody did on a page, into the audit log: who, from where, and what it was before and after."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

from flask import g, has_request_context, request

from shared.models.audit import AuditEntry, AuditLine, append_audit
from shared.models.base import new_id

NOBODY = "anonymous"
"""The actor of what is done before a login."""


def audit(
    action: str,
    subject: str,
    *,
    actor: str | None = None,
    detail: Mapping[str, str] | None = None,
    before: Mapping[str, str] | None = None,
    after: Mapping[str, str] | None = None,
) -> None:
    """Append what is done; `actor` is the request's signed-in user where it is not given. Never give it a secret.

    What pages and commands do alike is noted here too; a command has no address.

    Raises
    ------
    pymongo.errors.PyMongoError, AuditBusy
        If it could not be noted: what cannot be noted is not done.
    """
    _make_sure_of_the_chain()
    is_asked = has_request_context()
    follower = g.get("follower") if is_asked else None
    append_audit(
        AuditLine(
            entry_id=new_id(),
            actor=actor or (follower.user_id if follower is not None else NOBODY),
            action=action,
            subject=subject,
            detail=detail or {},
            at=datetime.now(UTC),
            address=(request.remote_addr or "") if is_asked else "",
            before=before or {},
            after=after or {},
        )
    )


@cache
def _make_sure_of_the_chain() -> None:
    # Workers make all indexes as they start; a web process may be there before the first of them.
    AuditEntry.ensure_indexes()
