"""The user's money as it stands: accounts, trades, their orders and today's fills, read together once a request."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

import redis

from shared.domain.accounts import Account
from shared.domain.fills import Fill
from shared.domain.money import ONE
from shared.domain.orders import Order
from shared.domain.trades import Trade
from web.auth.session import Follower
from web.dashboard import queries
from web.dashboard.quotes import PriceNow, Prices, read_prices
from web.formatting import zone_of
from web.repository import OwnRows

_OPTION = re.compile(r"[A-Z]{1,6}\d{6}[CP]\d{8}")
_OPTION_MULTIPLIER = Decimal(100)


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that the money side of the Overview shows; `day_trades` are those of today's fills."""

    accounts: tuple[Account, ...]
    trades: tuple[Trade, ...]
    orders: dict[str, list[Order]]
    prices: Prices
    unread_fills: tuple[Fill, ...]
    day_fills: tuple[queries.DayFills, ...]
    day_trades: dict[str, Trade]
    provider_names: dict[str, str]
    community_ids: tuple[str, ...]

    def price_of(self, trade: Trade) -> PriceNow | None:
        """Return the price now of a trade's instrument, None where it is not known."""
        return self.prices.get((trade.venue, trade.environment, trade.symbol))

    def unit_of(self, trade: Trade) -> str:
        """Return the asset that a trade's money is counted in."""
        found = next((a.quote_asset for a in self.accounts if a.account_id == trade.account_id), None)
        return found or trade.symbol.partition("/")[2] or "USD"


def read_book(follower: Follower, client: redis.Redis, now: datetime) -> Book:
    """Read the user's book as of `now`."""
    own = OwnRows(follower.user_id)
    accounts = queries.accounts_of(own)
    trades = queries.alive_trades(own)
    day = queries.day_fills(own, day_start(now, follower.time_zone))
    known = {trade.trade_id: trade for trade in trades}
    missing = {fill.trade_id for fill in day} - known.keys()
    providers = queries.followed_providers(own)
    read_at = [account.balance_at for account in accounts if account.balance_at is not None]
    return Book(
        accounts=tuple(accounts),
        trades=tuple(trades),
        orders=queries.orders_of_trades(own, known.keys()),
        prices=read_prices(client, [(trade.venue, trade.environment, trade.symbol) for trade in trades]),
        unread_fills=tuple(queries.fills_since(own, min(read_at))) if read_at else (),
        day_fills=tuple(day),
        day_trades={**known, **queries.trades_by_id(own, missing)},
        provider_names={p.provider_id: p.name for p in providers},
        community_ids=tuple(p.community_id for p in providers if p.community_id),
    )


def day_start(now: datetime, zone_name: str) -> datetime:
    """Return the beginning of the user's day."""
    zone = zone_of(zone_name)
    return datetime.combine(now.astimezone(zone).date(), time(0), zone)


def multiplier_of(symbol: str) -> Decimal:
    """Return how many units one contract stands for: 100 for an option in OCC form, else 1."""
    return _OPTION_MULTIPLIER if _OPTION.fullmatch(symbol) else ONE
