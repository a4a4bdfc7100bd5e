"""Claim, look once more, send once, fold the answer: the only place where an order reaches a venue.

A redelivered or repeated call finds nothing to claim and never posts. What a send's failure means is
decided by its family: never left goes back, refused ends, unknown is asked about and never sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import uuid4

from shared.domain.orders import Order, OrderReport, Purpose
from shared.models import claims
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.limits import Pot
from worker.pipeline.apply import Applied, apply_reports
from worker.pipeline.failures import is_late, record_failures
from worker.pipeline.last_look import look_once_more
from worker.pipeline.lines import Line, lines_of, take_tokens
from worker.pipeline.margin_terms import on_their_terms
from worker.pipeline.sending import SEND_SECONDS, Answered, Windows, finish, send_all
from worker.pipeline.settle import COVER_CHUNK, settle_trades

PASSES = 3
TASK_SECONDS = 20.0
CLAIM_SECONDS = 2.0
READ_SECONDS = 0.3
PATIENCE_SECONDS = 0.5
"""How long a task waits for a wave's answers; a venue that hangs holds no slot that others need."""


def execute(context: Context, order_ids: Sequence[str]) -> str:
    """Send the given orders, those that are still waiting, in waves no larger than the venue's tokens in hand."""
    ends_at = monotonic() + TASK_SECONDS
    waiting = on_their_terms(context, claims.find_waiting(order_ids))
    sent = sum(_send_line(context, line, ends_at) for line in lines_of(context, waiting))
    return f"{sent} of {len(order_ids)} sent"


def _send_line(context: Context, line: Line, ends_at: float) -> int:
    """Send what waits for one venue, wave by wave; return how many orders went out."""
    sent = 0
    while line.writes:
        if context.is_hanging(line.pot, for_exits=not line.is_of_entries):
            # The venue hangs: what is left is due soon, and the sweep rings for it.
            return sent
        if monotonic() > ends_at:
            _ring_again(line)
            return sent
        wave = take_tokens(context, line, ends_at)
        if line.closed_for:
            _put_off(line)
            return sent
        if not wave:
            continue
        went = _send_wave(context, line.pot, [order for write in wave for order in write], ends_at)
        sent += len(went.sent)
        if went.again and line.passes < PASSES:
            line.passes += 1
            line.writes += lines_of(context, claims.find_waiting(sorted(went.again)))[0].writes
    return sent


def _put_off(line: Line) -> None:
    """Leave what waits for a venue that is closed to the sweep, which rings when it is open again."""
    left = [order.order_id for write in line.writes for order in write]
    claims.note_waiting(left, "RATE_LIMIT", utc_now() + timedelta(seconds=line.closed_for))


def _ring_again(line: Line) -> None:
    """Ring for what the venue's limit left over; how long it has waited so far is no reason to send it later."""
    left = [order for write in line.writes for order in write]
    claims.note_waiting([order.order_id for order in left], "RATE_LIMIT")
    is_entry = left[0].purpose is Purpose.ENTRY
    enqueue(
        TaskName.ORDERS_EXECUTE if is_entry else TaskName.ORDERS_EXECUTE_EXITS,
        [order.order_id for order in left],
    )


@dataclass(frozen=True, slots=True)
class _Wave:
    """The orders of a wave that went out, and those whose window closed before a byte left."""

    sent: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()


def _send_wave(context: Context, pot: Pot, waiting: Sequence[Order], ends_at: float) -> _Wave:
    failpoint("before_claim")
    claimed_at = monotonic()
    claimed = claims.claim(waiting, uuid4().hex, utc_now())
    failpoint("after_claim")
    if not claimed:
        return _Wave()
    answered = send_claimed(context, pot, claimed, min(claimed_at + CLAIM_SECONDS, ends_at))
    _record(context, pot, answered)
    again = frozenset(order.order_id for order, outcome in answered if is_late(outcome))
    return _Wave(frozenset(order.order_id for order in claimed) - again, again)


def send_claimed(context: Context, pot: Pot, claimed: Sequence[Order], claim_ends: float) -> list[Answered]:
    """Look once more and send what was claimed; return what became of those that were answered for in time.

    Who has not answered by then is waited for beside the task, and recorded there.
    """
    context.tell_busy(len(claimed))
    ready = look_once_more(context, claimed)
    windows = Windows(min(claim_ends, monotonic() + READ_SECONDS), claim_ends)
    answered, rest = context.loop.run(send_all(ready, windows, PATIENCE_SECONDS), SEND_SECONDS)
    if rest:
        context.late.hand_over(
            pot, lambda: _record(context, pot, context.loop.run(finish(rest), SEND_SECONDS + 5))
        )
    failpoint("after_send")
    return answered


def fold_answers(context: Context, pot: Pot, answered: Sequence[Answered]) -> Applied | None:
    """Write down what became of each order; return what reports made of them, None where somebody else moved one."""
    now = utc_now()
    applied = apply_reports([(order, said) for order, said in answered if isinstance(said, OrderReport)], now)
    record_failures(answered, now)
    context.heed_answers(pot, [(order.account_id, said) for order, said in answered])
    return applied


def _record(context: Context, pot: Pot, answered: Sequence[Answered]) -> None:
    """Write down what became of each order, and let it be carried into its trade."""
    fold_answers(context, pot, answered)
    failpoint("after_record")
    entries = sorted({order.trade_id for order, _ in answered if order.purpose is Purpose.ENTRY})
    # Who protects a trade settles it first, and writes it once for both.
    for start in range(0, len(entries), COVER_CHUNK):
        enqueue(TaskName.TRADES_PROTECT, entries[start : start + COVER_CHUNK])
    settle_trades(context, {order.trade_id for order, _ in answered} - set(entries))
