"""Tasks about accounts."""

from shared.gathering import take_gathered
from shared.tasks import TaskName, enqueue
from worker.context import get_context
from worker.pipeline import balances, connect, funding, keys
from worker.pipeline.refresh_tokens import ring_due
from worker.task import job, task

AT_ONCE = 100


@task(TaskName.ACCOUNTS_REFRESH)
def refresh(account_ids: list[str] | None = None, waiting_message: str | None = None) -> str:
    """Read balances: of given accounts, else of those that have gathered.

    Then ring for the message that waited for them; where none came, the sweep asks again.
    """
    context = get_context()
    if account_ids is None:
        context.gather()
        account_ids = list(take_gathered(TaskName.ACCOUNTS_REFRESH, AT_ONCE))
    stored = balances.refresh(context, account_ids)
    if waiting_message is not None and stored:
        enqueue(TaskName.SIGNALS_INGEST, waiting_message)
    return f"{stored} of {len(account_ids)} balances read"


@job(TaskName.ACCOUNTS_SNAPSHOT, 60)
def snapshot() -> str:
    """Store a point of every account's equity."""
    return balances.snapshot(get_context())


@job(TaskName.ACCOUNTS_COLLECT_FUNDING, 600)
def collect_funding() -> str:
    """Carry funding payments into the results of positions on margin."""
    return funding.collect_funding(get_context())


@job(TaskName.ACCOUNTS_CHECK_KEYS, 86400)
def check_keys() -> str:
    """Check what accounts' keys may do."""
    return keys.check_all(get_context())


@task(TaskName.ACCOUNTS_CHECK)
def check(account_ids: list[str]) -> str:
    """Look at keys that were connected, replaced or given up."""
    return connect.check(get_context(), account_ids)


@job(TaskName.ACCOUNTS_REFRESH_TOKENS, 300)
def refresh_tokens() -> str:
    """Ring for logins at providers that end before long."""
    return ring_due()
