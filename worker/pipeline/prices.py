"""The prices job: one call per venue for all symbols in use, quotes to Redis, candles to MongoDB, paper matched."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from shared.brokers.base import Quote
from shared.domain.errors import TradeError
from shared.domain.listed_options import read_occ_symbol
from shared.logs import get_logger
from shared.models import accounts, market, orders, references, trades, watched
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.pipeline.apply import apply_report
from worker.pipeline.settle import COVER_CHUNK, COVER_WATCHED_AFTER, settle_trades
from worker.pipeline.touched import drop_passed_by, hasten_looks
from worker.rates import symbols_for_rates

log = get_logger(__name__)

READ_SECONDS = 3.0
CURRENCIES_SECONDS = 30.0
ENDS_SOON = timedelta(hours=2)
"""From then on the underlying of an option that is followed is asked for as well."""


def refresh_prices(context: Context) -> str:
    """Fetch quotes of all symbols in use and let waiting paper orders meet them."""
    count = 0
    moved = 0
    for (venue, environment), symbols in _in_use(context).items():
        quotes = _fetch(context, venue, environment, sorted(symbols))
        context.quotes.put(venue, environment, quotes)
        is_synthetic = any(quote.synthetic for quote in quotes)
        prices = {quote.symbol: quote.middle for quote in quotes}
        market.record_prices(venue, environment, prices, utc_now(), synthetic=is_synthetic)
        count += len(quotes)
        if environment == "paper":
            moved += _match_paper(context, quotes)
        else:
            hasten_looks(venue, environment, quotes)
        _ring_touched(venue, environment, quotes)
        drop_passed_by(context, venue, environment, {quote.symbol: quote for quote in quotes})
    return f"{count} quotes, {moved} paper orders moved"


def _in_use(context: Context) -> dict[tuple[str, str], set[str]]:
    """List the symbols that followers trade, those followed for records with what ending options are on, and those that say a rate."""
    used = trades.symbols_in_use()
    # Accounts come seldom: which currencies are needed is read once in a while.
    needed = context.remembered("currencies", CURRENCIES_SECONDS, accounts.currencies_in_use)
    rates = symbols_for_rates(context, needed)
    followed, now = references.symbols_in_use(), utc_now()
    ending = {place: ending_underlyings(context, place, symbols, now) for place, symbols in followed.items()}
    for place, symbols in (*followed.items(), *ending.items(), *rates.items()):
        used[place] = used.get(place, set()) | symbols
    return used


def ending_underlyings(
    context: Context, place: tuple[str, str], symbols: Iterable[str], now: datetime
) -> set[str]:
    """Return what followed options that end soon are options on: at their end that says what they are worth."""
    options = [option for symbol in symbols if (option := read_occ_symbol(symbol)) is not None]
    wanted = {option.underlying for option in options if now < option.ends_at < now + ENDS_SOON}
    if not wanted:
        return set()
    try:
        return set(context.instruments(*place, sorted(wanted)))
    except (TradeError, TimeoutError) as error:
        log.warning("prices.failed", venue=place[0], error=str(error)[:200])
        return set()


def _fetch(context: Context, venue: str, environment: str, symbols: Sequence[str]) -> Sequence[Quote]:
    try:
        return context.ask_market(
            venue, environment, lambda market: market.fetch_quotes(symbols), READ_SECONDS
        )
    except (TradeError, TimeoutError) as error:
        log.warning("prices.failed", venue=venue, error=str(error)[:200])
        return ()


def _ring_touched(venue: str, environment: str, quotes: Sequence[Quote]) -> None:
    """Note which levels that we watch were touched, and ring for those trades; what is noted outlives a lost bell."""
    prices = {quote.symbol: (quote.bid, quote.ask) for quote in quotes}
    touched = watched.mark_touched(venue, environment, prices, utc_now() + COVER_WATCHED_AFTER)
    for start in range(0, len(touched), COVER_CHUNK):
        enqueue(TaskName.TRADES_PROTECT, touched[start : start + COVER_CHUNK])


def _match_paper(context: Context, quotes: Sequence[Quote]) -> int:
    outcome = context.loop.run(context.matcher.match_quotes(quotes), READ_SECONDS * 3)
    if outcome.failed:
        log.warning("paper.not_matched", accounts=len(outcome.failed))
    known = {
        order.order_id: order for order in orders.find_many({m.report.client_order_id for m in outcome.moves})
    }
    now = utc_now()
    touched: set[str] = set()
    for move in outcome.moves:
        order = known.get(move.report.client_order_id)
        if order is not None and apply_report(order, move.report, now):
            touched.add(order.trade_id)
    settle_trades(context, touched)
    return len(outcome.moves)
