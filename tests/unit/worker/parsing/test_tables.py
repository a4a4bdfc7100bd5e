"""A table of one order becomes a line for each column, and nothing else does."""

import pytest

from worker.parsing.tables import unfold_table
from worker.parsing.tokens import tokenize

TABLE = "New\n| Ticker | Entry | SL |\n|---|---|---|\n| SOFI | 27.15 | 25.90 |\nnfa"


def written(text: str) -> str:
    return " ".join(token.text for token in unfold_table(tokenize(text)))


def test_header_and_cell_stand_on_one_line() -> None:
    assert written(TABLE) == "New \n Ticker SOFI \n Entry 27.15 \n SL 25.90 \n nfa"


def test_the_words_keep_their_places_in_the_message() -> None:
    for token in unfold_table(tokenize(TABLE)):
        if token.kind != "NL":
            assert TABLE[token.start : token.end] == token.text


@pytest.mark.parametrize(
    "text",
    ["ETH | Stops moved to BE | by Ann", "Entry 1 | 2 | 3\nSL 0.9 | 0.8 | 0.7", "| A | B | C |\n| 1 | 2 |", TABLE.replace("\nnfa", "\n| HOOD | 98 | 95 |"),
     "| | | | |\n| | | | |", "|" * 50, "|\n" * 50],
)
def test_what_is_no_table_of_one_order_stays_as_it_is(text: str) -> None:
    assert written(text) == " ".join(token.text for token in tokenize(text))
