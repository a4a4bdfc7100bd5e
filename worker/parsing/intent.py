"""How likely a message opens, closes, updates, reports or only talks: a linear classifier with learnt weights.

The weights (`intent_weights.json`, features and numbers only) are written by `make train`: a multinomial logistic
regression over `features.py`, whose temperature was fitted on messages of format families that it had not seen, so
that a probability of 0.9 is right in nine of ten. See docs/parsing.md.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).with_name("intent_weights.json")


class Intent(StrEnum):
    """What a message is for."""

    OPEN = "open"
    CLOSE = "close"
    UPDATE = "update"
    REPORT = "report"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted classifier: per intent a bias and, per feature, a weight; logits are divided by the temperature."""

    intents: tuple[Intent, ...]
    bias: tuple[float, ...]
    features: Mapping[str, tuple[float, ...]]
    temperature: float


def probabilities(features: Iterable[str], weights: Weights) -> dict[Intent, float]:
    """Return the probability of each intent; they sum to one. Unknown features say nothing."""
    logits = list(weights.bias)
    for name in features:
        row = weights.features.get(name)
        if row is not None:
            for place, weight in enumerate(row):
                logits[place] += weight
    return dict(zip(weights.intents, softmax(logits, weights.temperature), strict=True))


def softmax(logits: list[float], temperature: float) -> list[float]:
    """Return the probabilities that logits stand for at a temperature above zero."""
    highest = max(logits)
    raised = [math.exp((logit - highest) / temperature) for logit in logits]
    total = sum(raised)
    return [value / total for value in raised]


@cache
def learnt_weights() -> Weights:
    """Return the weights that are part of this version."""
    return read_weights(WEIGHTS)


def read_weights(path: Path) -> Weights:
    """Read weights from a file that `write_weights` wrote."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Weights(
        intents=tuple(Intent(name) for name in stored["intents"]),
        bias=tuple(stored["bias"]),
        features={name: tuple(row) for name, row in stored["features"].items()},
        temperature=stored["temperature"],
    )


def write_weights(weights: Weights, path: Path) -> None:
    """Write weights, one feature a line, so that a change of them can be looked at."""
    rows = ",\n".join(
        f"    {json.dumps(name, ensure_ascii=False)}: {json.dumps([round(w, 3) for w in row])}"
        for name, row in sorted(weights.features.items())
    )
    bias = json.dumps([round(w, 3) for w in weights.bias])
    intents = json.dumps([str(intent) for intent in weights.intents])
    path.write_text(
        f'{{\n  "intents": {intents},\n  "bias": {bias},\n  "temperature": {weights.temperature:.3f},\n'
        f'  "features": {{\n{rows}\n  }}\n}}\n',
        encoding="utf-8",
    )
