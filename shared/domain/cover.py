"""Cover as values: how a venue lets exits share one position, and what a comparison says is to be done."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.intents import Intent
from shared.domain.orders import TimeInForce


class CoverStyle(StrEnum):
    """What may rest at the venue for one and the same quantity.

    LINKED: a stop and any number of targets; a fill of one takes the same quantity off the others.
    PAIRED: every resting exit holds its quantity, but for a stop and a target written together (OCO); a fill of
    either, even of a part, takes the other away whole.
    SINGLE: every resting exit holds its quantity and no two share it: stops rest, targets are watched by us.
    REDUCE_ONLY: exits hold nothing and the venue never sells more than the position: a stop and any number of targets
    rest beside each other, and what has become too large is replaced by what fits before it goes.
    MANAGED: nothing rests: stop and targets are watched by us.
    """

    LINKED = "linked"
    PAIRED = "paired"
    SINGLE = "single"
    REDUCE_ONLY = "reduce_only"
    MANAGED = "managed"


@dataclass(frozen=True, slots=True)
class CoverTerms:
    """A venue's terms for cover; all but the style as in `shared.brokers.capabilities.Capabilities`."""

    style: CoverStyle = CoverStyle.LINKED
    replaces_stops: bool = False
    stop_limit_percent: Decimal | None = None
    longest_time_in_force: TimeInForce = TimeInForce.GTC
    trails: bool = False


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
