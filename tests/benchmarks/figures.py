"""Percentiles, and the lines that show them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True)
class Spread:
    """How a measurement was distributed, in milliseconds."""

    n: int
    p50: float
    p95: float
    p99: float
    most: float

    def as_row(self) -> dict[str, float]:
        """Return it for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return f"p50 {self.p50:8.1f}   p95 {self.p95:8.1f}   p99 {self.p99:8.1f}   most {self.most:8.1f}   n {self.n}"


def spread(milliseconds: Sequence[float]) -> Spread:
    """Summarise measurements by nearest rank; ValueError when there are none."""
    if not milliseconds:
        raise ValueError("nothing was measured")
    ordered = sorted(milliseconds)

    def at(percent: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))], 3)

    return Spread(len(ordered), at(50), at(95), at(99), round(ordered[-1], 3))


def milliseconds(start: datetime, end: datetime) -> float:
    """Return the time between two moments."""
    return round((end - start).total_seconds() * 1000, 3)
