"""Reads the dates of contracts: `8/21`, `Aug 21`, `18 DEC 26`, `Jan 15, 2027`, `4-14` before a strike."""

import re

from worker.parsing.tokens import Token

MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        start=1,
    )
    for name in names.split()
}
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)$")
_YEAR = re.compile(r"20[2-4]\d")
_SHORT_YEAR = re.compile(r"[23]\d")
_WORDS_TOO = frozenset({"may", "mar"})
"""Months whose names in lower case are words, too."""


def merge_month_dates(tokens: list[Token]) -> list[Token]:
    """Return the tokens with `Aug 21` and `21 Aug`, and `8-21` before a strike, read as the date 8/21."""
    merged: list[Token] = []
    index = 0
    while index < len(tokens):
        dashed = _dashed_date(tokens[index : index + 4])
        if dashed is not None:
            merged.append(dashed)
            index += 3
            continue
        pair = tokens[index : index + 2]
        date = _month_date(pair) if len(pair) == 2 else None
        merged.append(date or tokens[index])
        index += 2 if date else 1
        if date is not None:
            index += _take_year(date, tokens[index - 2], tokens[index : index + 3])
    return merged


def _take_year(date: Token, first: Token, following: list[Token]) -> int:
    """Add the year that follows (`Jan 15, 2027`, `18 DEC 26`) to a date; return how many tokens it took.

    After `DEC 26` a short number is a price or a strike, after `18 DEC` it is the year.
    """
    comma = bool(following) and following[0].key == ","
    year = following[1 if comma else 0] if len(following) > comma else None
    if year is None:
        return 0
    short = not comma and first.kind == "NUM" and _SHORT_YEAR.fullmatch(year.text)
    if not _YEAR.fullmatch(year.text) and not short:
        return 0
    date.text = f"{date.text}/{year.text}"
    date.end = year.end
    return 2 if comma else 1


def _dashed_date(tokens: list[Token]) -> Token | None:
    """Read `4-14` right before a strike as a date."""
    if len(tokens) < 4 or tokens[1].key != "-" or not (tokens[1].glued and tokens[2].glued):
        return None
    month, _, day, strike = tokens
    digits = month.text.isdigit() and day.text.isdigit() and len(month.text) <= 2 and len(day.text) <= 2
    if not digits or strike.unit not in {"c", "p"}:
        return None
    text = f"{month.text}/{day.text}"
    if read_date(text) is None:
        return None
    return Token("DATE", text, text, month.start, day.end, tag="DATE")


def _month_date(pair: list[Token]) -> Token | None:
    for word, number in (pair, reversed(pair)):
        day_text = _ORDINAL.sub("", number.key) if number.kind in {"NUM", "WORD"} else ""
        if (
            word.kind != "WORD"
            or (word.text.islower() and word.key in _WORDS_TOO)
            or not (day_text.isdecimal() and len(day_text) <= 2)
        ):
            continue
        month, day = MONTHS.get(word.key), int(day_text)
        if month is not None and 1 <= day <= 31:
            text = f"{month}/{day}"
            return Token(
                "DATE", text, text, min(word.start, number.start), max(word.end, number.end), tag="DATE"
            )
    return None


def read_date(text: str) -> str | None:
    """Read an American date; ISO when the year is written, else `MM-DD`."""
    parts = re.split(r"[/.-]", text)
    if len(parts[0]) == 4:
        return text
    if "." in text and len(parts) == 3:
        parts[0], parts[1] = parts[1], parts[0]
    month, day = int(parts[0]), int(parts[1])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if len(parts) == 2:
        return f"{month:02d}-{day:02d}"
    year = parts[2] if len(parts[2]) == 4 else f"20{parts[2]}"
    return f"{year}-{month:02d}-{day:02d}"
