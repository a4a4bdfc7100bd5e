"""The demo's table: one row per message with its reason, on a wide and on a narrow terminal."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from tests.demo.steps import PASSED
from tests.demo.table import Line, describe_reading, print_table, shorten

NAMES = ("Anna", "Bert")
LINE = Line(
    number=3,
    room="room",
    message="SHORT ZEC/USDT Entry 28.63 SL 29.21 TP 27.78",
    read_as="sell ZEC/USDT",
    status="done",
    sentence="paper cannot sell ZEC/USDT short for this account.",
    receipts={"Anna": "SHORT_NOT_POSSIBLE", "Bert": PASSED},
    orders="2: 1 filled, 1 resting",
    fills="1 at 28.6",
)


def printed(width: int, *lines: Line) -> str:
    out = io.StringIO()
    print_table(Console(file=out, width=width), lines, NAMES)
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 100, 180, 240])
def test_every_part_is_there_and_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = printed(width, LINE)
    assert max(map(len, text.splitlines())) <= width
    flat = " ".join(text.replace("│", " ").split())
    for part in ("ZEC/USDT Entry 28.63", "sell ZEC/USDT", "short not", "✓", "1 filled", "1 at 28.6"):
        assert part in flat


def test_a_long_message_stays_on_one_line_of_a_narrow_terminal() -> None:
    text = printed(80, replace(LINE, message="x" * 300))
    assert text.splitlines()[0].startswith("  3 x")
    assert len(text.splitlines()[0]) <= 80


def test_what_a_stranger_wrote_cannot_move_the_cursor() -> None:
    assert shorten("a\x00b\x1b[2Jc\u202ed\n\ne") == "a b [2Jc d e"
    assert shorten("y" * 61) == "y" * 59 + "…"


def test_square_brackets_in_a_message_are_text_and_no_markup() -> None:
    assert "[red]LONG[/red]" in printed(180, replace(LINE, message="[red]LONG[/red] BTC"))


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({"action": "open", "side": "buy", "symbol": "BTC/USDT", "update_kind": None}, "buy BTC/USDT"),
        ({"action": "close", "side": None, "symbol": "F", "update_kind": "close_all"}, "close_all F"),
        ({"action": "update", "side": None, "symbol": None, "update_kind": "move_stop"}, "move_stop"),
    ],
)
def test_a_reading_is_told_in_two_words(reading: dict[str, str | None], said: str) -> None:
    assert describe_reading({"signal": reading}) == said
    assert describe_reading({"signal": None}) == ""
