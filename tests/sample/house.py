"""People, accounts, providers and bots, as the command line would have made them."""

from datetime import datetime
from decimal import Decimal

from shared.domain.profiles import Habit, ProviderProfile
from shared.models.accounts import Account
from shared.models.bots import TradingBot
from shared.models.mapping import rows_of, to_row
from shared.models.providers import Provider
from shared.models.users import User

HABITS = ProviderProfile(
    quote=Habit("USDT", 38, 38), asset_class=Habit("crypto", 41, 44), language=Habit("en", 52, 52), posts=60
)
"""What the sample's providers are used to."""


def add_user(user_id: str, now: datetime, *, discord_id: str = "", name: str = "", zone: str = "UTC") -> str:
    """Insert a user and return the id."""
    rows_of(User).insert_one(
        {
            "_id": user_id,
            "discord_id": discord_id or f"discord-{user_id}",
            "name": name or user_id,
            "tier": "pro",
            "is_admin": False,
            "time_zone": zone,
            "display_currency": "USD",
            "signals_today": {},
            "created_at": now,
        }
    )
    return user_id


def add_account(
    account_id: str, user_id: str, now: datetime, *, name: str = "Paper", cash: str | None = "10000"
) -> str:
    """Insert a paper account with a balance, or without one, and return the id."""
    balance = None if cash is None else Decimal(cash)
    rows_of(Account).insert_one(
        {
            "_id": account_id,
            "user_id": user_id,
            "name": name,
            "venue": "binance",
            "environment": "paper",
            "status": "active",
            "quote_asset": "USDT",
            "version": 0,
            "balance_total": balance,
            "balance_free": balance,
            "balance_at": None if cash is None else now,
            "reservations": {},
            "created_at": now,
        }
    )
    return account_id


def add_provider(provider_id: str, name: str, channel_id: str, now: datetime) -> str:
    """Insert a provider with one channel and return the id."""
    rows_of(Provider).insert_one(
        {
            "_id": provider_id,
            "name": name,
            "guild_id": "guild-1",
            "channel_ids": [channel_id],
            "author_ids": ["author-1"],
            "webhook_ids": [],
            "visibility": "public",
            "active": True,
            "record": {},
            "profile": to_row(HABITS),
            "created_at": now,
        }
    )
    return provider_id


def add_bot(bot_id: str, user_id: str, provider_id: str, account_id: str, now: datetime) -> str:
    """Insert an active trading bot and return the id."""
    rows_of(TradingBot).insert_one(
        {
            "_id": bot_id,
            "user_id": user_id,
            "provider_id": provider_id,
            "account_id": account_id,
            "state": "active",
            "sizing": {"method": "risk", "amount": Decimal(1)},
            "settings": {},
            "created_at": now,
        }
    )
    return bot_id
