"""What a key may do: read when its account is connected and once a day; one that may withdraw is refused."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from shared.brokers.base import KeyedBroker, KeyRights
from shared.brokers.codes import Refusal
from shared.domain.accounts import Account, AccountStatus
from shared.domain.errors import PermanentError, TradeError
from shared.logs import get_logger
from shared.models import accounts
from worker.context import Context, utc_now

log = get_logger(__name__)

READ_SECONDS = 8.0
PAGE = 100
CHECKED_EVERY = timedelta(hours=20)

MAY_WITHDRAW = "This key may withdraw money, so it is not used. Make one at the exchange that may only trade, and connect it."
MAY_NOT_TRADE = "This key may not trade. Allow spot trading for it at the exchange, or connect another one."
REFUSED_KEY = (
    "The exchange refuses this key: it was deleted, or it may not be used from here. Connect it again."
)


def check_keys(context: Context, wanted: Sequence[Account]) -> set[str]:
    """Read the rights of accounts' keys; return the accounts that may not be traded on. A failed read decides nothing."""
    keyed = [account for account in wanted if account.credential_id is not None]
    if not keyed:
        return set()
    answers = context.loop.run(_ask_all(context, keyed), READ_SECONDS + 5)
    barred: set[str] = set()
    now = utc_now()
    for account, answer in zip(keyed, answers, strict=True):
        verdict = judge_key(answer)
        if verdict is not None:
            accounts.set_status(account.account_id, *verdict)
            barred.add(account.account_id)
        elif isinstance(answer, KeyRights):
            accounts.mark_key_checked(account.account_id, now)
    return barred


def judge_key(answer: KeyRights | TradeError | None) -> tuple[AccountStatus, str] | None:
    """Say why a key is not used, by what its venue said of it; None where nothing speaks against it."""
    if isinstance(answer, PermanentError) and answer.code == Refusal.UNAUTHORIZED:
        return AccountStatus.NEEDS_REAUTH, REFUSED_KEY
    if not isinstance(answer, KeyRights):
        return None
    if answer.can_withdraw:
        return AccountStatus.REFUSED, MAY_WITHDRAW
    return (AccountStatus.REFUSED, MAY_NOT_TRADE) if answer.can_trade is False else None


def check_all(context: Context) -> str:
    """Check every active account's key that was not checked for most of a day."""
    after, checked, barred = "", 0, 0
    now = utc_now()
    while page := accounts.all_active(after, PAGE):
        due = [a for a in page if a.key_checked_at is None or now - a.key_checked_at > CHECKED_EVERY]
        barred += len(check_keys(context, due))
        after, checked = page[-1].account_id, checked + len(due)
        if len(page) < PAGE:
            break
    return f"{checked} keys, {barred} not used any more"


async def _ask_all(context: Context, keyed: Sequence[Account]) -> list[KeyRights | TradeError | None]:
    async def ask(account: Account) -> KeyRights | TradeError | None:
        try:
            broker = context.broker(account)
            if not isinstance(broker, KeyedBroker):
                return None
            return await asyncio.wait_for(broker.fetch_key_rights(), READ_SECONDS)
        except TradeError as error:
            return error
        except TimeoutError:
            log.warning("account.rights_unread", account_id=account.account_id)
            return None

    return list(await asyncio.gather(*(ask(account) for account in keyed)))
