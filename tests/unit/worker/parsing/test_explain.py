"""`--explain`: the words behind each field, what is only implied, and a sentence where nothing is asked."""

import io
import json
from typing import Any

from worker.parsing.__main__ import run
from worker.parsing.version import PARSER_VERSION


def explained(text: str) -> dict[str, Any]:
    out = io.StringIO()
    assert run(io.StringIO(json.dumps({"id": "a", "text": text})), out, explained=True) == 0
    row: dict[str, Any] = json.loads(out.getvalue())
    assert row["parser_version"] == PARSER_VERSION
    answer: dict[str, Any] = row["explain"]
    return answer


def words(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {role: [place["text"] for place in places] for role, places in answer["words"].items()}


def test_each_field_shows_the_words_it_came_from() -> None:
    text = "🚀 LONG $SOL\nEntry: 142.5 - 144\nSL: 138\nTP1: 150 TP2: 156\nLeverage 5x, risk 1%"
    answer = explained(text)
    assert words(answer) == {
        "symbol": ["$SOL"], "side": ["LONG"], "entry": ["142.5", "144"], "stop": ["138"], "target": ["150", "156"], "leverage": ["5x"], "risk": ["1%"]
    }  # fmt: skip
    assert all(text[place["start"] : place["end"]] == place["text"] for places in answer["words"].values() for place in places)
    assert answer["implied"] == []


def test_what_no_word_says_is_told_as_implied() -> None:
    answer = explained("$SQ entry 71.25, stop 69.80")
    assert "side" not in words(answer)
    assert answer["implied"] == ["side: from where stop and targets lie"]


def test_a_message_that_asks_for_nothing_says_why_in_a_sentence() -> None:
    assert explained("Should I long BTC here at 60k with SL 58k?")["why_not"] == "A question, not a signal."
