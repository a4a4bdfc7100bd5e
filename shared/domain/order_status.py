"""Order life as data: which status may follow which (DESIGN 6)."""

from enum import StrEnum


class OrderStatus(StrEnum):
    """Where an order stands; DENIED is ours, REJECTED is the venue's, UNKNOWN is a state of its own."""

    INITIALIZED = "INITIALIZED"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    CANCELED = "CANCELED"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"
    ABANDONED = "ABANDONED"
    PENDING_CANCEL = "PENDING_CANCEL"


S = OrderStatus

_VENUE_STATES = frozenset({S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.REJECTED, S.CANCELED, S.EXPIRED})
_LATE_FILL = frozenset({S.PARTIALLY_FILLED, S.FILLED})

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    # CANCELED from here means withdrawn before anything was sent.
    S.INITIALIZED: frozenset({S.DENIED, S.EXPIRED, S.CANCELED, S.SUBMITTED}),
    # Back to INITIALIZED only when our transport saw no byte leave; the attempt stays the same.
    S.SUBMITTED: _VENUE_STATES | {S.UNKNOWN, S.INITIALIZED},
    # Only the reconciler, or the sender's own late answer, leaves UNKNOWN. An exit that was proved
    # not placed ends here too: its next attempt is an order of its own, with an id of its own.
    S.UNKNOWN: _VENUE_STATES | {S.ABANDONED},
    S.ACCEPTED: frozenset(
        {S.PARTIALLY_FILLED, S.FILLED, S.PENDING_CANCEL, S.CANCELED, S.EXPIRED, S.REJECTED}
    ),
    S.PARTIALLY_FILLED: frozenset({S.FILLED, S.PENDING_CANCEL, S.CANCELED, S.EXPIRED}),
    S.PENDING_CANCEL: frozenset({S.CANCELED, S.FILLED, S.PARTIALLY_FILLED, S.ACCEPTED}),
    # Real venues report fills after an end: record, cover, alert.
    S.CANCELED: _LATE_FILL,
    S.EXPIRED: _LATE_FILL,
    S.REJECTED: _LATE_FILL,
    S.ABANDONED: _LATE_FILL | {S.ACCEPTED},
    S.FILLED: frozenset(),
    S.DENIED: frozenset(),
}

TERMINAL = frozenset({S.DENIED, S.EXPIRED, S.CANCELED, S.FILLED, S.REJECTED, S.ABANDONED})
UNRESOLVED = frozenset({S.SUBMITTED, S.UNKNOWN})
RESTING = frozenset({S.ACCEPTED, S.PARTIALLY_FILLED})
AT_VENUE = RESTING | {S.PENDING_CANCEL}
LIVE = AT_VENUE | UNRESOLVED | {S.INITIALIZED}


class IllegalTransition(ValueError):
    """Raised when a move is not in the table: a mistake of ours, never a report to be dropped."""


def may_follow(status: OrderStatus, following: OrderStatus) -> bool:
    """Tell whether `following` may come after `status`."""
    return following in TRANSITIONS[status]


def check_transition(status: OrderStatus, following: OrderStatus) -> None:
    """Raise IllegalTransition unless `following` may come after `status`."""
    if not may_follow(status, following):
        raise IllegalTransition(f"{status} cannot become {following}")
