"""A sample of the fuzz: `make faults` reads 100,000 such messages."""

import pytest

from tests.faults.fuzz import complaint_about, hostile_texts

SAMPLE = 1500


@pytest.mark.parametrize("seed", [1, 2])
def test_no_hostile_message_breaks_the_parser(seed: int) -> None:
    found = [(text, complaint) for text in hostile_texts(SAMPLE, seed) if (complaint := complaint_about(text))]
    assert found == []
