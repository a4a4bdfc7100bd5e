"""What a signed-in person did, as a line of the audit log."""

from shared.models.base import new_id
from shared.models.mapping import millisecond
from shared.models.records import append_audit
from web.formatting import moment


def note(user_id: str, action: str, subject: str, **detail: str) -> None:
    """Append a line: who, what, to what, and what more there is to know; never a secret."""
    append_audit(new_id(), user_id, action, subject, detail, millisecond(moment()))
