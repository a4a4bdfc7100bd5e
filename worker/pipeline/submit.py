"""Claim, look once more, send once, fold the answer: the only place where an order reaches a venue.

A redelivered or repeated call finds nothing to claim and never posts. What a send's failure means is
decided by its family: never left goes back, refused ends, unknown is asked about and never sent again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

from shared.brokers.base import Broker, NotFound
from shared.brokers.codes import Doubt
from shared.brokers.gate import sending_until
from shared.domain.accounts import Account, AccountStatus
from shared.domain.bots import BotState
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.halts import Halt, HaltState, scopes_of, strictest
from shared.domain.identifiers import message_row_id
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderReport, OrderRequest, Purpose
from shared.inbox import DELETE_REVISION
from shared.logs import get_logger
from shared.models import accounts, bots, halts, messages, orders, providers
from shared.models.together import run_together
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.pipeline.apply import apply_reports
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)

WAVE = 25
PASSES = 3
TASK_SECONDS = 20.0
CLAIM_SECONDS = 2.0
READ_SECONDS = 0.3
VENUE_EXPIRY_SECONDS = 5
SEND_SECONDS = 15.0
FIRST_LOOKUP_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 10.0

Outcome = OrderReport | TradeError


@dataclass(frozen=True, slots=True)
class _Ready:
    """A claimed order with everything that its send needs."""

    order: Order
    broker: Broker


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
    ready = _look_once_more(context, claimed)
    read_at = monotonic()
    outcomes = context.loop.run(
        _send_all(ready, claimed_at + CLAIM_SECONDS, read_at + READ_SECONDS, ends_at), SEND_SECONDS + 5
    )
    failpoint("after_send")
    touched = {item.order.trade_id for item in ready}
    answered = list(zip((item.order for item in ready), outcomes, strict=True))
    apply_reports([(order, said) for order, said in answered if isinstance(said, OrderReport)], utc_now())
    for order, outcome in answered:
        if isinstance(outcome, TradeError):
            _record_failure(order, outcome)
    settle_trades(context, touched)
    again = tuple(order.order_id for order, outcome in answered if _is_late(outcome))
    return _Wave(frozenset(item.order.order_id for item in ready) - frozenset(again), again)


def _is_late(outcome: Outcome) -> bool:
    # A busy machine missed the window between the last look and the first byte: look and send once more.
    return isinstance(outcome, RetryableError) and outcome.code == Doubt.SEND_WINDOW_CLOSED


def _look_once_more(context: Context, claimed: Sequence[Order]) -> list[_Ready]:
    """Read halts, accounts, bots and providers once for the wave and hand back what may not go."""
    entries = [order for order in claimed if order.purpose is Purpose.ENTRY]
    deletes = {order.order_id: _delete_of(order) for order in entries}
    known, in_force, states, active, deleted = run_together(
        accounts.finding_many({order.account_id for order in claimed}),
        halts.finding_in_force(),
        bots.finding_states({order.trading_bot_id for order in entries}),
        providers.finding_many({order.provider_id for order in entries}),
        messages.finding_existing(set(deletes.values())),
    )
    ready: list[_Ready] = []
    for order in claimed:
        account = known.get(order.account_id)
        refusal = _refusal(order, account, in_force, states, active)
        if deletes.get(order.order_id) in deleted:
            refusal = "DELETED"
        if refusal is not None:
            _hand_back(order, refusal)
            continue
        try:
            assert account is not None, "a missing account is refused above"
            ready.append(_Ready(order, context.broker(account)))
        except PermanentError as error:
            _hand_back(order, error.code)
    return ready


def _delete_of(order: Order) -> str:
    """Return the inbox row that is there if the order's message was deleted."""
    return message_row_id(order.source, order.channel_id, order.message_id, DELETE_REVISION)


def _refusal(
    order: Order,
    account: Account | None,
    in_force: Sequence[Halt],
    states: dict[str, BotState],
    active: dict[str, providers.ProviderTerms],
) -> str | None:
    if account is None:
        return "ACCOUNT_NOT_READY"
    if order.purpose is not Purpose.ENTRY:
        return None
    terms = active.get(order.provider_id)
    if terms is None or not terms.active:
        return "NO_RIGHT_TO_FOLLOW"
    if states.get(order.trading_bot_id) is not BotState.ACTIVE:
        return "BOT_NOT_ACTIVE"
    if account.status is not AccountStatus.ACTIVE:
        return "ACCOUNT_NOT_READY"
    scopes = scopes_of(
        community_id=terms.community_id,
        provider_id=order.provider_id,
        user_id=order.user_id,
        account_id=order.account_id,
    )
    halt = strictest(in_force, scopes)
    return "HALT" if halt is not None and halt.state is not HaltState.ACTIVE else None


def _hand_back(order: Order, code: str) -> None:
    """Return a claimed row unsent, then deny it: no byte has left."""
    now = utc_now()
    if not orders.compare_and_set(order, OrderStatus.INITIALIZED, now, detail="not sent"):
        return
    back = orders.find(order.order_id)
    if back is not None and back.status is OrderStatus.INITIALIZED:
        orders.compare_and_set(back, OrderStatus.DENIED, now, code=code, unsettled=True)
        enqueue(TaskName.TRADES_SETTLE, order.trade_id)


async def _send_all(
    ready: Sequence[_Ready], claim_ends: float, read_ends: float, task_ends: float
) -> list[Outcome]:
    async def send(item: _Ready) -> Outcome:
        # An entry must start right after the last look; an exit only while its claim is young.
        is_entry = item.order.purpose is Purpose.ENTRY
        closes_at = min(claim_ends, task_ends, read_ends if is_entry else claim_ends)
        try:
            with sending_until(closes_at):
                return await asyncio.wait_for(item.broker.submit_order(_request(item.order)), SEND_SECONDS)
        except DuplicateOrderId as error:
            return await _ask(item, error)
        except AmbiguousError as error:
            await asyncio.sleep(FIRST_LOOKUP_SECONDS)
            return await _ask(item, error)
        except TradeError as error:
            return error
        except Exception as error:  # noqa: BLE001 - an unforeseen failure of a write is unknown, never a refusal
            return AmbiguousError("UNFORESEEN", f"{type(error).__name__}: {error}"[:200])

    return list(await asyncio.gather(*(send(item) for item in ready)))


async def _ask(item: _Ready, doubt: AmbiguousError) -> Outcome:
    """Look a doubtful order up; anything but a report leaves the doubt standing."""
    try:
        answer = await asyncio.wait_for(item.broker.fetch_order(item.order.lookup()), SEND_SECONDS / 3)
    except Exception:  # noqa: BLE001 - a failed question answers nothing
        return doubt
    return doubt if isinstance(answer, NotFound) else answer


def _request(order: Order) -> OrderRequest:
    sent_at = order.sent_at or utc_now()
    return OrderRequest(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        reduce_only=order.reduce_only,
        link_group=order.link_group,
        send_before=sent_at + timedelta(seconds=VENUE_EXPIRY_SECONDS),
    )


def _record_failure(order: Order, outcome: TradeError) -> None:
    now = utc_now()
    match outcome:
        case RetryableError():
            pause = timedelta() if _is_late(outcome) else _backoff(order, outcome.retry_after_seconds)
            later = now + pause
            orders.compare_and_set(
                order,
                OrderStatus.INITIALIZED,
                now,
                detail=str(outcome)[:200],
                tries=order.tries + 1,
                next_check_at=later,
                next_attempt_at=later if pause else None,
            )
        case PermanentError():
            if outcome.code == "UNAUTHORIZED":
                accounts.set_status(order.account_id, AccountStatus.NEEDS_REAUTH)
            orders.compare_and_set(
                order,
                OrderStatus.REJECTED,
                now,
                code=outcome.code,
                detail=outcome.detail[:200],
                unsettled=True,
            )
        case _:
            _leave_in_doubt(order, outcome, now)


def _leave_in_doubt(order: Order, outcome: TradeError, now: datetime) -> None:
    due = now + timedelta(seconds=2)
    orders.compare_and_set(
        order, OrderStatus.UNKNOWN, now, code=outcome.code, detail=outcome.detail[:200], next_check_at=due
    )
    log.warning("order.unknown", order_id=order.order_id, code=outcome.code)


def _backoff(order: Order, retry_after: float | None) -> timedelta:
    # The order's own id spreads the retries of a wave; no randomness is needed for that.
    spread = 1 + int(order.order_id[:4], 16) / 0xFFFF / 4
    seconds = min(0.25 * 2**order.tries, MAX_BACKOFF_SECONDS) * spread
    return timedelta(seconds=max(seconds, retry_after or 0))
