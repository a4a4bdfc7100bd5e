"""Jobs that keep the house: the sweep, entries past their time, retention."""

from datetime import timedelta

from shared.models import messages
from shared.tasks import TaskName
from worker.context import get_context, utc_now
from worker.pipeline import sweep as sweeping
from worker.pipeline.house_breakers import watch_doubt
from worker.task import job

NOISE_KEPT = timedelta(days=90)


@job(TaskName.MAINTENANCE_SWEEP, 5)
def sweep() -> str:
    """Ring again for what was recorded but not advanced."""
    context = get_context()
    watch_doubt(context.settings, utc_now())
    return sweeping.sweep(context)


@job(TaskName.MAINTENANCE_EXPIRE_ENTRIES, 5)
def expire_entries() -> str:
    """End entries whose time is over."""
    return sweeping.expire_entries(get_context())


@job(TaskName.MAINTENANCE_RETAIN, 86400)
def retain() -> int:
    """Delete noise past its retention; what has its own lifetime in the database goes by itself."""
    return messages.delete_noise(utc_now() - NOISE_KEPT)
