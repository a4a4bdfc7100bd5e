"""How single numbers and words are cut and valued."""

from decimal import Decimal

import pytest

from worker.parsing.tokens import normalise, tokenize


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", "1234.5"), ("1.234,5", "1234.5"), ("86,050", "86050"), ("0,138", "0.138"), ("503,38", "503.38"),
        (".45", "0.45"), ("$3.60", "3.60"), ("162$", "162"), ("65k4", "65400"), ("38K", "38000"), ("42.2k", "42200.0"),
        ("٤٢", "42"), ("１２．５", "12.5"),
    ],
)  # fmt: skip
def test_a_number_is_valued_however_it_is_written(text: str, value: str) -> None:
    assert [token.value for token in tokenize(text)] == [Decimal(value)]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("8/21", ["DATE"]), ("2026-08-21", ["DATE"]), ("13/45", ["NUM", "P", "NUM"]), ("10:45", ["TIME"]), ("#49", ["P"]),
        ("1INCH", ["WORD"]), ("200ema", ["WORD"]), ("$AAPL", ["CASH"]), ("#BTC", ["HASH"]), ("@trader", ["MENTION"]),
        ("<@&123>", ["EMOJI"]), ("https://a.b/c?d=1.5", ["URL"]), (".SPY261218C600", ["OCC"]), ("SL1.31", ["WORD", "NUM"]),
        ("TP1", ["WORD", "NUM"]), ("1e309", ["P"]), ("9" * 60, ["P"]),
    ],
)  # fmt: skip
def test_a_piece_is_cut_into_the_right_kinds(text: str, kinds: list[str]) -> None:
    assert [token.kind for token in tokenize(text)] == kinds


def test_folding_keeps_the_place_of_every_character() -> None:
    plain, places = normalise("a\u200bＢ①…c")
    assert plain == "aB1)...c"
    assert list(places) == [0, 2, 3, 3, 4, 4, 4, 5, 6]
