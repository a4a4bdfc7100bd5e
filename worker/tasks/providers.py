"""Tasks about providers."""

from shared.tasks import TaskName
from worker.context import utc_now
from worker.pipeline.learn import learn_all
from worker.task import job


@job(TaskName.PROVIDERS_LEARN, 120)
def learn() -> str:
    """Learn the habits of providers that have posted since the last time."""
    return learn_all(utc_now())
