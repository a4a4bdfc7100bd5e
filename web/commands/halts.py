"""`flask halt` and `flask resume`: the switch that stops entries, at any scope, with an answer that can be trusted.

The halt is written first, so that no wave that begins now passes it; then what still waits is denied; then
the time passes in which a wave that read before may still send; then what came back is denied too.
"""

import time
from datetime import datetime

import click

from shared.domain.halts import HaltState, ScopeKind, parse_scope
from shared.domain.order_status import UNRESOLVED, OrderStatus
from shared.domain.orders import Order as OrderValue
from shared.domain.orders import Purpose
from shared.models import orders
from shared.models.halts import Halt, set_halt
from shared.models.mapping import Row, rows_of
from shared.models.orders import Order
from shared.models.providers import Provider
from shared.tasks import TaskName, enqueue
from web.commands.answers import show_done
from web.commands.frame import Command, CommandError, json_option
from web.commands.lookups import check_name, find_account, find_community, find_provider, find_user
from web.commands.session import audit, now, open_database

SETTLE_SECONDS = 0.5
"""Longer than a wave's look at the halts plus its first byte (DESIGN 4.5: 200 ms + 300 ms)."""

_CODE = "HALT"
_PAGE = 500
_MAX_PAGES = 400
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
@click.option("--flatten", is_flag=True, help="Also close what is open (not in this version).")
@json_option
def halt(*, scope_text: str, state: str, reason: str, flatten: bool, as_json: bool) -> None:
    """Stop entries: reducing lets exits go on, halted stops provider-driven exits too.

    Cover, cancels of entries and a user's own closes always go on.
    """
    if flatten:
        raise CommandError("--flatten is not in this version: halt without it, then close at the venue")
    open_database(Halt, Order)
    scope, waiting = _find_scope(scope_text)
    at = now()
    set_halt(scope, HaltState(state), reason, at)
    audit("halt", scope, {"state": state, "reason": reason}, at)
    denied = _deny_waiting(waiting, f"{scope} is {state}: {reason}")
    time.sleep(SETTLE_SECONDS)
    denied += _deny_waiting(waiting, f"{scope} is {state}: {reason}")
    on_their_way = _count(waiting, [str(status) for status in UNRESOLVED])
    show_done(
        {
            "scope": scope,
            "state": state,
            "reason": reason,
            "at": at,
            "denied": denied,
            "on_their_way": on_their_way,
        },
        f"{scope} is {state}: {denied} waiting entries denied, {on_their_way} were sent before and are being resolved",
        as_json=as_json,
    )


@click.command("resume", cls=Command)
@scope_option
@json_option
def resume(*, scope_text: str, as_json: bool) -> None:
    """Let a scope trade again; what was denied stays denied."""
    open_database(Halt)
    scope, _ = _find_scope(scope_text)
    at = now()
    before = rows_of(Halt).find_one({"_id": scope})
    was = before["state"] if before else str(HaltState.ACTIVE)
    set_halt(scope, HaltState.ACTIVE, "", at)
    audit("resume", scope, {"was": was}, at)
    show_done(
        {"scope": scope, "state": str(HaltState.ACTIVE), "was": was, "at": at},
        f"{scope} is active (was {was})",
        as_json=as_json,
    )


def _find_scope(text: str) -> tuple[str, Row]:
    """Read a scope and find its subject; return its canonical text and the query for its orders.

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
        return str(kind), {}
    found: str = _FIND[kind](subject)["_id"]
    scope = f"{kind}:{found}"
    if kind is ScopeKind.COMMUNITY:
        theirs = rows_of(Provider).find({"community_id": found}, {"_id": 1})
        return scope, {"provider_id": {"$in": [row["_id"] for row in theirs]}}
    return scope, {f"{kind}_id": found}


def _deny_waiting(scope_query: Row, detail: str) -> int:
    """Deny the entries that have not been sent, and return how many."""
    denied = 0
    for _ in range(_MAX_PAGES):
        waiting = _waiting(scope_query)
        denied += sum(_deny(order, detail, now()) for order in waiting)
        if len(waiting) < _PAGE:
            break
    return denied


def _waiting(scope_query: Row) -> list[OrderValue]:
    query = {**scope_query, "status": str(OrderStatus.INITIALIZED), "purpose": str(Purpose.ENTRY)}
    ids = [row["_id"] for row in rows_of(Order).find(query, {"_id": 1}).limit(_PAGE)]
    return orders.find_many(ids)


def _deny(order: OrderValue, detail: str, at: datetime) -> bool:
    if order.status is not OrderStatus.INITIALIZED:
        return False
    # Unsettled: the workers carry it into trade, reservation and the follower's notice.
    won = orders.compare_and_set(
        order, OrderStatus.DENIED, at, code=_CODE, detail=detail, unsettled=True, next_check_at=at
    )
    if won:
        enqueue(TaskName.TRADES_SETTLE, order.trade_id)
    return won


def _count(scope_query: Row, statuses: list[str]) -> int:
    query = {**scope_query, "status": {"$in": statuses}, "purpose": str(Purpose.ENTRY)}
    return rows_of(Order).count_documents(query)
