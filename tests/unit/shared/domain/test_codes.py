"""The table of codes: every sentence is one, and what is not in it can still be read."""

import subprocess
import sys

from shared.domain.codes import CODES, GROUPS, Actor, sentence_of, to_markdown
from shared.local import PROJECT


def test_every_code_has_a_whole_sentence_and_somebody_who_acts() -> None:
    assert len(CODES) > 100
    for code in CODES.values():
        assert code.code == code.code.upper()
        assert code.sentence[0].isupper(), code
        assert code.sentence.endswith("."), code
        assert code.actor in Actor
        assert not code.ending.endswith("."), code


def test_a_code_says_its_sentence_and_an_unknown_one_its_words() -> None:
    assert sentence_of("BOT_NOT_ACTIVE") == "The bot was paused or stopped meanwhile."
    assert sentence_of("SOMETHING_NEW") == "Something new."


def test_an_end_of_a_trade_is_told_in_few_words() -> None:
    assert CODES["STOP_HIT"].ending == "closed at its stop"
    assert CODES["STALE"].ending == ""


def test_the_document_lists_every_group_and_every_code() -> None:
    text = to_markdown()
    assert all(f"## {title}\n" in text for title in GROUPS)
    assert text.count("\n| ") == len(CODES) + len(GROUPS)


def test_the_table_can_be_printed() -> None:
    command = [sys.executable, "-m", "shared.domain.codes"]
    printed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60)
    assert printed.stdout == to_markdown()
