"""The door for halts: write the halt, deny what waits in its scope, and ask for a flatten where one is wanted.

A halt is in force from its write on: no wave that begins later sends an entry. What was read before may still be
sent within `SETTLE_SECONDS`; whoever answers for a halt waits that long and then denies what came back meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.domain.halts import HaltState, ScopeKind, parse_scope
from shared.domain.identifiers import halt_id
from shared.models import denials, flattens, providers
from shared.models.flattens import FlattenState, FlattenStatus
from shared.models.halts import set_halt, set_if_active
from shared.models.mapping import Row
from shared.tasks import TaskName, enqueue

SETTLE_SECONDS = 0.5
"""Longer than a wave's look at the halts plus its first byte (DESIGN 4.5: 200 ms + 300 ms)."""

CODE = "HALT"

_PAGE = 2500
_MAX_PAGES = 400
_BELL_TRADES = 100
# The bells for the denied trades come through a queue of their own; the sweep only heals those that are lost.
_SETTLE_AFTER = timedelta(seconds=60)
_FLATTEN_RING_SECONDS = 5


def begin_halt(
    scope: str, state: HaltState, reason: str, at: datetime, *, flatten_by: tuple[str, str] | None = None
) -> str | None:
    """Put a scope into a state and, where `flatten_by` says who asks and how, ask for its flatten; its halt's id."""
    set_halt(scope, state, reason, at)
    return None if flatten_by is None else _ask_for_flatten(scope, at, flatten_by)


def trip(scope: str, reason: str, at: datetime, *, flatten_by: tuple[str, str] | None = None) -> bool:
    """Let a breaker put a scope that trades into REDUCING and deny what waits; false where it is halted already.

    No wave that begins later sends an entry; what a wave had read before may still go, as with every halt.
    """
    if not set_if_active(scope, HaltState.REDUCING, reason, at):
        return False
    if flatten_by is not None:
        _ask_for_flatten(scope, at, flatten_by)
    _, trade_ids = deny_waiting(scope, f"{scope} is {HaltState.REDUCING}: {reason}")
    ring_denied(trade_ids)
    return True


def _ask_for_flatten(scope: str, at: datetime, flatten_by: tuple[str, str]) -> str:
    identity = halt_id(scope, at.isoformat())
    by, via = flatten_by
    due = at + timedelta(seconds=_FLATTEN_RING_SECONDS)
    flattens.create_once(FlattenState(identity, scope, by, via, at, FlattenStatus.PENDING, due))
    enqueue(TaskName.TRADES_FLATTEN, identity)
    return identity


def deny_waiting(scope: str, detail: str) -> tuple[int, list[str]]:
    """Deny the unsent entries of a scope, in bounded passes; return how many, and their trades for `ring_denied`."""
    query = query_of(scope)
    denied = 0
    trade_ids: list[str] = []
    for _ in range(_MAX_PAGES):
        page = denials.deny_waiting(query, CODE, detail, _SETTLE_AFTER, _PAGE)
        denied += page.count
        trade_ids += page.trade_ids
        if page.found < _PAGE:
            break
    return denied, trade_ids


def ring_denied(trade_ids: Sequence[str]) -> None:
    """Ring for the trades of denied entries, after the answer: nothing about them is urgent."""
    listed = list(dict.fromkeys(trade_ids))
    for start in range(0, len(listed), _BELL_TRADES):
        enqueue(TaskName.TRADES_SETTLE_DENIED, listed[start : start + _BELL_TRADES])


def query_of(scope: str) -> Row:
    """Write the query for the orders and trades of a scope.

    Raises
    ------
    ValueError
        If the scope cannot be read.
    """
    kind, subject = parse_scope(scope)
    if kind is ScopeKind.GLOBAL:
        return {}
    if kind is ScopeKind.COMMUNITY:
        return {"provider_id": {"$in": providers.of_community(subject)}}
    return {f"{kind}_id": subject}
