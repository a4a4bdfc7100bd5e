"""What a failed write means for its order, by the family of its error: again, refused, or in doubt."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.brokers.codes import Doubt
from shared.domain.accounts import AccountStatus
from shared.domain.errors import PermanentError, RetryableError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order
from shared.logs import get_logger
from shared.models import accounts, orders
from worker.pipeline.keys import REFUSED_KEY
from worker.pipeline.sending import Answered

log = get_logger(__name__)

MAX_BACKOFF_SECONDS = 10.0
FIRST_CHECK_OF_DOUBT = timedelta(seconds=2)


def record_failures(answered: Sequence[Answered], now: datetime) -> None:
    """Move every order whose write failed; what was reported is left alone."""
    for order, outcome in answered:
        if isinstance(outcome, TradeError):
            _record_failure(order, outcome, now)


def is_late(outcome: object) -> bool:
    """Tell whether a busy machine missed the window between the last look and the first byte."""
    return isinstance(outcome, RetryableError) and outcome.code == Doubt.SEND_WINDOW_CLOSED


def _record_failure(order: Order, outcome: TradeError, now: datetime) -> None:
    match outcome:
        case RetryableError():
            _try_again(order, outcome, now)
        case PermanentError():
            if outcome.code == "UNAUTHORIZED":
                accounts.set_status(order.account_id, AccountStatus.NEEDS_REAUTH, REFUSED_KEY)
            orders.compare_and_set(
                order,
                OrderStatus.REJECTED,
                now,
                code=outcome.code,
                detail=outcome.detail[:200],
                unsettled=True,
            )
        case _:
            due = now + FIRST_CHECK_OF_DOUBT
            detail = outcome.detail[:200]
            orders.compare_and_set(
                order, OrderStatus.UNKNOWN, now, code=outcome.code, detail=detail, next_check_at=due
            )
            log.warning("order.unknown", order_id=order.order_id, code=outcome.code)


def _try_again(order: Order, outcome: RetryableError, now: datetime) -> None:
    pause = timedelta() if is_late(outcome) else _backoff(order, outcome.retry_after_seconds)
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


def _backoff(order: Order, retry_after: float | None) -> timedelta:
    # The id spreads the retries of a wave, no randomness is needed; both orders of a pair come back together.
    spread = 1 + int((order.pair_id or order.order_id)[:4], 16) / 0xFFFF / 4
    seconds = min(0.25 * 2**order.tries, MAX_BACKOFF_SECONDS) * spread
    return timedelta(seconds=max(seconds, retry_after or 0))
