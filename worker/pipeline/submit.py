"""Claim, look once more, send once, fold the answer: the only place where an order reaches a venue.

A redelivered or repeated call finds nothing to claim and never posts. What a send's failure means is
decided by its family: never left goes back, refused ends, unknown is asked about and never sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import uuid4

from shared.domain.orders import OrderReport
from shared.models import orders
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.pipeline.apply import apply_reports
from worker.pipeline.failures import is_late, record_failures
from worker.pipeline.last_look import look_once_more
from worker.pipeline.sending import SEND_SECONDS, Windows, send_all
from worker.pipeline.settle import settle_trades

WAVE = 25
PASSES = 3
TASK_SECONDS = 20.0
CLAIM_SECONDS = 2.0
READ_SECONDS = 0.3


def execute(context: Context, order_ids: Sequence[str]) -> str:
    """Send the given orders, those that are still waiting, in waves."""
    ends_at = monotonic() + TASK_SECONDS
    sent: set[str] = set()
    waiting = list(order_ids)
    for _ in range(PASSES):
        again: list[str] = []
        for start in range(0, len(waiting), WAVE):
            if monotonic() > ends_at:
                # What is left is due and will be rung for again by the sweep.
                return f"{len(sent)} of {len(order_ids)} sent"
            wave = _send_wave(context, waiting[start : start + WAVE], ends_at)
            sent |= wave.sent
            again += wave.again
        if not again:
            break
        waiting = again
    return f"{len(sent)} of {len(order_ids)} sent"


@dataclass(frozen=True, slots=True)
class _Wave:
    """The orders of a wave that went out, and those whose window closed before a byte left."""

    sent: frozenset[str] = frozenset()
    again: tuple[str, ...] = ()


def _send_wave(context: Context, order_ids: Sequence[str], ends_at: float) -> _Wave:
    failpoint("before_claim")
    claimed_at = monotonic()
    claimed = orders.claim(order_ids, uuid4().hex)
    failpoint("after_claim")
    if not claimed:
        return _Wave()
    ready = look_once_more(context, claimed)
    claim_ends = min(claimed_at + CLAIM_SECONDS, ends_at)
    windows = Windows(min(claim_ends, monotonic() + READ_SECONDS), claim_ends)
    answered = context.loop.run(send_all(ready, windows), SEND_SECONDS + 5)
    failpoint("after_send")
    now = utc_now()
    apply_reports([(order, said) for order, said in answered if isinstance(said, OrderReport)], now)
    record_failures(answered, now)
    settle_trades(context, {order.trade_id for order, _ in answered})
    again = tuple(order.order_id for order, outcome in answered if is_late(outcome))
    return _Wave(frozenset(order.order_id for order, _ in answered) - frozenset(again), again)
