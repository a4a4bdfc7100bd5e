"""What goes wrong on request: rules that pick requests by count, by rhythm or by seeded chance."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DOOR, BOOK, ANSWER = "door", "book", "answer"
# What these strike unless told otherwise; another venue has paths of its own.
PATHS = {
    "double_fills": "/api/v3/myTrades",
    "shuffle_fills": "/api/v3/myTrades",
    "withdraw_permissions": "/sapi/v1/account/apiRestrictions",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a fault strikes, what it looks at unless told otherwise, and how long it lasts."""

    stage: str
    seconds: float = 0.0
    method: str | None = None


# At the door nothing is accepted. In the book the order is taken, but differently. At the answer the
# request is done in full and its answer goes wrong (`late_accept` does it after its answer).
KINDS: dict[str, Kind] = {
    "drop_before": Kind(DOOR),
    "hang_before": Kind(DOOR, 30),
    "hang_all": Kind(DOOR, 30),
    "rate_limit": Kind(DOOR, 7),
    "ban": Kind(DOOR, 120),
    "unauthorized": Kind(DOOR),
    "server_error": Kind(DOOR),
    "garbage_before": Kind(DOOR),
    "lookup_down": Kind(DOOR, method="GET"),
    "fill_partly": Kind(BOOK, method="POST"),
    "lookup_lag": Kind(BOOK, 5, method="POST"),
    "late_accept": Kind(ANSWER, 3, method="POST"),
    "accept_then_500": Kind(ANSWER),
    "accept_then_504": Kind(ANSWER),
    "accept_then_hang": Kind(ANSWER, 30),
    "accept_then_drop": Kind(ANSWER),
    "delay": Kind(ANSWER, 1),
    "garbage": Kind(ANSWER),
    "truncated": Kind(ANSWER),
    "cut_off": Kind(ANSWER),
    "fill_before_ack": Kind(ANSWER, method="POST"),
    "double_fills": Kind(ANSWER, method="GET"),
    "shuffle_fills": Kind(ANSWER, method="GET"),
    "withdraw_permissions": Kind(ANSWER, method="GET"),
}


@dataclass(slots=True)
class FaultRule:
    """One kind of trouble for the requests it matches.

    `path` may end in `*`; `params` must be among the request's; `keys` names several accounts. `nth` picks
    one request, `every` each n-th, `probability` by chance from `seed`; none of them picks all. `times`
    bounds how often it strikes, `times_each` how often it strikes one account. `seconds` is the length of hangs, delays, lags and bans, and the Retry-After of a refusal.
    `fraction` belongs to `fill_partly`; `answer` (504, drop or hang) and `ignore_window` to `late_accept`;
    `status` and `body` (json or html) to the failures 500 and 503.
    """

    kind: str
    id: int = 0
    method: str | None = None
    path: str | None = None
    key: str | None = None
    keys: frozenset[str] = frozenset()
    address: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    times: int | None = None
    times_each: int | None = None
    seconds: float | None = None
    fraction: str = "0.5"
    answer: str = "504"
    ignore_window: bool = False
    status: int | None = None
    body: str = "json"
    seen: int = 0
    struck: int = 0
    struck_keys: Counter[str] = field(default_factory=Counter, repr=False)
    chance: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; there are {sorted(KINDS)}")
        if self.answer not in {"504", "drop", "hang"}:
            raise ValueError("answer is 504, drop or hang")
        if self.body not in {"json", "html"}:
            raise ValueError("body is json or html")
        kind = KINDS[self.kind]
        self.method = self.method or kind.method
        self.seconds = kind.seconds if self.seconds is None else self.seconds
        self.chance = random.Random(self.seed)
        self.keys = frozenset(self.keys)

    @property
    def length(self) -> float:
        """How long it lasts, in seconds."""
        return self.seconds or 0.0

    def matches(self, method: str, path: str, key: str, address: str, params: Mapping[str, str]) -> bool:
        """Is this a request the rule looks at?"""
        if self.path is not None and not _fits(self.path, path):
            return False
        if self.keys and key not in self.keys:
            return False
        for wanted, actual in ((self.method, method), (self.key, key), (self.address, address)):
            if wanted is not None and wanted != actual:
                return False
        return all(params.get(name) == value for name, value in self.params.items())

    def is_due(self, key: str) -> bool:
        """Count an account's request that matches and say whether it would be hit."""
        self.seen += 1
        if self.times is not None and self.struck >= self.times:
            return False
        if self.times_each is not None and self.struck_keys[key] >= self.times_each:
            return False
        return (
            (self.nth is None or self.seen == self.nth)
            and (self.every is None or self.seen % self.every == 0)
            and (self.probability is None or self.chance.random() < self.probability)
        )

    def strike(self, key: str) -> None:
        """Count that it hits."""
        self.struck += 1
        self.struck_keys[key] += 1

    def named(self) -> dict[str, Any]:
        """How the log names a strike."""
        return {"id": self.id, "kind": self.kind}


class FaultBook:
    """The rules in force; `paths` says what some kinds strike unless told otherwise."""

    def __init__(self, paths: Mapping[str, str] = PATHS) -> None:
        self._paths = paths
        self.rules: dict[str, list[FaultRule]] = {DOOR: [], BOOK: [], ANSWER: []}
        self._last_id = 0

    def add(self, description: dict[str, Any]) -> int:
        """Put a rule in force and say its id."""
        self._last_id += 1
        rule = FaultRule(**{**description, "id": self._last_id})
        rule.path = rule.path or self._paths.get(rule.kind)
        self.rules[KINDS[rule.kind].stage].append(rule)
        return rule.id

    def clear(self, rule_id: int | None = None) -> None:
        """Let everything, or one rule's requests, go well again."""
        for stage, rules in self.rules.items():
            self.rules[stage] = [rule for rule in rules if rule_id not in (None, rule.id)]

    def pick(
        self, stage: str, method: str, path: str, key: str, address: str, params: Mapping[str, str]
    ) -> FaultRule | None:
        """The first rule of a stage that hits this request; every rule that matches counts it, one strikes."""
        hit: FaultRule | None = None
        for rule in self.rules[stage]:
            if rule.matches(method, path, key, address, params) and rule.is_due(key) and hit is None:
                hit = rule
                rule.strike(key)
        return hit

    def describe(self) -> list[dict[str, Any]]:
        """The rules with their counts."""
        everything = sorted(
            (rule for rules in self.rules.values() for rule in rules), key=lambda rule: rule.id
        )
        return [{**rule.named(), "seen": rule.seen, "struck": rule.struck} for rule in everything]


def _fits(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
