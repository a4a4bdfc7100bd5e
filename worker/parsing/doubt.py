"""Where the rules and the learnt classifier disagree, nothing is traded: the reading is kept to be shown and asked.

The rules know why; the classifier knows what such messages were for. An order that looks like talk to the classifier,
and a whole order that the rules take for talk while the classifier takes it for an order, become doubtful readings
("did you mean ...") below `ACT_FROM`.
"""

from dataclasses import replace
from decimal import Decimal

from shared.domain.signals import Action, NotASignal, Reading, Signal
from worker.parsing.classifier import THIN, OpenVerdict, has_labelled_levels
from worker.parsing.facts import Facts
from worker.parsing.features import features_of
from worker.parsing.intent import Intent, Weights, probabilities
from worker.parsing.opens import read_open

ACT_FROM = Decimal("0.5")
"""The confidence from which a reading is acted on."""

VETO_BELOW = 0.06
"""Under this probability of its intent a reading is not acted on, whatever the rules say.

Of 956 messages read with their families left out it stops one false trade and two commands in chatter, and no order.
"""

ASK_FROM = 0.75
"""From this probability of an open a whole order that the rules refuse is shown instead of dropped."""

UNLIKE_A_SIGNAL = "UNLIKE_A_SIGNAL"
_DECISIVE = frozenset({"NEGATED", "ABSURD_LEVELS", "CONFLICTING_LEVELS", "SEVERAL_INSTRUMENTS", "NO_SIDE"})


def weigh(reading: Reading, facts: Facts, weights: Weights) -> Reading:
    """Return the reading of the rules with the confidence that it has in the classifier's eyes, too."""
    chances = probabilities(features_of(facts), weights)
    if isinstance(reading, Signal):
        return _weigh_signal(reading, chances)
    return _second_thought(reading, facts, chances[Intent.OPEN])


def _weigh_signal(reading: Signal, chances: dict[Intent, float]) -> Signal:
    if reading.action is Action.OPEN:
        chance = chances[Intent.OPEN]
    else:  # closes, stop moves and reports of them share their words
        chance = 1 - chances[Intent.NOISE] - chances[Intent.OPEN]
    confidence = _lowered(reading.confidence, chance)
    doubt = UNLIKE_A_SIGNAL if confidence < ACT_FROM else ""
    return replace(reading, confidence=confidence, doubt=doubt)


def _lowered(confidence: Decimal, chance: float) -> Decimal:
    """Keep the rules' confidence down to the veto; below it falls from `ACT_FROM` to 0 with the chance.

    Between veto and certainty a reading of the rules was right as often as above it (585 of 587 messages with their
    families left out): there the chance adds nothing.
    """
    if chance >= VETO_BELOW:
        return confidence
    return (ACT_FROM * Decimal(chance / VETO_BELOW)).quantize(Decimal("0.01"), "ROUND_FLOOR")


def _second_thought(reading: NotASignal, facts: Facts, chance: float) -> Reading:
    """Return the order that a refused message spells out, as a question, where it may well be one."""
    if chance < ASK_FROM or reading.reason in _DECISIVE or reading.update_kind is not None:
        return reading
    if not (facts.contracts or facts.chosen) or not (facts.contracts or has_labelled_levels(facts.fields)):
        return reading
    order = read_open(facts, OpenVerdict(THIN))
    return replace(order, doubt=reading.reason) if isinstance(order, Signal) else reading
