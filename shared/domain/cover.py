"""Cover as values: how a venue lets exits share one position, and what a comparison says is to be done."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.intents import Intent


class CoverStyle(StrEnum):
    """What may rest at the venue for one and the same quantity.

    LINKED: a stop and any number of targets; a fill of one takes the same quantity off the others.
    PAIRED: every resting exit holds its quantity, but for a stop and a target written together (OCO); a fill of
    either, even of a part, takes the other away whole.
    """

    LINKED = "linked"
    PAIRED = "paired"


@dataclass(frozen=True, slots=True)
class CoverTerms:
    """A venue's terms for cover: its style, and whether a lone resting stop is replaced in one write."""

    style: CoverStyle = CoverStyle.LINKED
    replaces_stops: bool = False


@dataclass(frozen=True, slots=True)
class CoverPlan:
    """What to place and what to cancel; both empty when the trade is covered as wanted.

    `retry_at` is when a refused order may be tried again; `is_waiting` while a cancel is under way.
    """

    place: tuple[Intent, ...] = ()
    cancel: tuple[str, ...] = ()
    retry_at: datetime | None = None
    is_waiting: bool = False

    @property
    def is_done(self) -> bool:
        """Tell whether wanted and actual cover agree."""
        return self.is_calm and self.retry_at is None and not self.is_waiting

    @property
    def is_calm(self) -> bool:
        """Tell whether nothing is to be done."""
        return not self.place and not self.cancel
