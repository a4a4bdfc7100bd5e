"""What faults do to answers of another form than Binance's: lists in lists, and acknowledgements that tell no state."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.emulators.binance.faults import FaultRule
from tests.emulators.binance.http import Answer
from tests.emulators.binance.strikes import EFFECTS, Effect, Voice

Change = Callable[[list[Any], FaultRule], list[Any]]


def effects_with(rows: str, **own: Effect) -> Mapping[str, Effect]:
    """Make the effects of a venue whose executions stand under the name `rows` of an answer's payload."""
    return {
        **EFFECTS,
        "double_fills": _on_rows(rows, _doubled),
        "shuffle_fills": _on_rows(rows, _shuffled),
        "fill_before_ack": late,
        **own,
    }


def late(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    """Let an acknowledgement that tells no state come after the fill."""
    answer.after = rule.length
    return answer


def _on_rows(name: str, change: Change) -> Effect:
    def strike(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
        if isinstance(payload, dict) and isinstance(payload.get(name), list):
            answer.body = voice.say({**payload, name: change(payload[name], rule)})
        return answer

    return strike


def _doubled(rows: list[Any], rule: FaultRule) -> list[Any]:
    return [row for row in rows for _ in range(2)]


def _shuffled(rows: list[Any], rule: FaultRule) -> list[Any]:
    mixed = list(rows)
    random.Random(rule.seed + rule.struck).shuffle(mixed)
    # Two in order would say nothing.
    return mixed if mixed != rows else mixed[::-1]
