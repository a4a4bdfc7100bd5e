"""Lines of receipts for people: every gate has a title, and every line is a sentence."""

from shared.domain.confirmations import GATE
from shared.domain.gate_titles import TITLES, describe_line, title_of
from shared.domain.receipts import GateResult, Verdict
from shared.domain.risk import GATES


def test_every_gate_has_a_title_of_its_own() -> None:
    names = {name for name, _ in GATES} | {GATE}
    assert not names - set(TITLES)
    assert len(set(TITLES.values())) == len(TITLES)


def test_a_line_without_a_title_is_written_as_words() -> None:
    assert title_of("some_gate") == "Some gate"


def test_a_line_says_what_was_seen_and_what_it_was_held_against() -> None:
    line = GateResult("staleness", "500 s", "120 s", Verdict.DENIED)
    assert describe_line(line) == "Fresh: denied. Seen: 500 s; held against: 120 s."
    assert describe_line(GateResult("halt", "active", "active", Verdict.PASSED)).startswith(
        "No halt: passed."
    )


def test_a_gate_that_was_skipped_says_so() -> None:
    assert describe_line(GateResult("sizing", "", "", Verdict.SKIPPED)) == "Size: not looked at any more."
