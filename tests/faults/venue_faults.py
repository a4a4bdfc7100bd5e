"""How the venue fails, one way per follower, and what must be seen of it in its log."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.faults.judge import Log

RETRY_AFTER_SECONDS = 2.0

RULES: tuple[dict[str, Any], ...] = (
    {"kind": "accept_then_500", "every": 3},
    # Longer than our transport waits.
    {"kind": "accept_then_hang", "every": 6, "times": 2, "seconds": 10.0},
    {"kind": "accept_then_drop", "every": 3},
    {"kind": "drop_before", "every": 3, "times": 3},
    {"kind": "late_accept", "every": 4, "times": 3, "seconds": 2.0},
    {"kind": "lookup_lag", "every": 3, "seconds": 4.0},
    {"kind": "garbage", "every": 3},
    {"kind": "rate_limit", "every": 3, "times": 4, "seconds": RETRY_AFTER_SECONDS},
)


def check(log: Log, rules: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say which fault never struck, and which order came back before its Retry-After."""
    problems: list[str] = []
    for key, rule in rules.items():
        submits = log.submits(frozenset({key}))
        struck = [line for line in submits if line.get("fault") == rule["kind"]]
        if not struck:
            problems.append(f"{rule['kind']} never struck {key}")
        for line in struck if rule["kind"] == "rate_limit" else ():
            told = datetime.fromisoformat(line["at"])
            until = told + timedelta(seconds=RETRY_AFTER_SECONDS)
            again = [
                other["at"]
                for other in submits
                if other["body"]["client_order_id"] == line["body"]["client_order_id"]
                and told < datetime.fromisoformat(other["at"]) < until
            ]
            if again:
                problems.append(f"order of {key} came back at {again[0]}, told at {told} to wait")
    return problems
