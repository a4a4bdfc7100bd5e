"""Recording what somebody connects: the secret sealed, then the account, then the worker's bell; all safe to send twice."""

from datetime import UTC, datetime

from pydantic import SecretStr
from pymongo.errors import DuplicateKeyError

from shared.brokers.catalogue import list_venues
from shared.brokers.venue import Venue
from shared.domain.accounts import AccountStatus, Environment
from shared.domain.identifiers import event_id
from shared.domain.plans import PLANS, Tier
from shared.models import connections, credentials, trades
from shared.models.accounts import Account
from shared.models.base import new_id
from shared.models.mapping import Row, millisecond, rows_of
from shared.models.records import append_usage
from shared.models.users import User
from shared.settings import Settings
from shared.tasks import TaskName, enqueue
from shared.vault import PublicKeys, VaultError
from web.accounts.forms import FormError
from web.accounts.rows import account_row, credential_row
from web.auditing import audit


def now() -> datetime:
    """Return the moment as the database keeps it."""
    return millisecond(datetime.now(UTC))


def venues_in_force(settings: Settings) -> dict[str, Venue]:
    """List the venues that accounts can be connected at here, by name."""
    return list_venues(settings.venue_adapters, settings.live_venues)


def read_public_keys(settings: Settings) -> PublicKeys:
    """Read the keys that seal.

    Raises
    ------
    FormError
        Where this installation has none: no secret is taken that could not be kept.
    """
    try:
        keys = PublicKeys.parse(settings.credential_public_keys)
    except VaultError:
        keys = PublicKeys(())
    if not keys.key_ids:
        raise FormError("This installation cannot keep keys yet: its operator has to run make setup.")
    return keys


def check_plan(user_id: str, environment: Environment) -> None:
    """Raise FormError where the user's plan connects no more accounts; paper ones are not counted."""
    if environment is Environment.PAPER:
        return
    row = rows_of(User).find_one({"_id": user_id}, {"tier": 1}) or {}
    plan = PLANS[Tier(row.get("tier", "free"))]
    held = sum(
        item.environment != Environment.PAPER and item.status is not AccountStatus.REVOKED
        for item in connections.of_user(user_id)
    )
    if plan.accounts is not None and held >= plan.accounts:
        raise FormError(
            f"Your plan ({plan.tier}) connects {plan.accounts} account{'s' if plan.accounts > 1 else ''}. "
            "Disconnect one, or choose a larger plan."
        )


def store_account(
    account: Row, sealed: Row | None, login: str | None, actor: str, *, detail: dict[str, str]
) -> bool:
    """Store a new account with its secret and ring for the look at it; False where this form was sent before."""
    if sealed is not None:
        credentials.insert_once(sealed)
        account |= {"credential_id": sealed["_id"], "login": login}
    try:
        rows_of(Account).insert_one(account)
    except DuplicateKeyError:
        if sealed is not None:
            credentials.delete([sealed["_id"]])
        return False
    account_id, at = account["_id"], account["created_at"]
    audit("account.connect", account_id, actor=actor, detail=detail)
    append_usage(
        event_id("usage.account_connected", account_id, 0), actor, "account_connected", account_id, at
    )
    if sealed is None:
        enqueue(TaskName.ACCOUNTS_REFRESH, [account_id])
    else:
        enqueue(TaskName.ACCOUNTS_CHECK, [account_id])
    return True


def seal_new(
    keys: PublicKeys,
    account: tuple[str, str],
    secret: SecretStr,
    at: datetime,
    *,
    provider: str | None = None,
    expires_at: datetime | None = None,
) -> Row:
    """Seal a secret for an account and its owner, as the row that is stored."""
    return credential_row(keys, new_id(), account, secret, at, provider=provider, expires_at=expires_at)


def offer(user_id: str, account_id: str, sealed: Row, at: datetime, *, by: str) -> bool:
    """Offer another secret for an account; the present one stays until a worker has looked at it. False: not theirs."""
    credentials.insert_once(sealed)
    is_theirs, earlier = connections.offer_candidate(user_id, account_id, sealed["_id"], at)
    credentials.delete([sealed["_id"]] if not is_theirs else [earlier] if earlier else [])
    if is_theirs:
        audit("account.replace_key", account_id, actor=user_id, detail={"by": by})
        enqueue(TaskName.ACCOUNTS_CHECK, [account_id])
    return is_theirs


def new_account(
    account_id: str,
    user_id: str,
    name: str,
    venue: Venue,
    environment: Environment,
    at: datetime,
    **fields: object,
) -> Row:
    """Write an account whose key a worker has still to look at; a paper one needs no look."""
    is_paper = environment is Environment.PAPER
    status = AccountStatus.ACTIVE if is_paper else AccountStatus.CHECKING
    return account_row(account_id, user_id, name, venue, environment, at, status=status) | fields


def open_trades(account_ids: list[str]) -> dict[str, int]:
    """Count what is open or waits to enter, by account."""
    return {i: len(found) for i, found in trades.alive_of_accounts(account_ids).items()}
