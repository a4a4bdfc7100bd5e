"""What goes wrong on request: rules that pick requests by count, by rhythm or by seeded chance."""

import random
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "accept_then_500",
        "accept_then_hang",
        "accept_then_drop",
        "drop_before",
        "delay",
        "late_accept",
        "rate_limit",
        "lookup_lag",
        "garbage",
        "unauthorized",
        "server_error",
    }
)


@dataclass
class FaultRule:
    """One kind of trouble for the requests it matches.

    `nth` picks one request, `every` each n-th, `probability` by chance from `seed`; none of them picks
    all. `times` bounds how often it strikes. `seconds` is the length of hangs, delays and lags, and the
    Retry-After of a rate limit.
    """

    kind: str
    method: str | None = None
    path: str | None = None
    key: str | None = None
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    times: int | None = None
    seconds: float = 30.0
    seen: int = 0
    struck: int = 0
    chance: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}")
        self.chance = random.Random(self.seed)

    def strikes(self, method: str, path: str, key: str) -> bool:
        """Count a request and say whether it is hit."""
        for wanted, actual in ((self.method, method), (self.path, path), (self.key, key)):
            if wanted is not None and wanted != actual:
                return False
        self.seen += 1
        if self.times is not None and self.struck >= self.times:
            return False
        hit = (
            (self.nth is None or self.seen == self.nth)
            and (self.every is None or self.seen % self.every == 0)
            and (self.probability is None or self.chance.random() < self.probability)
        )
        self.struck += hit
        return hit


class FaultBook:
    """The rules in force."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []

    def add(self, description: dict[str, Any]) -> None:
        """Put a rule in force."""
        self._rules.append(FaultRule(**description))

    def clear(self) -> None:
        """Let everything go well again."""
        self._rules.clear()

    def pick(self, method: str, path: str, key: str) -> FaultRule | None:
        """The first rule that strikes this request; every rule counts it."""
        hits = [rule for rule in self._rules if rule.strikes(method, path, key)]
        return hits[0] if hits else None

    def describe(self) -> list[dict[str, Any]]:
        """The rules with their counts."""
        return [{"kind": rule.kind, "seen": rule.seen, "struck": rule.struck} for rule in self._rules]
