"""Halts: three states at five scopes; the strictest one in force counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HaltState(StrEnum):
    """ACTIVE trades; REDUCING lets no entry pass; HALTED stops provider- and trailing-driven exits too."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class ScopeKind(StrEnum):
    """What a halt applies to."""

    GLOBAL = "global"
    COMMUNITY = "community"
    PROVIDER = "provider"
    USER = "user"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Halt:
    """One halt in force; `scope` is `global` or `kind:id`."""

    scope: str
    state: HaltState
    reason: str
    at: datetime


_ORDER = (HaltState.ACTIVE, HaltState.REDUCING, HaltState.HALTED)


def parse_scope(text: str) -> tuple[ScopeKind, str]:
    """Read `global` or `kind:id`.

    Raises
    ------
    ValueError
        If the kind is unknown or an id is missing or superfluous.
    """
    kind_text, _, subject = text.partition(":")
    try:
        kind = ScopeKind(kind_text)
    except ValueError:
        raise ValueError(
            f"scope must be global or one of community, provider, user, account with :ID, not {text!r}"
        ) from None
    if (kind is ScopeKind.GLOBAL) is bool(subject):
        raise ValueError(f"scope {text!r}: " + ("global takes no id" if subject else "an id is missing"))
    return kind, subject


def scopes_of(
    *, community_id: str | None, provider_id: str, user_id: str, account_id: str
) -> tuple[str, ...]:
    """List the scopes whose halts apply to one order of one follower."""
    scopes = ["global", f"provider:{provider_id}", f"user:{user_id}", f"account:{account_id}"]
    if community_id:
        scopes.append(f"community:{community_id}")
    return tuple(scopes)


def strictest(halts: Iterable[Halt], scopes: Iterable[str]) -> Halt | None:
    """Return the strictest halt among `scopes`, or None where trading is active."""
    wanted = frozenset(scopes)
    found = [halt for halt in halts if halt.scope in wanted and halt.state is not HaltState.ACTIVE]
    return max(found, key=lambda halt: _ORDER.index(halt.state), default=None)
