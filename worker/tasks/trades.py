"""Tasks about trades and their cover."""

from shared.gathering import take_gathered
from shared.tasks import TaskName
from worker.context import get_context
from worker.pipeline import by_hand
from worker.pipeline import flatten as flattening
from worker.pipeline import protect as protection
from worker.pipeline.settle import settle_trades
from worker.pipeline.show import SHOWN_AT_ONCE, show_trades
from worker.task import job, task


@task(TaskName.TRADES_PROTECT)
def protect(trade_ids: list[str]) -> str:
    """Bring the cover of trades to what is wanted."""
    return protection.protect(get_context(), trade_ids)


@task(TaskName.TRADES_SETTLE)
def settle(*trade_ids: str) -> None:
    """Bring trades up to their orders and fills."""
    settle_trades(get_context(), trade_ids)


@task(TaskName.TRADES_SHOW)
def show() -> str:
    """Show what has gathered of settled trades to those who look."""
    get_context().gather()
    return show_trades(take_gathered(TaskName.TRADES_SHOW, SHOWN_AT_ONCE))


@job(TaskName.TRADES_WATCH_COVER, 2)
def watch_cover() -> int:
    """Ring for every trade whose wanted and actual cover differ."""
    return protection.watch_cover()


@task(TaskName.TRADES_SETTLE_DENIED)
def settle_denied(trade_ids: list[str]) -> None:
    """Bring trades up to their denied entries."""
    settle_trades(get_context(), trade_ids)


@task(TaskName.TRADES_CARRY_OUT)
def carry_out(command_ids: list[str]) -> str:
    """Carry out what users ask of trades."""
    return by_hand.carry_out(get_context(), command_ids)


@task(TaskName.TRADES_FLATTEN)
def flatten(halt_id: str) -> str:
    """Close what is open in a halted scope."""
    return flattening.flatten(halt_id)
