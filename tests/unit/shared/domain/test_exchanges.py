"""Exchanges are known by their codes, and one that nobody knows is told with what comes near it."""

import pytest
from exchange_calendars import get_calendar_names

from shared.domain.exchanges import EXCHANGES, read_exchange


def test_the_codes_are_those_that_have_a_calendar() -> None:
    listed = {name for name in get_calendar_names(include_aliases=False) if name.isalpha() and name.isupper()}
    assert listed == EXCHANGES


@pytest.mark.parametrize(
    ("text", "code"), [("xnys", "XNYS"), (" XLON ", "XLON"), ("nasdaq", "XNYS"), ("XNAS", "XNYS"), ("", "")]
)
def test_codes_and_everyday_names_are_read(text: str, code: str) -> None:
    assert read_exchange(text) == code


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("XNYX", "near it: XNYS"),
        ("XETX", "XETR"),
        ("New York", "examples: XNYS, XLON, XETR"),
        ("ABCD", "is no exchange's code"),
    ],
)
def test_one_that_has_no_calendar_is_refused_with_what_comes_near(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_exchange(text)
