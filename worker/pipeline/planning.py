"""What is the same for every follower of one signal."""

from dataclasses import dataclass

from shared.domain.confirmations import Confirmation
from shared.domain.signals import Signal
from shared.models.messages import InboxMessage
from shared.models.providers import ProviderTerms
from shared.models.signals import SignalRecord


@dataclass(frozen=True, slots=True)
class Planning:
    """What is the same for every follower of one signal."""

    message: InboxMessage
    terms: ProviderTerms
    record: SignalRecord
    signal: Signal
    symbol: str | None
    duplicate_of: str | None
    is_first_pass: bool
    """Nobody has planned this message before, so there is nothing of an earlier pass to look for."""
    confirmation: Confirmation | None = None
    """The yes of the one follower for whom this is planned, where it was asked first."""
