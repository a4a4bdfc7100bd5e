"""Lets waiting paper orders meet new quotes: the exchange's own work, done by the prices job."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.brokers import paper_book
from shared.brokers.base import MarketData, Quote
from shared.brokers.paper import PaperStore
from shared.brokers.paper_state import BookChange, PaperBook, PaperRules, report_order
from shared.domain.errors import AmbiguousError, RetryableError
from shared.domain.instruments import Instrument
from shared.domain.orders import OrderReport


@dataclass(frozen=True, slots=True)
class PaperMove:
    """An order that a quote changed, as the venue would report it, with the fills of this quote."""

    account_id: str
    report: OrderReport


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    """What a round of quotes changed; `failed` accounts were not reached and wait for the next round."""

    moves: tuple[PaperMove, ...]
    failed: tuple[str, ...] = ()


class PaperMatcher:
    """Matches all paper accounts against quotes.

    Parameters
    ----------
    parallel_accounts
        How many accounts are worked on at once, each in a thread.
    """

    def __init__(
        self,
        store: PaperStore,
        market_data: MarketData,
        rules: PaperRules,
        clock: Callable[[], datetime],
        *,
        parallel_accounts: int = 4,
    ) -> None:
        self._store = store
        self._market_data = market_data
        self._rules = rules
        self._clock = clock
        self._parallel_accounts = parallel_accounts

    async def match_quotes(self, quotes: Sequence[Quote]) -> MatchOutcome:
        """Match every account that has an order due on one of these quotes; safe to repeat.

        One query finds who waits; only accounts with something to do cost a transaction.
        """
        by_symbol = {quote.symbol: quote for quote in quotes}
        listed = await self._market_data.fetch_instruments(tuple(by_symbol))
        markets = {item.symbol: (item, by_symbol[item.symbol]) for item in listed}
        waiting = await asyncio.to_thread(self._store.list_waiting, tuple(markets))
        due: dict[str, set[str]] = {}
        for account_id, order in waiting:
            if paper_book.is_due(order, by_symbol[order.symbol]):
                due.setdefault(account_id, set()).add(order.symbol)
        slots = asyncio.Semaphore(self._parallel_accounts)

        async def match_account(account_id: str, symbols: set[str]) -> list[PaperMove] | None:
            async with slots:
                try:
                    return await asyncio.to_thread(
                        self._match_account, account_id, [markets[symbol] for symbol in sorted(symbols)]
                    )
                except (RetryableError, AmbiguousError):
                    # One account's trouble must not hold up the others; polling finds what was done.
                    return None

        found = await asyncio.gather(*(match_account(name, symbols) for name, symbols in due.items()))
        return MatchOutcome(
            moves=tuple(move for moves in found if moves is not None for move in moves),
            failed=tuple(name for name, moves in zip(due, found, strict=True) if moves is None),
        )

    def _match_account(self, account_id: str, markets: Sequence[tuple[Instrument, Quote]]) -> list[PaperMove]:
        moves: list[PaperMove] = []
        for instrument, quote in markets:
            change = self._match_symbol(account_id, instrument, quote)
            if change is None:
                continue
            for order in change.orders:
                fills = (fill for fill in change.fills if fill.venue_order_id == order.venue_order_id)
                moves.append(PaperMove(account_id, report_order(order, fills)))
        return moves

    def _match_symbol(self, account_id: str, instrument: Instrument, quote: Quote) -> BookChange | None:
        def decide(book: PaperBook) -> BookChange | None:
            return paper_book.match(book, instrument, quote, self._rules, self._clock())

        return self._store.change(account_id, decide)
