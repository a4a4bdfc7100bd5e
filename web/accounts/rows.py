"""Accounts and sealed credentials as they are stored, whoever connects them: a page or the command line."""

from datetime import datetime
from decimal import Decimal

from pydantic import SecretStr

from shared.brokers.venue import Venue
from shared.domain.accounts import AccountStatus, Environment
from shared.models.credentials import refresh_time
from shared.models.mapping import Row
from shared.vault import PublicKeys, credential_record

DEFAULT_BALANCE = Decimal(10_000)
MAX_BALANCE = Decimal(10) ** 12
NOT_CHECKED = "Its key has not been looked at yet, which takes some seconds."


def account_row(
    account_id: str,
    user_id: str,
    name: str,
    venue: Venue,
    environment: Environment,
    at: datetime,
    *,
    balance: Decimal | None = None,
    status: AccountStatus = AccountStatus.ACTIVE,
) -> Row:
    """Write a new account as it is stored; its balance is known only when a worker has read it.

    `balance` is what a paper account begins with. One that is CHECKING waits for a worker's look at its key.
    """
    is_paper = environment is Environment.PAPER
    return {
        "_id": account_id,
        "user_id": user_id,
        "name": name,
        "venue": venue.name,
        "environment": str(environment),
        "status": str(status),
        "status_reason": NOT_CHECKED if status is AccountStatus.CHECKING else "",
        "quote_asset": venue.money(environment),
        "version": 0,
        "opening_balance": (balance or DEFAULT_BALANCE) if is_paper else None,
        "balance_total": None,
        "balance_free": None,
        "balance_at": None,
        "credential_id": None,
        "login": None,
        "check_at": at if status is AccountStatus.CHECKING else None,
        "reservations": {},
        "created_at": at,
    }


def credential_row(
    keys: PublicKeys,
    credential_id: str,
    account: tuple[str, str],
    credentials: SecretStr,
    at: datetime,
    *,
    provider: str | None = None,
    expires_at: datetime | None = None,
) -> Row:
    """Seal a secret for one account (its id and its owner's) and write it as it is stored.

    Raises
    ------
    VaultError
        Without a public key.
    """
    account_id, user_id = account
    box = keys.seal(credential_record(account_id, credential_id), credentials)
    row: Row = {
        "_id": credential_id,
        "user_id": user_id,
        "account_id": account_id,
        "key_id": box.key_id,
        "sealed": box.data,
        "created_at": at,
    }
    if provider is not None:
        row |= {
            "provider": provider,
            "expires_at": expires_at,
            "refresh_at": refresh_time(at, expires_at),
        }
    return row


def needs_credentials(venue: Venue, environment: Environment) -> bool:
    """Tell whether an account there takes a key; paper money never does."""
    return venue.needs_credentials and environment is not Environment.PAPER
