"""The last look before a wave's first byte: halts, accounts, bots and providers, read once for all of it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from shared.brokers.codes import Refusal
from shared.domain.accounts import Account, AccountStatus
from shared.domain.bots import BotState
from shared.domain.codes import sentence_of
from shared.domain.errors import PermanentError
from shared.domain.following import NO_RIGHT_TO_FOLLOW
from shared.domain.halts import Halt, HaltState, scopes_of, strictest
from shared.domain.identifiers import message_row_id
from shared.domain.order_status import RESTING, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.inbox import DELETE_REVISION
from shared.models import accounts, bots, halts, messages, orders, providers, rights
from shared.models.together import run_together
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.pipeline.sending import Ready

PAIR_BROKEN = "PAIR_BROKEN"
ACCOUNT_FROZEN = "ACCOUNT_FROZEN"
WAIT_FOR_UNKNOWN = timedelta(seconds=1)
FREEZE_AFTER = timedelta(minutes=15)
"""An account about whose order nobody has known for so long buys nothing more until it is known."""


def look_once_more(context: Context, claimed: Sequence[Order]) -> list[Ready]:
    """Read halts, accounts, bots and providers once for the wave and hand back what may not go."""
    entries = [order for order in claimed if order.purpose is Purpose.ENTRY]
    if not entries:
        # What reduces risk asks nobody: all that can be wrong with it is that its account is gone.
        return _exits_ready(context, claimed)
    deletes = {order.order_id: _delete_of(order) for order in entries}
    known, in_force, states, active, deleted, open_questions = run_together(
        accounts.finding_many({order.account_id for order in claimed}),
        halts.finding_in_force(),
        bots.finding_states({order.trading_bot_id for order in entries}),
        providers.finding_many({order.provider_id for order in entries}),
        messages.finding_existing(set(deletes.values())),
        orders.finding_unknown({order.account_id for order in entries}),
    )
    lacking = rights.without_right(
        (active[o.provider_id], o.user_id) for o in entries if o.provider_id in active
    )
    unknown = {(question.account_id, question.symbol) for question in open_questions if question.is_entry}
    since = utc_now() - FREEZE_AFTER
    frozen = {question.account_id for question in open_questions if question.sent_at < since}
    allowed: list[Order] = []
    for order in claimed:
        refusal = _refusal(order, known.get(order.account_id), in_force, states, active)
        if deletes.get(order.order_id) in deleted:
            refusal = "DELETED"
        elif (
            refusal is None
            and order.purpose is Purpose.ENTRY
            and (order.provider_id, order.user_id) in lacking
        ):
            refusal = NO_RIGHT_TO_FOLLOW
        elif refusal is None and order.purpose is Purpose.ENTRY and order.account_id in frozen:
            refusal = ACCOUNT_FROZEN
        if refusal is not None:
            _hand_back(order, refusal)
        elif order.purpose is Purpose.ENTRY and (order.account_id, order.symbol) in unknown:
            _let_wait(order)
        else:
            allowed.append(order)
    return _made_ready(context, allowed, known)


def _exits_ready(context: Context, claimed: Sequence[Order]) -> list[Ready]:
    known = accounts.find_many({order.account_id for order in claimed})
    for order in claimed:
        if order.account_id not in known:
            _hand_back(order, "ACCOUNT_NOT_READY")
    return _made_ready(context, [order for order in claimed if order.account_id in known], known)


def _made_ready(context: Context, allowed: Sequence[Order], known: Mapping[str, Account]) -> list[Ready]:
    """Join the orders of one write, and give each write its broker."""
    targets = {o.pair_id: o for o in allowed if o.pair_id and o.purpose is Purpose.TARGET}
    stops = {o.pair_id for o in allowed if o.pair_id and o.purpose is Purpose.STOP}
    replaced = _resting(orders.find_many(ids)) if (ids := {o.replaces for o in allowed if o.replaces}) else {}
    brokers = context.brokers({o.account_id: known[o.account_id] for o in allowed}.values())
    ready: list[Ready] = []
    for order in allowed:
        if order.pair_id and order.purpose is Purpose.TARGET:
            # It goes with its stop and never alone; a stop may go without its target. The next plan writes both anew.
            if order.pair_id not in stops:
                _hand_back(order, PAIR_BROKEN)
            continue
        target = targets.get(order.pair_id) if order.pair_id else None
        if order.replaces and order.replaces not in replaced:
            _hand_back(order, Refusal.REPLACED_ORDER_GONE)
            continue
        broker = brokers[order.account_id]
        if isinstance(broker, PermanentError):
            for unsent in (order, *([target] if target else [])):
                _hand_back(unsent, broker.code)
            continue
        ready.append(Ready(order, broker, target, replaced.get(order.replaces or "")))
    return ready


def _resting(found: Sequence[Order]) -> dict[str, Order]:
    return {order.order_id: order for order in found if order.status in RESTING}


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
        return NO_RIGHT_TO_FOLLOW
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


def _let_wait(order: Order) -> None:
    """Return a claimed row unsent, to come again when the outcome of another entry there is known."""
    later = utc_now() + WAIT_FOR_UNKNOWN
    orders.compare_and_set(
        order,
        OrderStatus.INITIALIZED,
        utc_now(),
        detail="the outcome of another entry of this symbol is unknown",
        next_attempt_at=later,
        next_check_at=later,
        waits_for="UNKNOWN_ENTRY",
    )


def _hand_back(order: Order, code: str) -> None:
    """Return a claimed row unsent, then deny it: no byte has left."""
    now = utc_now()
    if not orders.compare_and_set(order, OrderStatus.INITIALIZED, now, detail="not sent"):
        return
    back = orders.find(order.order_id)
    if back is not None and back.status is OrderStatus.INITIALIZED:
        detail = sentence_of(code)
        orders.compare_and_set(back, OrderStatus.DENIED, now, code=code, detail=detail, unsettled=True)
        enqueue(TaskName.TRADES_SETTLE, order.trade_id)
