"""Hostile and mutated messages for the parser: `make faults` reads 100,000, `make test` a sample.

Row 44 of the fault matrix: nothing may raise, spans stay inside the text, prices stay finite and non-negative.
"""

import random
from collections.abc import Iterator

from shared.domain.signals import Signal
from tests.unit.worker.parsing.chatter import NOISE
from tests.unit.worker.parsing.samples import COMMANDS, OPENS, OPTIONS
from worker.parsing.parser import parse_message

LONGEST = 4000
_SAMPLES = [str(row[0]) for table in (OPENS, OPTIONS, COMMANDS, NOISE) for row in table]
# Each unit, repeated, is made against one expression of the tokeniser or the grammar.
_UNITS = (
    "1 ", "1-", "(", "a", "1", "$", "@a", "TP 1 ", "1/2/", "1,111", "BTC ", "SL at TP ", "100c ", "x1", ":a", "<@1", "止损", "1:2:", "Aug 21 ", "a'", "\n",
    "1.", ".1", "1e", "%", "t.me/", "http://", "5x-", "30 pips / ", "SL:", "🎯", "1️⃣", "\u200b", "\u202e", "ا", "Ё", "-", "=", "__", "**", "@ $ ",
)  # fmt: skip
_PIECES = (
    "NaN",
    "1e309",
    "-",
    "999999999999999999",
    "0",
    "\x00",
    "\ud800",
    "SL",
    "TP",
    "BTC/USDT",
    "close",
    "not",
    "?",
    "%",
    "x",
    "½",
    "٣",
    "1,2,3",
)


def hostile_texts(count: int, seed: int) -> Iterator[str]:
    """Yield texts of all kinds, the same for a seed."""
    dice = random.Random(seed)
    makers = (_any_characters, _mutated, _glued, _repeated)
    for number in range(count):
        yield makers[number % len(makers)](dice)


def complaint_about(text: str) -> str:
    """Read a text and return what is wrong with the reading, or nothing."""
    try:
        reading = parse_message(text)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return f"{type(error).__name__}: {error}"
    if not all(0 <= span.start < span.end <= len(text) for span in reading.spans):
        return "a span outside the text"
    if isinstance(reading, Signal):
        levels = [
            *reading.entry,
            *reading.take_profits,
            *([reading.stop_loss] if reading.stop_loss is not None else []),
        ]
        if not all(level.is_finite() and 0 <= level < 10**12 for level in levels):
            return f"an impossible level among {levels}"
    return ""


def _any_characters(dice: random.Random) -> str:
    planes = (
        (32, 127),
        (0x80, 0x2FF),
        (0x400, 0x4FF),
        (0x600, 0x6FF),
        (0x2000, 0x2BFF),
        (0x4E00, 0x4FFF),
        (0x1F300, 0x1FAFF),
        (0, 0x10FFFF),
    )
    low, high = dice.choice(planes)
    return "".join(chr(dice.randint(low, high)) for _ in range(dice.randint(0, 300)))


def _mutated(dice: random.Random) -> str:
    text = list(dice.choice(_SAMPLES))
    for _ in range(dice.randint(1, 8)):
        place = dice.randint(0, len(text))
        kind = dice.randint(0, 2)
        if kind == 0:
            text[place:place] = dice.choice(_PIECES)
        elif kind == 1:
            del text[place : place + dice.randint(1, 5)]
        else:
            text[place : place + 1] = chr(dice.choice((dice.randint(32, 126), dice.randint(0, 0x2FFF))))
    return "".join(text)


def _glued(dice: random.Random) -> str:
    return "".join(dice.choice((*_PIECES, *_UNITS, " ", "\n")) for _ in range(dice.randint(1, 60)))


def _repeated(dice: random.Random) -> str:
    if dice.random() < 0.9:
        return dice.choice(_UNITS) * dice.randint(1, 60)
    text = dice.choice(_UNITS) * LONGEST
    return text[:LONGEST]
