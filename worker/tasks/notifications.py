"""Tasks that tell people."""

from shared.gathering import take_gathered
from shared.tasks import TaskName
from worker.context import get_context
from worker.notify.deliver import deliver as deliver_events
from worker.task import task

AT_ONCE = 500


@task(TaskName.NOTIFICATIONS_DELIVER)
def deliver() -> str:
    """Hand the events that have gathered to their users' rooms."""
    context = get_context()
    context.gather()
    return deliver_events(context, take_gathered(TaskName.NOTIFICATIONS_DELIVER, AT_ONCE))
