"""Tasks about providers."""

from shared.tasks import TaskName
from worker.context import get_context, utc_now
from worker.pipeline.house_breakers import watch_speech
from worker.pipeline.learn import learn_all
from worker.pipeline.references import follow_all
from worker.pipeline.rights import check_all
from worker.pipeline.score import score_all
from worker.task import job


@job(TaskName.PROVIDERS_LEARN, 120)
def learn() -> str:
    """Learn the habits of providers that have posted since the last time."""
    return learn_all(utc_now())


@job(TaskName.PROVIDERS_FOLLOW, 20)
def follow() -> str:
    """Follow new signals on paper, and those under way through new prices and updates."""
    return follow_all(get_context(), utc_now())


@job(TaskName.PROVIDERS_SCORE, 60)
def score() -> str:
    """Compute the records of providers of which something has closed, and stop those that flood or lose too much."""
    now = utc_now()
    computed = score_all(now)
    return f"{computed}, {watch_speech(get_context().settings, now)} stopped"


@job(TaskName.PROVIDERS_CHECK_RIGHTS, 86400)
def check_rights() -> str:
    """Pause trading bots whose right to follow is lost."""
    return check_all(utc_now())
