"""Close everything in a halted scope: one command for each open trade, in bounded chunks, until all have ended."""

from datetime import timedelta

from shared.domain.commands import FLATTENED, Command, CommandKind, CommandStatus, Via, facts_of
from shared.domain.identifiers import command_id
from shared.domain.money import HUNDRED, to_plain
from shared.domain.trades import Trade
from shared.halting import query_of
from shared.logs import get_logger
from shared.models import commands, flattens, trades
from shared.models.flattens import FlattenState, FlattenStatus
from shared.models.mapping import millisecond
from shared.tasks import TaskName, enqueue
from worker.context import utc_now
from worker.failpoints import failpoint
from worker.pipeline.asked import ring_commands

log = get_logger(__name__)

PAGE = 500
LIMIT = 50_000
FIRST_CHECK = timedelta(seconds=10)
# A trade is stamped by its worker's clock, a halt by its caller's: what was planned at the halt belongs to it.
CLOCKS_APART = timedelta(seconds=5)


def flatten(halt_id: str) -> str:
    """Record the commands that are missing, ring for them, and write how far the flatten is; safe to repeat."""
    state = flattens.find(halt_id)
    if state is None or state.status is FlattenStatus.DONE:
        return "nothing to flatten"
    recorded, more = _record_missing(state)
    failpoint("after_flatten_page")
    if more:
        enqueue(TaskName.TRADES_FLATTEN, halt_id)
    counts = commands.count_of_halt(halt_id)
    is_done = not recorded and not more and counts.pending == 0
    flattens.report(halt_id, counts, millisecond(utc_now()) if is_done else None)
    if is_done:
        log.info(
            "flatten.ended", halt_id=halt_id, scope=state.scope, done=counts.done, refused=counts.refused
        )
    return f"{counts.done} of {counts.found} closed, {counts.refused} refused"


def _record_missing(state: FlattenState) -> tuple[int, bool]:
    """Record a page of commands for open trades that have none; tell how many, and whether there are more."""
    found = trades.alive_ids(query_of(state.scope), state.at + CLOCKS_APART, LIMIT)
    known = commands.trades_of_halt(state.halt_id)
    missing = [trade_id for trade_id in found if trade_id not in known]
    page = [_command(state, trade) for trade in trades.find_many(missing[:PAGE]) if not trade.is_over]
    commands.create_many_once(page)
    ring_commands([command.command_id for command in page])
    return len(page), len(missing) > PAGE


def _command(state: FlattenState, trade: Trade) -> Command:
    now = millisecond(utc_now())
    return Command(
        command_id=command_id(trade.trade_id, CommandKind.CLOSE, to_plain(HUNDRED), state.halt_id),
        trade_id=trade.trade_id,
        user_id=trade.user_id,
        account_id=trade.account_id,
        kind=CommandKind.CLOSE,
        value=HUNDRED,
        by=state.by,
        via=Via(state.via),
        status=CommandStatus.PENDING,
        at=now,
        next_check_at=now + FIRST_CHECK,
        exit_reason=FLATTENED,
        halt_id=state.halt_id,
        before=dict(facts_of(trade)),
    )
