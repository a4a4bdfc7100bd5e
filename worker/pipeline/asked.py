"""Ring for what people asked for or were asked: commands, flattens, rotations and confirmations that are due."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.models import commands, confirmations, connections, flattens, rotations
from shared.tasks import TaskName, enqueue

CHUNK = 25


def ring_asked(now: datetime, room: int) -> str:
    """Ring for commands, flattens and rotations that wait longer than they should, at most so many."""
    for rotation_id in rotations.take_due(now):
        enqueue(TaskName.CREDENTIALS_ROTATE, rotation_id)
    if not room:
        return "no room for commands"
    due = commands.take_due(now, room)
    ring_commands(due)
    for halt_id in flattens.take_due(now, room):
        enqueue(TaskName.TRADES_FLATTEN, halt_id)
    return f"{len(due)} commands"


def ring_confirmations(now: datetime, room: int) -> str:
    """Ring for answers that wait to be carried out, and for questions whose time is over."""
    due = confirmations.take_due(now, room) if room else []
    for confirmation_id in due:
        enqueue(TaskName.SIGNALS_CONFIRM, confirmation_id)
    return f"{len(due)} confirmations"


def ring_connections(now: datetime, room: int) -> str:
    """Ring for accounts whose keys wait for a look, a chunk a bell."""
    due = connections.take_due(now, room) if room else []
    for start in range(0, len(due), CHUNK):
        enqueue(TaskName.ACCOUNTS_CHECK, due[start : start + CHUNK])
    return f"{len(due)} keys"


def ring_waiting(trade_ids: Sequence[str]) -> None:
    """Ring for the commands of trades that have just changed: their turn or their effect may have come."""
    if trade_ids:
        ring_commands(commands.pending_of_trades(trade_ids))


def ring_commands(command_ids: Sequence[str]) -> None:
    """Ring for commands, a chunk a bell: what one task carries out in one wave."""
    for start in range(0, len(command_ids), CHUNK):
        enqueue(TaskName.TRADES_CARRY_OUT, list(command_ids[start : start + CHUNK]))


def ring_flattens(halt_ids: Collection[str]) -> None:
    """Ring for flattens of which no command is left to end."""
    for halt_id in halt_ids:
        if not commands.count_of_halt(halt_id).pending:
            enqueue(TaskName.TRADES_FLATTEN, halt_id)
