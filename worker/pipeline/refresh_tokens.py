"""Refresh tokens well before they end: each by one worker at a time, and never so that a new one is lost silently.

A single-use refresh token is spent by the question. So the row is marked before it, and the new tokens are stored, sealed,
as the row that replaces it, before the account is turned to them. Who dies before the question, or after the storing, is
followed by another without loss. Who dies between has lost the answer: the old token is tried again, and where the provider
takes it no more, the owner is told to connect again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic

from pydantic import SecretStr

from shared.domain.errors import PermanentError
from shared.logs import get_logger
from shared.models import connections, credentials
from shared.models.base import new_id
from shared.models.connections import Connection
from shared.models.credentials import LEASE_SECONDS, SealedCredential, refresh_time
from shared.models.mapping import Row, millisecond
from shared.oauth.client import OAuthClient, Tokens
from shared.oauth.errors import Denied, InvalidGrant, OAuthError, Unavailable
from shared.oauth.providers import Provider, list_providers
from shared.tasks import TaskName, enqueue
from shared.vault import PublicKeys, VaultError, credential_record
from worker.context import Context, utc_now
from worker.failpoints import failpoint
from worker.notify.events import connection_events, ring_events
from worker.opening import open_secret

log = get_logger(__name__)

LIMIT = 2000
CHUNK = 10
PAUSE = timedelta(minutes=4)
TELL_BEFORE = timedelta(minutes=10)
# A chunk ends before its task's time does, whatever the provider makes of it.
_CHUNK_SECONDS = 25.0

WORTH_NOTHING = "{title} has taken our access back, or it has ended. Connect the account again."
CUT_OFF = "Renewing the access at {title} was cut off half-way, and the old one is worth nothing now. Connect the account again."
NOT_RENEWED = "The access at {title} cannot be renewed: it does not answer. It is tried again; should it end, connect the account again."
ENDED = "The access at {title} has ended, because it could not be renewed. It is still tried; or connect the account again."


def ring_due() -> str:
    """Ring for credentials that are to be refreshed; what was rung for and not done is due again."""
    due = credentials.due_for_refresh(utc_now(), LIMIT)
    for start in range(0, len(due), CHUNK):
        enqueue(TaskName.CREDENTIALS_REFRESH, due[start : start + CHUNK])
    return f"{len(due)} to refresh"


def refresh(context: Context, credential_ids: Sequence[str]) -> str:
    """Refresh credentials one after the other, as far as the task's time goes."""
    providers = list_providers(context.settings)
    began, done = monotonic(), 0
    for credential_id in credential_ids:
        if monotonic() - began > _CHUNK_SECONDS:
            break
        done += _refresh_one(context, providers, credential_id)
    return f"{done} of {len(credential_ids)} refreshed"


def _refresh_one(context: Context, providers: Mapping[str, Provider], credential_id: str) -> bool:
    lease_id, began = new_id(), monotonic()
    held = credentials.claim_refresh(credential_id, lease_id)
    if held is None:
        return False
    successor = credentials.successor_of(credential_id)
    if successor is not None:
        _turn(held, successor.credential_id)
        return True
    owner = connections.find(held.account_id)
    provider = providers.get(held.provider or "")
    if owner is None or not owner.uses(credential_id):
        _drop(context, provider, held)
        return False
    try:
        public = PublicKeys.parse(context.settings.credential_public_keys)
        token = open_secret(context.keys, held)["refresh_token"]
    except (VaultError, PermanentError, KeyError) as error:
        log.error("tokens.not_refreshable", credential_id=credential_id, error=type(error).__name__)
        provider = None
    if provider is None or not public.key_ids:
        # Nothing was asked: whatever an earlier question has left open is still open.
        _put_off(owner, held, lease_id, is_known=held.asked_at is None)
        return False
    failpoint("before_token_exchange")
    if monotonic() - began > LEASE_SECONDS / 3:
        return False  # another may have taken the lease over
    try:
        tokens = OAuthClient(provider).refresh(SecretStr(token))
    except OAuthError as error:
        _record_failure(owner, held, lease_id, provider, error)
        return False
    failpoint("after_token_exchange")
    _save(held, tokens, public)
    return True


def _save(held: SealedCredential, tokens: Tokens, public: PublicKeys) -> None:
    now = millisecond(utc_now())
    row = sealed_row(public, held, tokens, now)
    if not credentials.insert_once(row):
        found = credentials.successor_of(held.credential_id)
        if found is None:
            return
        row["_id"] = found.credential_id
    failpoint("after_token_save")
    _turn(held, row["_id"])
    log.info("tokens.refreshed", account_id=held.account_id, provider=held.provider)


def sealed_row(public: PublicKeys, held: SealedCredential, tokens: Tokens, now: datetime) -> Row:
    """Seal new tokens as the row that replaces another one."""
    credential_id = new_id()
    box = public.seal(credential_record(held.account_id, credential_id), tokens.as_credentials())
    expires_at = tokens.expires_at(now)
    return {
        "_id": credential_id,
        "user_id": held.user_id,
        "account_id": held.account_id,
        "key_id": box.key_id,
        "sealed": box.data,
        "created_at": now,
        "provider": held.provider,
        "expires_at": expires_at,
        "refresh_at": refresh_time(now, expires_at),
        "replaces": held.credential_id,
    }


def _turn(held: SealedCredential, new_credential_id: str) -> None:
    """Turn the account to the new tokens, then forget the old ones; an account that uses neither keeps what it has."""
    connections.turn_to(held.account_id, held.credential_id, new_credential_id)
    failpoint("after_token_turn")
    credentials.delete([held.credential_id])


def _record_failure(
    owner: Connection, held: SealedCredential, lease_id: str, provider: Provider, error: OAuthError
) -> None:
    log.warning(
        "tokens.not_refreshed",
        account_id=held.account_id,
        provider=provider.name,
        error=str(error),
        kind=type(error).__name__,
    )
    if isinstance(error, InvalidGrant | Denied):
        credentials.give_lease_back(held.credential_id, lease_id, None, is_known=True)
        text = (CUT_OFF if held.asked_at is not None else WORTH_NOTHING).format(title=provider.title)
        _end_login(owner, held, text)
        return
    is_known = isinstance(error, Unavailable) and held.asked_at is None
    _put_off(owner, held, lease_id, is_known=is_known, title=provider.title)


def _put_off(
    owner: Connection, held: SealedCredential, lease_id: str, *, is_known: bool, title: str = "the exchange"
) -> None:
    """Try again later; tell the owner before the access ends, once, and when it has."""
    now = utc_now()
    is_near = held.expires_at is not None and now > held.expires_at - TELL_BEFORE
    credentials.give_lease_back(
        held.credential_id, lease_id, now + PAUSE, is_known=is_known, told_late=is_near
    )
    if held.expires_at is not None and now > held.expires_at:
        _end_login(owner, held, ENDED.format(title=title))
    elif is_near and not held.told_late:
        ring_events(connection_events(owner, NOT_RENEWED.format(title=title), now))


def _end_login(owner: Connection, held: SealedCredential, text: str) -> None:
    is_told = owner.status_reason == text
    if connections.end_login(owner, held.credential_id, text) and not is_told:
        now = connections.find(owner.account_id)
        ring_events(connection_events(now or owner, text, utc_now()))


def _drop(context: Context, provider: Provider | None, held: SealedCredential) -> None:
    """Take back and forget what no account uses: its owner left while it was being made."""
    try:
        if provider is not None:
            token = open_secret(context.keys, held)["access_token"]
            OAuthClient(provider).revoke(SecretStr(token))
    except (OAuthError, PermanentError) as error:
        log.warning("tokens.not_revoked", provider=held.provider, error=type(error).__name__)
    credentials.delete([held.credential_id])
