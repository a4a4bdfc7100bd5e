"""What a gate is: a pure function of the facts that says what it looked at and what it was held against."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.errors import Denial
from shared.domain.facts import Facts


@dataclass(frozen=True, slots=True)
class Seen:
    """What one gate looked at and was held against; `denial` where it refuses."""

    input: str
    threshold: str
    denial: Denial | None = None


Gate = Callable[[Facts], Seen]
