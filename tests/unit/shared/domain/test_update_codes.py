"""Every code that an update can come to is a sentence for its follower."""

import re
from pathlib import Path

import pytest

from shared.domain.update_codes import CARRIED_OUT, has_sentence, sentence_of

ROOT = Path(__file__).parents[4]
RULES = ("updates", "parked", "stop_moves")
CODES = {
    code
    for name in RULES
    for code in re.findall(
        r'"([A-Z]+(?:_[A-Z]+)+|PARKED|HALT)"', (ROOT / f"shared/domain/{name}.py").read_text()
    )
} - {"PROVIDER_CLOSED"}


def test_the_rules_name_codes_at_all():
    assert {"STOP_WOULD_WIDEN", "NOTHING_HELD", "PARKED", "HALT", "ALREADY_OVER"} <= CODES


@pytest.mark.parametrize("code", sorted(CODES | CARRIED_OUT))
def test_each_code_has_a_sentence_of_its_own(code: str):
    assert has_sentence(code)
    assert sentence_of(code).endswith(".")


def test_an_unknown_code_is_shown_as_it_is():
    assert sentence_of("STRANGE") == "STRANGE"
