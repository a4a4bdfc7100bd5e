"""Confirm-first: a signal that passed every gate waits for its follower's yes, and not for ever.

A yes plans the signal anew with all gates at the new moment; the signal's age is then measured against the time the
question was good for, because the wait was the follower's own.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain.commands import Via
from shared.domain.receipts import GateResult, Verdict
from shared.domain.signals import Side

AWAITS_CONFIRMATION = "AWAITS_CONFIRMATION"
CONFIRMATION_REFUSED = "CONFIRMATION_REFUSED"
CONFIRMATION_EXPIRED = "CONFIRMATION_EXPIRED"
GATE = "confirmation"
"""The name of its line in a receipt."""


class ConfirmationState(StrEnum):
    """Where a question stands; DONE is a yes that has been carried as far as its gates let it."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"
    DONE = "done"


S = ConfirmationState

TRANSITIONS: dict[ConfirmationState, frozenset[ConfirmationState]] = {
    S.ASKED: frozenset({S.CONFIRMED, S.REFUSED, S.EXPIRED}),
    S.CONFIRMED: frozenset({S.DONE}),
    S.REFUSED: frozenset(),
    S.EXPIRED: frozenset(),
    S.DONE: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One question to one follower: is this signal to be traded by this bot?

    `code` says why it ended without a yes. `by` is a user's id, `via` the door of the answer. `is_pending` until the
    receipt says how it ended.
    """

    confirmation_id: str
    signal_id: str
    trading_bot_id: str
    user_id: str
    account_id: str
    provider_id: str
    source: str
    channel_id: str
    message_id: str
    symbol: str
    side: Side
    state: ConfirmationState
    asked_at: datetime
    expires_at: datetime
    next_check_at: datetime
    is_pending: bool = True
    code: str = ""
    by: str = ""
    via: Via | None = None
    answered_at: datetime | None = None


def asking_sentence(expires_at: datetime) -> str:
    """Say what the follower is asked for, and until when."""
    return f"All gates passed; this bot asks you first. Confirm it by {_written(expires_at)}, or it is not traded."


def describe_gate(confirmation: Confirmation) -> GateResult:
    """Write a question, as it stands, as a line of its receipt: what was answered, and until when it could be."""
    said = _SAID[confirmation.state]
    if confirmation.via is not None and confirmation.answered_at is not None:
        said = f"{said} via {confirmation.via} at {_written(confirmation.answered_at)}"
    is_yes = confirmation.state in {S.CONFIRMED, S.DONE}
    threshold = f"a yes by {_written(confirmation.expires_at)}"
    return GateResult(GATE, said, threshold, Verdict.PASSED if is_yes else Verdict.DENIED)


_SAID = {
    S.ASKED: "asked",
    S.CONFIRMED: "confirmed",
    S.DONE: "confirmed",
    S.REFUSED: "refused",
    S.EXPIRED: "no answer",
}


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
