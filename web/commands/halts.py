"""`flask halt` and `flask resume`: the switch that stops entries, at any scope, with an answer that can be trusted.

The halt is written first, so that no wave that begins now passes it; then what still waits is denied; when the time
has passed in which a wave that read before may still send, what came back is denied too. `--flatten` closes what is
open as well: the workers do, and its progress is told.
"""

import time

import click

from shared.domain.commands import OPERATOR, Via
from shared.domain.halts import HaltState, ScopeKind, parse_scope
from shared.halting import SETTLE_SECONDS, begin_halt, deny_waiting, query_of, ring_denied
from shared.models import commands, flattens
from shared.models.commands import Command as CommandDocument
from shared.models.commands import Counts
from shared.models.denials import count_unresolved_entries
from shared.models.flattens import Flatten, FlattenStatus
from shared.models.halts import Halt, set_halt
from shared.models.mapping import Row, rows_of
from shared.models.orders import Order
from web.commands.answers import show_done
from web.commands.frame import Command, CommandError, json_option
from web.commands.lookups import check_name, find_account, find_community, find_provider, find_user
from web.commands.session import audit, now, open_database
from web.commands.waiting import LOOK_SECONDS, wait_options

FLATTEN_SECONDS = 300

_FIND = {
    ScopeKind.COMMUNITY: find_community,
    ScopeKind.PROVIDER: find_provider,
    ScopeKind.USER: find_user,
    ScopeKind.ACCOUNT: find_account,
}

scope_option = click.option(
    "--scope", "scope_text", required=True, help="global, or community|provider|user|account:ID (or name)."
)


@click.command("halt", cls=Command)
@scope_option
@click.option("--state", type=click.Choice([str(HaltState.REDUCING), str(HaltState.HALTED)]), required=True)
@click.option("--reason", required=True, callback=check_name, help="Shown to everybody it stops.")
@click.option("--flatten", is_flag=True, help="Also close every open position at market.")
@wait_options(FLATTEN_SECONDS)
@json_option
def halt(
    *,
    scope_text: str,
    state: str,
    reason: str,
    flatten: bool,
    timeout_seconds: float,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Stop entries: reducing lets exits go on, halted stops provider-driven exits too.

    Cover, cancels of entries and a user's own closes always go on. --flatten answers in steps, one object each with
    --json: the halt itself, then how far the closing is; --timeout and --no-wait are about the closing alone.
    """
    open_database(Halt, Order, *((Flatten, CommandDocument) if flatten else ()))
    scope = _find_scope(scope_text)
    at = now()
    asked_by = (OPERATOR, str(Via.CLI)) if flatten else None
    halt_id = begin_halt(scope, HaltState(state), reason, at, flatten_by=asked_by)
    audit("halt", scope, {"state": state, "reason": reason, "flatten": str(flatten)}, at)
    denied, trade_ids = _deny(scope, f"{scope} is {state}: {reason}")
    on_their_way = count_unresolved_entries(query_of(scope))
    row = {"scope": scope, "state": state, "reason": reason, "at": at, "denied": denied}
    show_done(
        {"step": "halt", **row, "on_their_way": on_their_way, "halt_id": halt_id},
        f"{scope} is {state}: {denied} waiting entries denied, "
        f"{on_their_way} were sent before and are being resolved",
        as_json=as_json,
    )
    ring_denied(trade_ids)
    if halt_id is not None and not no_wait:
        _follow(halt_id, timeout_seconds, as_json=as_json)


def _deny(scope: str, detail: str) -> tuple[int, list[str]]:
    """Deny what waits, twice: now, and when no wave that read before the halt can send any more."""
    settled_at = time.monotonic() + SETTLE_SECONDS
    first, trade_ids = deny_waiting(scope, detail)
    time.sleep(max(settled_at - time.monotonic(), 0.0))
    second, more = deny_waiting(scope, detail)
    return first + second, trade_ids + more


def _follow(halt_id: str, patience: float, *, as_json: bool) -> None:
    """Tell how far a flatten is, whenever that has changed, until it is done.

    Raises
    ------
    CommandError
        If it is not done in time, or a trade's close was refused.
    """
    deadline = time.monotonic() + patience
    told: Row = {}
    while True:
        is_done, counts = _look(halt_id)
        row = {"step": "flattened" if is_done else "flatten", "halt_id": halt_id, "found": counts.found}
        row |= {"done": counts.done, "refused": counts.refused, "pending": counts.pending}
        if row != told and (is_done or counts.found):
            show_done(row, f"{counts.done} of {counts.found} trades closed", as_json=as_json)
            told = row
        if is_done:
            break
        if time.monotonic() >= deadline:
            raise CommandError(f"not flat after {patience:g} s; it goes on: {counts.pending} trades pending")
        time.sleep(LOOK_SECONDS)
    if counts.refused:
        raise CommandError(f"{counts.refused} trades could not be closed (trades show --status open)")


def _look(halt_id: str) -> tuple[bool, Counts]:
    state = flattens.find(halt_id)
    if state is None or state.status is FlattenStatus.PENDING:
        return False, commands.count_of_halt(halt_id)
    return True, Counts(state.pending, state.done, state.refused)


@click.command("resume", cls=Command)
@scope_option
@json_option
def resume(*, scope_text: str, as_json: bool) -> None:
    """Let a scope trade again; what was denied stays denied."""
    open_database(Halt)
    scope = _find_scope(scope_text)
    at = now()
    before = rows_of(Halt).find_one({"_id": scope})
    was = before["state"] if before else str(HaltState.ACTIVE)
    set_halt(scope, HaltState.ACTIVE, "", at)
    audit("resume", scope, {}, at, before={"state": was}, after={"state": str(HaltState.ACTIVE)})
    show_done(
        {"scope": scope, "state": str(HaltState.ACTIVE), "was": was, "at": at},
        f"{scope} is active (was {was})",
        as_json=as_json,
    )


def _find_scope(text: str) -> str:
    """Read a scope, find its subject and return its canonical text.

    Raises
    ------
    CommandError
        If the scope cannot be read or its subject does not exist.
    """
    try:
        kind, subject = parse_scope(text)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if kind is ScopeKind.GLOBAL:
        return str(kind)
    return f"{kind}:{_FIND[kind](subject)['_id']}"
