"""A new account as it is stored, whoever opens it: a person on a page, a first login, or the command line."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from shared.brokers.venue import Venue
from shared.domain.accounts import AccountStatus, Environment
from shared.models.mapping import Row

DEFAULT_BALANCE: Final = Decimal(10_000)
"""What a paper account begins with, in its quote asset."""


def account_row(
    account_id: str,
    user_id: str,
    name: str,
    venue: Venue,
    environment: Environment,
    at: datetime,
    *,
    balance: Decimal | None,
) -> Row:
    """Write a new account as it is stored; its balance is known only when a worker has read it.

    `balance` is the paper money to begin with; elsewhere the venue says what there is.
    """
    is_paper = environment is Environment.PAPER
    return {
        "_id": account_id,
        "user_id": user_id,
        "name": name,
        "venue": venue.name,
        "environment": str(environment),
        "status": str(AccountStatus.ACTIVE),
        "quote_asset": venue.money(environment),
        "version": 0,
        "opening_balance": (balance or DEFAULT_BALANCE) if is_paper else None,
        "balance_total": None,
        "balance_free": None,
        "balance_at": None,
        "credential_id": None,
        "reservations": {},
        "created_at": at,
    }
