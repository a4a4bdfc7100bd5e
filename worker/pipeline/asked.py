"""Ring for what people asked for: commands that are due, and those that waited for an exit to end."""

from collections.abc import Sequence
from datetime import datetime

from shared.models import commands
from shared.tasks import TaskName, enqueue

CHUNK = 25


def ring_asked(now: datetime, room: int) -> str:
    """Ring for commands that wait longer than they should, at most so many."""
    due = commands.take_due(now, room) if room else []
    ring_commands(due)
    return f"{len(due)} commands"


def ring_waiting(trade_ids: Sequence[str]) -> None:
    """Ring for the commands of trades that have just changed: their turn or their effect may have come."""
    if trade_ids:
        ring_commands(commands.pending_of_trades(trade_ids))


def ring_commands(command_ids: Sequence[str]) -> None:
    """Ring for commands, a chunk a bell: what one task carries out in one wave."""
    for start in range(0, len(command_ids), CHUNK):
        enqueue(TaskName.TRADES_CARRY_OUT, list(command_ids[start : start + CHUNK]))
