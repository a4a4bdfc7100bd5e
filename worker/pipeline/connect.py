"""Look at the keys of accounts that were just connected, replaced or given up, and tell their owners.

A new key is used only after it was seen to trade and not to withdraw; a key that is to replace another one takes its
place only then, so that what is open never loses its watch. A venue that does not answer decides nothing: it is asked again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from shared.brokers.base import Balance, Broker, KeyedBroker, KeyRights
from shared.brokers.codes import Doubt, Refusal
from shared.brokers.margin import MarginBroker
from shared.domain.accounts import Account, AccountStatus
from shared.domain.codes import sentence_of
from shared.domain.errors import PermanentError, RetryableError, TradeError
from shared.logs import get_logger
from shared.models import accounts, connections, credentials, trades
from shared.models.accounts import BalanceRead
from shared.models.connections import Connection
from shared.models.mapping import millisecond
from shared.oauth.client import OAuthClient
from shared.oauth.errors import OAuthError
from shared.oauth.providers import list_providers
from worker.context import Context, utc_now
from worker.notify.events import connection_events, ring_events
from worker.opening import open_secret
from worker.pipeline.balances import holdings, quote_pot
from worker.pipeline.external import missing_symbol
from worker.pipeline.keys import READ_SECONDS, REFUSED_KEY, judge_key

log = get_logger(__name__)

NO_ANSWER = "The exchange does not answer. It is asked again by itself."
OTHER_ACCOUNT = (
    "This key opens another account: {symbol} is open here and is not held there. The key in use stays."
)
_FIRST_PAUSE, _LONGEST_PAUSE = 5, 300
_MOST_REVOKES = 5
# Whatever contract is asked about, the account's own modes come with the answer.
_ANY_CONTRACT = "BTC/USDT"


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look has shown: an error, or what the account holds and what its key may do where the venue tells."""

    error: TradeError | None = None
    rights: KeyRights | None = None
    balances: Sequence[Balance] = ()


def check(context: Context, account_ids: Sequence[str]) -> str:
    """Look at the keys of accounts as their owners asked; safe to repeat."""
    found = [held for account_id in account_ids if (held := connections.find(account_id)) is not None]
    wanted = [held for held in found if held.is_waiting]
    gone = [h for h in wanted if h.status is AccountStatus.REVOKED and h.candidate_id is None]
    for held in gone:
        _forget(context, held)
    keyed = [h for h in wanted if h not in gone and (h.candidate_id or h.credential_id)]
    begun = millisecond(utc_now())
    for held, look in zip(keyed, _look_at_all(context, keyed), strict=True):
        _conclude(context, held, look, begun)
    for held in wanted:
        if held not in gone and held not in keyed:
            # Paper, or a venue that asks for no key: there is nothing to look at.
            status = AccountStatus.ACTIVE if held.status is AccountStatus.CHECKING else held.status
            connections.settle_check(held, status, held.status_reason, {}, begun)
    return f"{len(keyed)} looked at, {len(gone)} forgotten"


def _look_at_all(context: Context, keyed: Sequence[Connection]) -> list[_Look]:
    known = accounts.find_many([held.account_id for held in keyed])
    opened: list[Broker | PermanentError] = []
    for held in keyed:
        account: Account = known[held.account_id]
        if held.candidate_id is not None:
            account = replace(account, credential_id=held.candidate_id)
        opened.append(context.brokers([account])[account.account_id])
    if not opened:
        return []

    async def look_at_all() -> list[_Look]:
        return list(await asyncio.gather(*(_look(broker) for broker in opened)))

    return context.loop.run(look_at_all(), READ_SECONDS + 5)


async def _look(broker: Broker | PermanentError) -> _Look:
    if isinstance(broker, PermanentError):
        return _Look(broker)
    try:
        async with asyncio.timeout(READ_SECONDS):
            rights = await broker.fetch_key_rights() if isinstance(broker, KeyedBroker) else None
            if judge_key(rights) is not None:
                return _Look(rights=rights)
            held = await holdings(broker)
            is_hedged = await _is_hedged(broker)
    except TradeError as error:
        return _Look(error)
    except TimeoutError:
        return _Look(RetryableError(Doubt.ANSWER_TIMED_OUT, "the venue did not answer in time"))
    if is_hedged:
        return _Look(PermanentError(Refusal.HEDGE_MODE, sentence_of(Refusal.HEDGE_MODE)), rights)
    return _Look(rights=rights, balances=held)


async def _is_hedged(broker: Broker) -> bool:
    """Tell whether an account holds both sides beside each other, where the venue tells; entries look again."""
    if not isinstance(broker, MarginBroker):
        return False
    try:
        return (await broker.fetch_margin_terms(_ANY_CONTRACT)).is_hedged
    except TradeError:
        return False


def _conclude(context: Context, held: Connection, look: _Look, begun: datetime) -> None:
    verdict = _judge(look)
    rights = _written(look.rights)
    if look.error is not None and verdict is None:
        _ask_again(held, begun)
    elif held.candidate_id is not None:
        _conclude_candidate(context, held, look, verdict, begun)
    elif verdict is not None:
        connections.settle_check(held, *verdict, rights, begun)
        log.warning("account.key_not_used", account_id=held.account_id, status=str(verdict[0]))
        _tell(held.account_id, verdict[1])
    elif connections.settle_check(held, AccountStatus.ACTIVE, "", rights, begun):
        _record_balance(held, look, begun)
        _tell(held.account_id, "")


def _conclude_candidate(
    context: Context,
    held: Connection,
    look: _Look,
    verdict: tuple[AccountStatus, str] | None,
    begun: datetime,
) -> None:
    assert held.candidate_id is not None
    reason = verdict[1] if verdict is not None else _of_another_account(context, held, look)
    if reason is not None:
        if connections.refuse_candidate(held, reason):
            credentials.delete([held.candidate_id])
            log.warning("account.key_not_taken", account_id=held.account_id)
            _tell(held.account_id, reason)
        return
    stored = credentials.find_credentials([held.candidate_id]).get(held.candidate_id)
    login = "oauth" if stored is not None and stored.provider is not None else "key"
    if connections.promote(held, login, _written(look.rights), begun):
        credentials.delete([held.credential_id] if held.credential_id else [])
        _record_balance(held, look, begun)
        _tell(held.account_id, "")


def _judge(look: _Look) -> tuple[AccountStatus, str] | None:
    """Say why a key is not used; None where nothing speaks against it, or where nothing was learnt."""
    if look.error is None:
        return judge_key(look.rights)
    if not isinstance(look.error, PermanentError):
        return None
    if look.error.code == Refusal.UNAUTHORIZED:
        return AccountStatus.NEEDS_REAUTH, REFUSED_KEY
    return AccountStatus.REFUSED, look.error.detail or sentence_of(look.error.code)


def _of_another_account(context: Context, held: Connection, look: _Look) -> str | None:
    """Say so where a key opens an account that does not hold what is open here: its trades would count as gone."""
    alive = trades.alive_of_accounts([held.account_id])[held.account_id]
    symbol = missing_symbol(context, alive, look.balances, held.venue, held.environment)
    return None if symbol is None else OTHER_ACCOUNT.format(symbol=symbol)


def _ask_again(held: Connection, now: datetime) -> None:
    pause = min(_FIRST_PAUSE * 2 ** min(held.check_tries, 10), _LONGEST_PAUSE)
    connections.check_later(held.account_id, now + timedelta(seconds=pause), NO_ANSWER)
    if held.check_tries == 0:
        _tell(held.account_id, NO_ANSWER)


def _record_balance(held: Connection, look: _Look, begun: datetime) -> None:
    account = accounts.find(held.account_id)
    if account is not None:
        accounts.record_balances([BalanceRead(held.account_id, *quote_pot(account, look.balances), begun)])


def _written(rights: KeyRights | None) -> dict[str, bool]:
    if rights is None:
        return {}
    told = {
        "trade": rights.can_trade,
        "withdraw": rights.can_withdraw,
        "bound": rights.is_bound_to_addresses,
    }
    return {name: value for name, value in told.items() if value is not None}


def _forget(context: Context, held: Connection) -> None:
    """Take an account's tokens back at their provider, as far as it answers, then forget all its secrets."""
    providers = list_providers(context.settings)
    # Those alone that are there now: whoever connects again meanwhile keeps what is new.
    forgotten = credentials.of_account(held.account_id)
    for stored in forgotten:
        provider = providers.get(stored.provider or "")
        if provider is None:
            continue
        try:
            opened = open_secret(context.keys, stored)
            OAuthClient(provider).revoke(SecretStr(opened["access_token"]))
        except PermanentError:
            log.warning("credential.unreadable", credential_id=stored.credential_id)
        except OAuthError as error:
            if held.check_tries < _MOST_REVOKES:
                pause = timedelta(seconds=_FIRST_PAUSE * 2**held.check_tries)
                connections.check_later(held.account_id, utc_now() + pause, "")
                return
            log.warning("credential.not_revoked", provider=provider.name, error=str(error))
    if connections.forget(held):
        credentials.delete([stored.credential_id for stored in forgotten])
        _tell(held.account_id, held.status_reason)


def _tell(account_id: str, sentence: str) -> None:
    now = connections.find(account_id)
    if now is not None:
        ring_events(connection_events(now, sentence, utc_now()))
