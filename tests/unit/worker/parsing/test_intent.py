"""The learnt classifier: probabilities that sum to one, weights that survive their file, and doubt where rules and weights disagree."""

import math
from pathlib import Path

import pytest

from shared.domain.signals import NotASignal, Signal
from worker.parsing.intent import (
    Intent,
    Weights,
    learnt_weights,
    probabilities,
    read_weights,
    softmax,
    write_weights,
)
from worker.parsing.parser import ACT_FROM, parse_message
from worker.parsing.reasons import REASONS

ORDER = "LONG SOL/USDT\nEntry 142.5\nSL 138\nTP 150"
PLAN = "Plan for tomorrow:\nBTC long\nentry 60000\nsl 59000\ntp 62000"


def leaning(to: Intent, *, by: float = 9.0) -> Weights:
    """Return weights that take every message for one intent."""
    return Weights(tuple(Intent), tuple(by if intent is to else 0.0 for intent in Intent), {}, 1.0)


def test_probabilities_sum_to_one_and_unknown_features_say_nothing() -> None:
    weights = Weights((Intent.OPEN, Intent.NOISE), (0.5, -0.5), {"stop": (1.0, -1.0)}, 2.0)
    chances = probabilities({"stop", "never seen"}, weights)
    assert sum(chances.values()) == pytest.approx(1)
    assert chances == probabilities({"stop"}, weights)
    assert chances[Intent.OPEN] == pytest.approx(1 / (1 + math.exp(-3.0 / 2.0)))


def test_a_higher_temperature_is_less_sure_and_keeps_the_order() -> None:
    sure, unsure = softmax([3.0, 1.0, 0.0], 1.0), softmax([3.0, 1.0, 0.0], 3.0)
    assert sure[0] > unsure[0] > unsure[1] > unsure[2] > sure[2]


def test_huge_logits_are_no_overflow() -> None:
    assert softmax([1e6, -1e6], 0.5) == [1.0, 0.0]


def test_weights_survive_their_file(tmp_path: Path) -> None:
    weights = Weights(tuple(Intent), (0.125, 0.0, 0.0, 0.0, -1.5), {"has STOP": (1.0, 0.0, -0.25, 0.0, 0.5)}, 1.25)
    write_weights(weights, tmp_path / "weights.json")
    assert read_weights(tmp_path / "weights.json") == weights


def test_the_weights_of_this_version_know_every_intent() -> None:
    weights = learnt_weights()
    assert set(weights.intents) == set(Intent)
    assert weights.features
    assert all(len(row) == len(weights.intents) for row in weights.features.values())


def test_an_order_that_the_classifier_takes_for_talk_is_not_acted_on_but_kept() -> None:
    reading = parse_message(ORDER, weights=leaning(Intent.NOISE))
    assert isinstance(reading, Signal)
    assert (reading.symbol, reading.doubt) == ("SOL/USDT", "UNLIKE_A_SIGNAL")
    assert reading.confidence < ACT_FROM


def test_an_order_that_both_take_for_one_keeps_its_confidence() -> None:
    reading = parse_message(ORDER, weights=leaning(Intent.OPEN))
    assert isinstance(reading, Signal)
    assert (reading.confidence > ACT_FROM, reading.doubt) == (True, "")


def test_a_whole_order_in_talk_is_asked_back_with_what_speaks_against_it() -> None:
    reading = parse_message(PLAN, weights=leaning(Intent.OPEN))
    assert isinstance(reading, Signal)
    assert (reading.symbol, reading.stop_loss, reading.doubt) == ("BTC/USDT", 59000, "PLAN")
    assert reading.confidence < ACT_FROM
    assert reading.doubt in REASONS


def test_talk_that_both_take_for_talk_stays_silent() -> None:
    assert isinstance(parse_message(PLAN, weights=leaning(Intent.NOISE)), NotASignal)


@pytest.mark.parametrize("text", ["gm everyone", "BTC looks strong", "Don't long BTC here, SL 58k"])
def test_no_weights_make_an_order_of_what_is_none(text: str) -> None:
    reading = parse_message(text, weights=leaning(Intent.OPEN, by=99.0))
    assert isinstance(reading, NotASignal) or reading.confidence < ACT_FROM


def test_a_close_that_looks_like_talk_is_not_acted_on() -> None:
    reading = parse_message("Close SOL now", weights=leaning(Intent.NOISE))
    assert isinstance(reading, Signal)
    assert reading.confidence < ACT_FROM
