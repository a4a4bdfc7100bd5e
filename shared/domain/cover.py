"""How a venue lets exits share one position: what cover can look like there."""

from enum import StrEnum


class CoverStyle(StrEnum):
    """What may rest at the venue for one and the same quantity.

    LINKED: a stop and any number of targets; a fill of one takes the same quantity off the others.
    PAIRED: one stop and one target written together (OCO); a fill of either takes the other away whole.
    STOP_ONLY: every resting exit holds its quantity, so the stop rests and targets are watched by us.
    MANAGED: no stop can rest; stop and targets are watched by us.
    """

    LINKED = "linked"
    PAIRED = "paired"
    STOP_ONLY = "stop_only"
    MANAGED = "managed"
