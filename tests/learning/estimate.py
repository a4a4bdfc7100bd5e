"""What the next provider's messages would meet: whole format families left out with all that they taught.

For each fold the intent weights are learnt from the other families alone; entries of the lexicon that occur in no
message outside the fold are taken out; and, in the stricter estimate, the names of instruments as well. What cannot be
taken out is the code: rules that a family of the fold once suggested stay. The estimate is therefore still a little
kind, and the first look at a stranger's set (`unseen/README.md`) is the check on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.learning.families import families_of, folds_of
from tests.learning.figures import Figures, judge, total
from tests.learning.forgetting import forgotten, only_in
from tests.learning.rows import Labelled
from tests.learning.training import at_temperature, fit, observe, predict
from worker.parsing.intent import Intent, Weights
from worker.parsing.parser import parse_message
from worker.parsing.rows import to_row

FOLDS = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """Figures over all messages, each read without its family; `predicted` is at temperature one."""

    figures: Figures
    families: int
    forgotten: int
    predicted: tuple[tuple[dict[Intent, float], Intent], ...]
    mistakes: tuple[str, ...]


def estimate(
    rows: Sequence[Labelled],
    beside: Sequence[Labelled],
    *,
    without_names: bool = False,
    temperature: float = 1.0,
) -> Estimate:
    """Read each message of `rows` with what the other families and the messages `beside` teach."""
    families = families_of([*rows, *beside])
    folds = folds_of(families, FOLDS)
    everything = [*rows, *beside]
    asked = {row.row_id for row in rows}
    figures = Figures()
    left_out = 0
    predicted: list[tuple[dict[Intent, float], Intent]] = []
    mistakes: list[str] = []
    for fold in range(FOLDS):
        inside = [row for row, place in zip(everything, folds, strict=True) if place == fold]
        outside = [row for row, place in zip(everything, folds, strict=True) if place != fold]
        entries, names = only_in([row.text for row in inside], [row.text for row in outside])
        left_out += len(entries)
        held = [row for row in inside if row.row_id in asked]
        with forgotten(entries, names if without_names else set()):
            weights = at_temperature(_learn(outside), temperature)
            predicted += [
                (predict(features, weights), row.intent)
                for row, features in zip(held, observe(held), strict=True)
            ]
            figures += total(_judged(held, weights, mistakes))
    return Estimate(figures, len(set(families)), left_out, tuple(predicted), tuple(mistakes))


def learn(rows: Sequence[Labelled], temperature: float) -> Weights:
    """Return the weights of all rows at a temperature."""
    return at_temperature(_learn(rows), temperature)


def _learn(rows: Sequence[Labelled]) -> Weights:
    observed = [
        (features, row.intent)
        for row, features in zip(rows, observe(rows), strict=True)
        if features is not None
    ]
    return fit(observed)


def _judged(rows: Sequence[Labelled], weights: Weights, mistakes: list[str]) -> list[Figures]:
    judged = []
    for row in rows:
        got = to_row(parse_message(row.text, weights=weights))
        figure = judge(row, got)
        judged.append(figure)
        kind = _mistake(figure)
        if kind:
            mistakes.append(f"{row.row_id}: {kind}: wanted {_short(row.label)}, read {_short(got)}")
    return judged


def _mistake(figure: Figures) -> str:
    if figure.false_trades:
        return "false trade"
    if figure.wrong:
        return "wrong symbol or side"
    if figure.opens > figure.recalled:
        return "missed"
    right = figure.exact + figure.updates_exact + figure.ignored
    return "" if right else "not exact"


def _short(row: Mapping[str, Any]) -> str:
    names = (
        *("action", "update_kind", "symbol", "side", "entry", "stop_loss", "take_profits"),
        *("reason", "doubt", "confidence"),
    )
    return ", ".join(f"{name} {row[name]}" for name in names if row.get(name) not in (None, [], ""))
