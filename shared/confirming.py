"""The door for a follower's answer to a question: write it once, then ring. Page, bot and command line come in here."""

from dataclasses import dataclass
from datetime import datetime

from shared.commands import CommandRefused
from shared.domain.commands import OPERATOR, Via
from shared.domain.confirmations import CONFIRMATION_EXPIRED, Confirmation, ConfirmationState
from shared.models import confirmations
from shared.models.mapping import millisecond
from shared.tasks import TaskName, enqueue

_YES = frozenset({ConfirmationState.CONFIRMED, ConfirmationState.DONE})


@dataclass(frozen=True, slots=True)
class Answered:
    """What answering answers: the question as it is stored, and whether this call answered it."""

    confirmation: Confirmation
    created: bool


def answer_confirmation(by: str, via: Via, confirmation_id: str, *, is_yes: bool, now: datetime) -> Answered:
    """Write a follower's answer (`by`: a user's id, or OPERATOR), then ring; the same answer again changes nothing.

    Raises
    ------
    CommandRefused
        If the question is not the caller's, was answered otherwise, or is not good any more.
    pymongo.errors.PyMongoError
        If the database did not acknowledge.
    """
    _find_own(by, confirmation_id)
    state = ConfirmationState.CONFIRMED if is_yes else ConfirmationState.REFUSED
    created = confirmations.answer(confirmation_id, state, by, via, millisecond(now))
    found = _find_own(by, confirmation_id)
    if created:
        enqueue(TaskName.SIGNALS_CONFIRM, confirmation_id)
    elif found.state in {ConfirmationState.ASKED, ConfirmationState.EXPIRED}:
        raise CommandRefused(found.code or CONFIRMATION_EXPIRED, "It is too late to answer.")
    elif is_yes is not (found.state in _YES):
        raise CommandRefused("ANSWERED_BEFORE", f"It was answered before: {found.state}.")
    return Answered(found, created)


def _find_own(by: str, confirmation_id: str) -> Confirmation:
    found = confirmations.find(confirmation_id) if confirmation_id.isprintable() else None
    # Whose question it is, is nobody else's business: to a stranger it does not exist.
    if found is None or by not in {OPERATOR, found.user_id}:
        raise CommandRefused("NO_CONFIRMATION", f"There is no question {confirmation_id[:60]!r}.")
    return found
