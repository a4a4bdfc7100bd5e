"""The Procfile's grammar and the pause before a dead process comes back."""

import pytest

from shared.local import PROJECT
from shared.processes import ProcfileError, describe_status, next_delay, parse_procfile


def test_a_procfile_gives_names_and_commands_in_order() -> None:
    text = "# comment\n\nweb: python -m web --port=1:2\n  bot :  python -m bot  \n"
    assert list(parse_procfile(text).items()) == [
        ("web", "python -m web --port=1:2"),
        ("bot", "python -m bot"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("web python", "line 1: expected `name: command`"),
        ("web:", "line 1: expected `name: command`"),
        ("a: x\na: y", "line 2: a is there already"),
        ('a: echo "x', "line 1: No closing quotation"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ProcfileError, match=complaint):
        parse_procfile(text)


def test_our_procfile_gives_each_queue_a_process_of_its_own() -> None:
    queues = [
        words[words.index("-Q") + 1]
        for command in parse_procfile((PROJECT / "Procfile").read_text()).values()
        if "-Q" in (words := command.split())
    ]
    expected = ["signals", "orders", "exits", "reconcile", "prices", "sync", "notify", "analytics"]
    assert queues == expected


def test_the_pause_doubles_to_ten_seconds_and_a_settled_life_begins_anew() -> None:
    pauses, pause = [], 0.0
    for _ in range(7):
        pause = next_delay(pause, lived_seconds=1)
        pauses.append(pause)
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10]
    assert next_delay(10, lived_seconds=29.9) == 10
    assert next_delay(10, lived_seconds=30) == 0.5


def test_an_end_is_told_by_status_or_by_the_signal_s_name() -> None:
    assert describe_status(3) == "status 3"
    assert describe_status(-9) == "SIGKILL"
