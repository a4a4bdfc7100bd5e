"""Tasks about messages."""

from shared.tasks import TaskName
from worker.context import get_context
from worker.pipeline.confirm import confirm as confirm_signal
from worker.pipeline.ingest import ingest as ingest_message
from worker.task import task


@task(TaskName.SIGNALS_CONFIRM)
def confirm(confirmation_id: str) -> str:
    """Carry out a follower's answer, or end a question that got none."""
    return confirm_signal(get_context(), confirmation_id)


@task(TaskName.SIGNALS_INGEST)
def ingest(row_id: str) -> str:
    """Bring one message to its end."""
    return ingest_message(get_context(), row_id)
