"""Bells that gather: while one is on its way, further ids join it, and one task does what many causes ask for.

For work of which a signal causes much and nobody waits for the single piece: telling pages, reading balances. A task
costs ten times what one more id costs it. The ids wait in a Redis list beside the queue; as with every bell, what
is lost is rung for again by the sweep, because the rows say what is not done.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from shared.logs import get_logger
from shared.settings import load_settings
from shared.tasks import KEY_PREFIX, TaskName, enqueue

log = get_logger(__name__)

GATHERING: frozenset[TaskName] = frozenset(
    {TaskName.NOTIFICATIONS_DELIVER, TaskName.ACCOUNTS_REFRESH, TaskName.TRADES_SHOW}
)
"""Tasks that are rung for without ids and take what has gathered."""

_ANSWER_SECONDS = 1


def ring_gathered(name: TaskName, ids: Collection[str]) -> None:
    """Add ids to what waits for a task, and ring unless a bell is on its way; a Redis that is away is left to the sweep."""
    if not ids:
        return
    try:
        waiting = int(_redis().rpush(_key(name), *ids))
    except RedisError as error:
        log.warning("bell.unheard", task=str(name), error=type(error).__name__)
        return
    if waiting == len(ids):
        enqueue(name)


def take_gathered(name: TaskName, limit: int) -> Sequence[str]:
    """Take up to so many ids off what waits for a task, each once; ring again where more wait.

    Raises
    ------
    redis.exceptions.RedisError
        If Redis is away: nothing was taken, or what was taken is rung for by the sweep.
    """
    store = _redis()
    taken = cast("list[str] | None", store.lpop(_key(name), limit)) or []
    if taken and count_gathered(name):
        enqueue(name)
    return list(dict.fromkeys(taken))


def count_gathered(name: TaskName) -> int:
    """Count the ids that wait for a task, repeated ones too."""
    return int(_redis().llen(_key(name)))


def is_behind(name: TaskName, ids_at_once: int) -> bool:
    """Tell whether more ids wait for a task than it takes at once; no, where Redis is away."""
    try:
        return count_gathered(name) > ids_at_once
    except RedisError:
        return False


def ring_left_over() -> None:
    """Ring for ids whose bell was lost: as long as they wait, nobody else does."""
    for name in GATHERING:
        if count_gathered(name):
            enqueue(name)


def _key(name: TaskName) -> str:
    return f"{KEY_PREFIX}gathered:{name}"


@cache
def _redis() -> Redis:
    return Redis.from_url(
        load_settings().redis_url,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
        decode_responses=True,
    )
