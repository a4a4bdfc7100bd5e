"""Fits the intent classifier: a multinomial logistic regression, sparse enough to be read, with one temperature."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from tests.learning.rows import Labelled
from worker.parsing.facts import ParseContext, facts_of
from worker.parsing.features import features_of
from worker.parsing.intent import Intent, Weights, probabilities, softmax

SEEN_IN = 3
"""A feature of fewer messages teaches nothing that the next provider's message needs."""

STRENGTH = 0.3
"""Inverse of the L2 penalty; chosen by the log loss on families left out."""

TEMPERATURES = [0.5 + 0.05 * step for step in range(51)]
NEGLIGIBLE = 0.005


def observe(rows: Iterable[Labelled]) -> list[frozenset[str] | None]:
    """Return the features of each message; none for those that the parser does not look into."""
    found = (facts_of(row.text, ParseContext()) for row in rows)
    return [None if isinstance(facts, str) else features_of(facts) for facts in found]


def fit(observed: Sequence[tuple[frozenset[str], Intent]]) -> Weights:
    """Return weights learnt from (features, intent), at temperature one; the same rows give the same weights."""
    counts = Counter(name for features, _ in observed for name in features)
    kept = {name for name, count in counts.items() if count >= SEEN_IN}
    vectorizer = DictVectorizer()
    matrix = vectorizer.fit_transform([dict.fromkeys(sorted(features & kept), 1) for features, _ in observed])
    model = LogisticRegression(C=STRENGTH, max_iter=2000, tol=1e-6)
    model.fit(matrix, [str(intent) for _, intent in observed])
    rows = {
        str(name): tuple(float(weight) for weight in model.coef_[:, place])
        for place, name in enumerate(vectorizer.feature_names_)
        if abs(model.coef_[:, place]).max() >= NEGLIGIBLE
    }
    return Weights(
        tuple(Intent(name) for name in model.classes_), tuple(float(b) for b in model.intercept_), rows, 1.0
    )


def temperature_of(held_out: Sequence[tuple[dict[Intent, float], Intent]]) -> float:
    """Return the temperature under which probabilities of unseen messages (given at one) lose least.

    Guo et al., "On Calibration of Modern Neural Networks", 2017: one scalar, fitted on held-out log loss.
    """
    return min(TEMPERATURES, key=lambda temperature: log_loss(_cooled(held_out, temperature)))


def log_loss(predicted: Iterable[tuple[dict[Intent, float], Intent]]) -> float:
    """Return the mean negative log likelihood of what was true, in nats."""
    losses = [-math.log(max(1e-9, chances[intent])) for chances, intent in predicted]
    return sum(losses) / len(losses)


def calibration_error(predicted: Sequence[tuple[dict[Intent, float], Intent]], bins: int = 10) -> float:
    """Return the expected calibration error: how far the confidence of the first choice is from its accuracy."""
    sums = [[0.0, 0.0, 0] for _ in range(bins)]
    for chances, intent in predicted:
        choice = max(chances, key=lambda name: chances[name])
        row = sums[min(bins - 1, int(chances[choice] * bins))]
        row[0] += chances[choice]
        row[1] += choice is intent
        row[2] += 1
    return sum(abs(confidence - right) for confidence, right, _ in sums) / max(1, len(predicted))


def at_temperature(weights: Weights, temperature: float) -> Weights:
    """Return the same weights at another temperature."""
    return replace(weights, temperature=temperature)


def predict(features: frozenset[str] | None, weights: Weights) -> dict[Intent, float]:
    """Return the probabilities; a message that nobody looks into is noise."""
    if features is None:
        return {intent: float(intent is Intent.NOISE) for intent in weights.intents}
    return probabilities(features, weights)


def _cooled(
    rows: Sequence[tuple[dict[Intent, float], Intent]], temperature: float
) -> list[tuple[dict[Intent, float], Intent]]:
    cooled = []
    for chances, intent in rows:
        logits = [math.log(max(1e-12, chance)) for chance in chances.values()]
        cooled.append((dict(zip(chances, softmax(logits, temperature), strict=True)), intent))
    return cooled
