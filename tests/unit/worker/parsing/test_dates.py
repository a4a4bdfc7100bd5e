"""The dates of contracts, in all the ways desks write them."""

import pytest

from worker.parsing.dates import merge_month_dates, read_date
from worker.parsing.tokens import tokenize


def dates(text: str) -> list[str | None]:
    return [read_date(token.text) for token in merge_month_dates(tokenize(text)) if token.kind == "DATE"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8/21", ["08-21"]), ("8/21/26", ["2026-08-21"]), ("Aug 21", ["08-21"]), ("21 Aug", ["08-21"]), ("dec 18th", ["12-18"]),
        ("18 DEC 26 240 CALL", ["2026-12-18"]), ("DEC 18 26 CALL", ["12-18"]), ("January 15, 2027 $520", ["2027-01-15"]), ("jan 15 2027", ["2027-01-15"]),
        ("4-14 6970C", ["04-14"]), ("4-14 points", []), ("it may 5 times", []), ("13/45", []), ("Feb 31", ["02-31"]),
    ],
)
def test_a_date_is_read_with_its_year_where_one_is_written(text: str, expected: list[str | None]) -> None:
    assert dates(text) == expected
