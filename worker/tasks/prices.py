"""The prices job."""

from shared.tasks import TaskName
from worker.context import get_context
from worker.pipeline.prices import refresh_prices
from worker.task import job


@job(TaskName.PRICES_REFRESH, 1)
def refresh() -> str:
    """Fetch quotes of all symbols in use and match paper orders."""
    return refresh_prices(get_context())
