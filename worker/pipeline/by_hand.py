"""Carry out what users ask of trades: the command is a row, what it wants becomes the trade's, the rest is cover.

A command may be rung for any number of times, at once and after any crash: what is next is decided from the trade
as it stands (`shared.domain.by_hand`), changed by compare-and-set, and ended once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from shared.brokers.base import Quote
from shared.domain.by_hand import Scene, Step, plan_command
from shared.domain.commands import FLATTENED, Command, CommandKind, CommandStatus, facts_of
from shared.domain.errors import TradeError
from shared.domain.identifiers import event_id
from shared.domain.instruments import Instrument
from shared.domain.trades import Trade
from shared.gathering import ring_gathered
from shared.logs import get_logger
from shared.models import audit, commands, orders, outbox, trades
from shared.models.commands import End
from shared.models.durable import write_all
from shared.models.mapping import millisecond
from shared.models.together import run_together
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.notify.events import command_events, ring_for
from worker.pipeline.asked import ring_flattens
from worker.pipeline.cancel import cancel_orders
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)

ATTEMPTS = 5
WATCHED_AFTER = timedelta(seconds=5)
SOONEST, LATEST = timedelta(seconds=2), timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A command, the trade it was judged by, and what is next."""

    command: Command
    trade: Trade
    step: Step


def carry_out(context: Context, command_ids: Sequence[str]) -> str:
    """Take commands as far as they go now; those that wait are rung for again."""
    moved: set[str] = set()
    ended = 0
    todo: set[str] = set(command_ids)
    for _ in range(ATTEMPTS):
        plans = _plan_all(context, commands.find_pending(todo))
        _wait([plan for plan in plans if plan.step.is_waiting])
        ended += _end([plan for plan in plans if plan.step.status is not CommandStatus.PENDING])
        busy = _cancel(context, [plan for plan in plans if plan.step.cancel])
        busy |= _change([plan for plan in plans if plan.step.changes and not plan.step.cancel], moved)
        todo = busy
        if not todo:
            break
    return f"{ended} of {len(command_ids)} ended, {len(moved)} begun"


def _plan_all(context: Context, pending: Sequence[Command]) -> list[_Plan]:
    trade_ids = {command.trade_id for command in pending}
    if not trade_ids:
        return []
    # What fills and reports have told is counted first: nothing is decided from a holding that is gone.
    settle_trades(context, trade_ids)
    found, made = run_together(trades.finding_many(trade_ids), orders.finding_of_trades(trade_ids))
    by_id = {trade.trade_id: trade for trade in found}
    moving = [c.trade_id for c in pending if c.kind is CommandKind.MOVE_STOP]
    last_moves = commands.last_stop_moves(moving) if moving else {}
    rules = _instruments(context, found)
    quotes = _quotes(context, [by_id[trade_id] for trade_id in moving if trade_id in by_id])
    now = utc_now()
    plans = []
    for command in pending:
        trade = by_id.get(command.trade_id)
        if trade is None:
            log.error("command.trade_gone", command_id=command.command_id, trade_id=command.trade_id)
            continue
        quote = quotes.get(trade.trade_id)
        scene = Scene(
            trade=trade,
            orders=tuple(order for order in made if order.trade_id == trade.trade_id),
            instrument=rules.get(trade.trade_id),
            bid=quote.bid if quote else None,
            ask=quote.ask if quote else None,
            is_outdated=last_moves.get(trade.trade_id, command.command_id) != command.command_id,
        )
        plans.append(_Plan(command, trade, plan_command(command, scene, now)))
    return plans


def _instruments(context: Context, found: Iterable[Trade]) -> dict[str, Instrument]:
    """Read the rules of trades' instruments, by trade; a venue that does not answer leaves them out."""
    rules: dict[str, Instrument] = {}
    for trade in found:
        try:
            known = context.instruments(trade.venue, trade.environment, [trade.symbol])
        except (TradeError, TimeoutError) as error:
            log.warning("command.no_rules", trade_id=trade.trade_id, error=str(error)[:200])
            continue
        if trade.symbol in known:
            rules[trade.trade_id] = known[trade.symbol]
    return rules


def _quotes(context: Context, found: Iterable[Trade]) -> dict[str, Quote]:
    """Read fresh prices, by trade; a venue that does not answer leaves them out."""
    quotes: dict[str, Quote] = {}
    for trade in found:
        try:
            known = context.fresh_quotes(trade.venue, trade.environment, [trade.symbol])
        except (TradeError, TimeoutError) as error:
            log.warning("command.no_price", trade_id=trade.trade_id, error=str(error)[:200])
            continue
        if trade.symbol in known:
            quotes[trade.trade_id] = known[trade.symbol]
    return quotes


def _wait(plans: Sequence[_Plan]) -> None:
    now = utc_now()
    for pause in {_pause(plan.command, now) for plan in plans}:
        waiting = [plan for plan in plans if _pause(plan.command, now) == pause]
        sentences = {plan.command.command_id: plan.step.sentence for plan in waiting}
        commands.look_again(sentences, millisecond(now + pause))


def _pause(command: Command, now: datetime) -> timedelta:
    """Look again in a quarter of the command's age, in whole seconds."""
    quarter = timedelta(seconds=int((now - command.at).total_seconds() / 4))
    return min(max(quarter, SOONEST), LATEST)


def _end(plans: Sequence[_Plan]) -> int:
    """Tell users and the audit log how commands end, then end them: a crash in between tells the same again."""
    if not plans:
        return 0
    now = millisecond(utc_now())
    ends = [End(p.command, p.step.status, p.step.code, p.step.sentence, now) for p in plans]
    lines = [_audit_line(plan.trade, end) for plan, end in zip(plans, ends, strict=True)]
    events = command_events(ends)
    write_all(
        lambda wait: audit.append_audits_once(lines, wait=wait),
        lambda wait: outbox.record_events(events, wait=wait),
        lambda wait: commands.end_many(ends, wait=wait),
    )
    ring_for(events)
    for end in ends:
        log.info("command.ended", command_id=end.command.command_id, status=str(end.status), code=end.code)
    ring_flattens({plan.command.halt_id for plan in plans if plan.command.halt_id is not None})
    return len(ends)


def _audit_line(trade: Trade, end: End) -> audit.AuditLine:
    command = end.command
    detail = {"status": str(end.status), "code": end.code, "via": str(command.via)}
    entry_id = event_id("audit.command", command.command_id, end.status)
    action = f"trade.{command.kind}"
    return audit.AuditLine(
        entry_id,
        command.by,
        action,
        command.trade_id,
        detail,
        end.at,
        before=command.before,
        after=facts_of(trade),
    )


def _cancel(context: Context, plans: Sequence[_Plan]) -> set[str]:
    """Cancel entries; return the commands that are to be judged again by what became of them."""
    if not plans:
        return set()
    begun = commands.begin([plan.command.command_id for plan in plans], millisecond(utc_now()))
    failpoint("after_command_begun")
    for code in dict.fromkeys(_cancel_code(plan.command) for plan in plans):
        asking = [p for p in plans if p.command.command_id in begun and _cancel_code(p.command) == code]
        cancel_orders(context, [order_id for plan in asking for order_id in plan.step.cancel], code=code)
    failpoint("after_command_cancel")
    return begun


def _cancel_code(command: Command) -> str:
    return FLATTENED if command.exit_reason == FLATTENED else "USER_CANCELED"


def _change(plans: Sequence[_Plan], moved: set[str]) -> set[str]:
    """Write what commands want into their trades; return those whose trade had changed, to be judged again."""
    if not plans:
        return set()
    now = millisecond(utc_now())
    begun = commands.begin([plan.command.command_id for plan in plans], now)
    failpoint("after_command_begun")
    # One command of a trade at a time: the next one is judged by what this one made of it.
    first = {plan.trade.trade_id: plan for plan in reversed(plans) if plan.command.command_id in begun}
    changes = {trade_id: (plan.trade, plan.step.changes) for trade_id, plan in first.items()}
    won_trades = trades.compare_and_set_many(changes, uuid4().hex, now + WATCHED_AFTER)
    won = [plan for trade_id, plan in first.items() if trade_id in won_trades]
    failpoint("after_command_change")
    done = {plan.command.command_id for plan in won}
    if won:
        commands.mark_applied(done, now)
        enqueue(TaskName.TRADES_PROTECT, [plan.trade.trade_id for plan in won])
        ring_gathered(TaskName.TRADES_SHOW, [plan.trade.trade_id for plan in won])
    moved |= done
    return begun - done
