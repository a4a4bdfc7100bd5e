"""Before the first order of a position on margin: its terms at the venue, set and read back.

A follower may have changed them there since the last trade, so each entry's are looked at again; what another entry of
the same account and symbol has seen within a minute counts. What cannot be had is denied with what to do about it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.brokers.base import Broker
from shared.brokers.margin import MarginBroker, MarginTerms
from shared.domain.accounts import AccountStatus
from shared.domain.codes import sentence_of
from shared.domain.errors import PermanentError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.logs import get_logger
from shared.models import accounts, claims, orders, trades
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.pipeline.keys import REFUSED_KEY

log = get_logger(__name__)

SET_SECONDS = 8.0
TRY_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """The terms that one position is to have."""

    account_id: str
    symbol: str
    leverage: int


def on_their_terms(context: Context, waiting: Sequence[Order]) -> list[Order]:
    """Return those orders that may be sent; entries on margin whose terms are not in force are denied or wait."""
    new = [o for o in waiting if o.purpose is Purpose.ENTRY and context.is_margined(o.venue, o.environment)]
    if not new:
        return list(waiting)
    leverages = {trade.trade_id: trade.leverage for trade in trades.find_many({o.trade_id for o in new})}
    wishes = {
        o.order_id: Wish(o.account_id, o.symbol, leverage)
        for o in new
        if (leverage := leverages.get(o.trade_id)) is not None
    }
    answers = _ask(context, {wish for wish in wishes.values() if not context.knows_terms(wish)})
    going = []
    for order in waiting:
        answer = answers.get(wishes[order.order_id]) if order.order_id in wishes else None
        if answer is None:
            going.append(order)
        elif isinstance(answer, PermanentError):
            _deny(order, answer)
        else:
            claims.note_waiting([order.order_id], answer.code, utc_now() + TRY_AGAIN)
    return going


def _ask(context: Context, wishes: set[Wish]) -> Mapping[Wish, TradeError | None]:
    """Set what is not known to be in force, all at the same time; None where it is now."""
    known = accounts.find_many({wish.account_id for wish in wishes}) if wishes else {}
    brokers = context.brokers(known.values())
    listed = [wish for wish in wishes if wish.account_id in known]

    async def all_at_once() -> list[TradeError | None]:
        return list(await asyncio.gather(*(_set(brokers[wish.account_id], wish) for wish in listed)))

    answers = context.loop.run(all_at_once(), SET_SECONDS * 2) if listed else []
    for wish, answer in zip(listed, answers, strict=True):
        if answer is None:
            context.learn_terms(wish)
        else:
            log.warning("margin.not_set", account_id=wish.account_id, symbol=wish.symbol, code=answer.code)
    return dict(zip(listed, answers, strict=True))


async def _set(broker: Broker | PermanentError, wish: Wish) -> TradeError | None:
    if isinstance(broker, PermanentError):
        return broker
    if not isinstance(broker, MarginBroker):
        return PermanentError("MARGIN_NOT_SET", "this venue's adapter cannot set the terms of a position")
    try:
        terms = await asyncio.wait_for(broker.set_margin_terms(wish.symbol, wish.leverage), SET_SECONDS)
    except TradeError as error:
        return error
    except TimeoutError:
        return TradeError("MARGIN_NOT_SET", "the venue did not answer in time")
    return None if _holds(terms, wish) else PermanentError("MARGIN_NOT_SET", f"the venue tells {terms}")


def _holds(terms: MarginTerms, wish: Wish) -> bool:
    return terms.is_isolated and not terms.is_hedged and terms.leverage == wish.leverage


def _deny(order: Order, error: PermanentError) -> None:
    if error.code == "UNAUTHORIZED":
        accounts.set_status(order.account_id, AccountStatus.NEEDS_REAUTH, REFUSED_KEY)
    detail = sentence_of(error.code)
    if orders.compare_and_set(
        order, OrderStatus.DENIED, utc_now(), code=error.code, detail=detail, unsettled=True
    ):
        enqueue(TaskName.TRADES_SETTLE, order.trade_id)
