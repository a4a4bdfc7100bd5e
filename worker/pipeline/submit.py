"""Claim, look once more, send once, fold the answer: the only place where an order reaches a venue.

A redelivered or repeated call finds nothing to claim and never posts. What a send's failure means is
decided by its family: never left goes back, refused ends, unknown is asked about and never sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from uuid import uuid4

from shared.domain.orders import OrderReport, Purpose
from shared.models import claims
from shared.models.claims import Waiting
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.limits import Pot, Urgency
from worker.pipeline.apply import apply_reports
from worker.pipeline.failures import is_late, record_failures
from worker.pipeline.last_look import look_once_more
from worker.pipeline.sending import SEND_SECONDS, Answered, Windows, finish, send_all
from worker.pipeline.settle import settle_trades

WAVE = 25
PASSES = 3
TASK_SECONDS = 20.0
CLAIM_SECONDS = 2.0
READ_SECONDS = 0.3
PATIENCE_SECONDS = 0.5
"""How long a task waits for a wave's answers; a venue that hangs holds no slot that others need."""
MOST_LATE_WAVES = 2


@dataclass
class _Line:
    """The writes to one venue from one address that wait for their turn; a pair is one write."""

    pot: Pot
    writes: list[list[Waiting]] = field(default_factory=list)
    passes: int = 1


def execute(context: Context, order_ids: Sequence[str]) -> str:
    """Send the given orders, those that are still waiting, in waves no larger than the venue's tokens in hand."""
    ends_at = monotonic() + TASK_SECONDS
    waiting = claims.find_waiting(order_ids)
    sent = sum(_send_line(context, line, ends_at) for line in _lines(context, waiting))
    return f"{sent} of {len(order_ids)} sent"


def _lines(context: Context, waiting: Sequence[Waiting]) -> list[_Line]:
    lines: dict[Pot, _Line] = {}
    pairs: dict[str, list[Waiting]] = {}
    for order in waiting:
        pot = context.pot(order.venue, order.environment, order.account_id)
        line = lines.setdefault(pot, _Line(pot))
        if order.pair_id in pairs:
            pairs[order.pair_id].append(order)
            continue
        line.writes.append([order])
        if order.pair_id:
            pairs[order.pair_id] = line.writes[-1]
    return list(lines.values())


def _send_line(context: Context, line: _Line, ends_at: float) -> int:
    """Send what waits for one venue, wave by wave; return how many orders went out."""
    sent = 0
    while line.writes:
        if context.late.count(line.pot) >= MOST_LATE_WAVES:
            # The venue hangs: what is left is due soon, and the sweep rings for it.
            return sent
        if monotonic() > ends_at:
            _ring_again(line)
            return sent
        wave = _take_tokens(context, line, ends_at)
        if not wave:
            continue
        went = _send_wave(context, line.pot, [order for write in wave for order in write], ends_at)
        sent += len(went.sent)
        if went.again and line.passes < PASSES:
            line.passes += 1
            line.writes += _lines(context, claims.find_waiting(sorted(went.again)))[0].writes
    return sent


def _take_tokens(context: Context, line: _Line, ends_at: float) -> list[list[Waiting]]:
    """Take as many writes off a line as the venue's tokens allow now; wait a moment where there are none."""
    wave = line.writes[:WAVE]
    limits = context.limits(line.pot)
    if limits is not None:
        urgency = Urgency.ENTRY if wave[0][0].purpose is Purpose.ENTRY else Urgency.EXIT
        grant = context.tokens.take(line.pot, limits, urgency, [write[0].account_id for write in wave])
        if not grant.places:
            context.pause(min(grant.wait_seconds, max(ends_at - monotonic(), 0)))
        wave = [wave[place] for place in grant.places]
    going = {write[0].order_id for write in wave}
    line.writes = [write for write in line.writes if write[0].order_id not in going]
    return wave


def _ring_again(line: _Line) -> None:
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


def _send_wave(context: Context, pot: Pot, waiting: Sequence[Waiting], ends_at: float) -> _Wave:
    failpoint("before_claim")
    claimed_at = monotonic()
    claimed = claims.claim(waiting, uuid4().hex, utc_now())
    failpoint("after_claim")
    if not claimed:
        return _Wave()
    ready = look_once_more(context, claimed)
    claim_ends = min(claimed_at + CLAIM_SECONDS, ends_at)
    windows = Windows(min(claim_ends, monotonic() + READ_SECONDS), claim_ends)
    answered, rest = context.loop.run(send_all(ready, windows, PATIENCE_SECONDS), SEND_SECONDS)
    if rest:
        # Who has not answered yet is waited for beside the task; the others' orders are recorded now.
        context.late.hand_over(
            pot, lambda: _record(context, pot, context.loop.run(finish(rest), SEND_SECONDS + 5))
        )
    failpoint("after_send")
    _record(context, pot, answered)
    again = frozenset(order.order_id for order, outcome in answered if is_late(outcome))
    return _Wave(frozenset(order.order_id for order in claimed) - again, again)


def _record(context: Context, pot: Pot, answered: Sequence[Answered]) -> None:
    """Write down what became of each order, and carry it into its trade."""
    now = utc_now()
    apply_reports([(order, said) for order, said in answered if isinstance(said, OrderReport)], now)
    record_failures(answered, now)
    context.heed_refusals(pot, [said for _, said in answered])
    settle_trades(context, {order.trade_id for order, _ in answered})
