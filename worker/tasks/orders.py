"""Tasks about orders."""

from shared.tasks import TaskName
from worker.context import get_context
from worker.pipeline import cancel as cancelling
from worker.pipeline import reconcile as reconciling
from worker.pipeline.submit import execute as execute_orders
from worker.task import job, task


@task(TaskName.ORDERS_EXECUTE)
def execute(order_ids: list[str]) -> str:
    """Send entries that wait."""
    return execute_orders(get_context(), order_ids)


@task(TaskName.ORDERS_EXECUTE_EXITS)
def execute_exits(order_ids: list[str]) -> str:
    """Send cover and exits that wait."""
    return execute_orders(get_context(), order_ids)


@task(TaskName.ORDERS_CANCEL)
def cancel(order_ids: list[str]) -> str:
    """Cancel orders."""
    return cancelling.cancel_orders(get_context(), order_ids)


@task(TaskName.ORDERS_LOOK_UP)
def look_up(order_ids: list[str]) -> int:
    """Ask the venue about orders now, whether they rest or their outcome is unknown."""
    return reconciling.look_up(get_context(), order_ids)


@job(TaskName.ORDERS_RECONCILE, 2)
def reconcile() -> str:
    """Ask venues about everything that is due."""
    return reconciling.reconcile_due(get_context())
