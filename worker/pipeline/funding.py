"""Funding of positions on margin: asked for while they are open and for a while after, counted once in their result."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.brokers.margin import FundingReport, MarginBroker
from shared.domain.errors import PermanentError, TradeError
from shared.domain.trades import Trade
from shared.logs import get_logger
from shared.models import accounts, fundings, trades
from shared.models.fundings import Payment
from shared.models.mapping import millisecond
from worker.context import Context, utc_now
from worker.pipeline.settle import settle_trades

log = get_logger(__name__)

READ_SECONDS = 8.0
AFTER_CLOSE = timedelta(hours=1)
"""A payment is listed some time after it was made."""

Place = tuple[str, str]


def collect_funding(context: Context) -> str:
    """Ask for the payments of all positions on margin and carry them into their trades."""
    listed = trades.on_margin(utc_now() - AFTER_CLOSE)
    by_place: dict[Place, list[Trade]] = {}
    for trade in listed:
        by_place.setdefault((trade.account_id, trade.symbol), []).append(trade)
    told = _ask(context, by_place)
    payments = [p for place, reports in told.items() for p in _payments(by_place[place], reports)]
    fundings.record(payments)
    sums = fundings.sums_of([trade.trade_id for trade in listed])
    changed = [t for t in listed if sums.get(t.trade_id, t.funding) != t.funding]
    for trade in changed:
        # Who lost against a fill is carried on by the next round.
        trades.compare_and_set(trade, funding=sums[trade.trade_id])
    settle_trades(context, [trade.trade_id for trade in changed])
    return f"{len(payments)} payments, {len(changed)} trades changed"


def _ask(context: Context, by_place: dict[Place, list[Trade]]) -> dict[Place, Sequence[FundingReport]]:
    known = accounts.find_many({account_id for account_id, _ in by_place}) if by_place else {}
    brokers = context.brokers(known.values())

    async def ask(place: Place) -> Sequence[FundingReport]:
        broker = brokers.get(place[0])
        if broker is None or isinstance(broker, PermanentError) or not isinstance(broker, MarginBroker):
            return ()
        since = min(_opened(trade) for trade in by_place[place])
        try:
            return await asyncio.wait_for(broker.fetch_funding(place[1], since), READ_SECONDS)
        except (TradeError, TimeoutError) as error:
            log.warning("funding.not_read", account_id=place[0], symbol=place[1], error=str(error)[:200])
            return ()

    async def ask_all() -> list[Sequence[FundingReport]]:
        return list(await asyncio.gather(*map(ask, by_place)))

    answers = context.loop.run(ask_all(), READ_SECONDS * 2) if by_place else []
    return dict(zip(by_place, answers, strict=True))


def _payments(mine: Sequence[Trade], reports: Sequence[FundingReport]) -> list[Payment]:
    """Give each payment to the newest trade that held the position then: the venue knows only one position."""
    found = []
    for report in reports:
        holding = [
            t for t in mine if _opened(t) <= report.at and (t.closed_at is None or report.at <= t.closed_at)
        ]
        if holding:
            trade = max(holding, key=_opened)
            found.append(
                Payment(
                    funding_id=f"{trade.account_id}:{report.funding_id}",
                    account_id=trade.account_id,
                    trade_id=trade.trade_id,
                    symbol=trade.symbol,
                    amount=report.amount,
                    asset=report.asset,
                    at=millisecond(report.at),
                )
            )
    return found


def _opened(trade: Trade) -> datetime:
    return trade.opened_at or trade.created_at
