"""Gives a role to numbers whose label nobody knows, by where they lie beside the entry.

A provider's own word (`Goals`, `Cut`, a flag of its own) says less than the order of the prices: what lies on the
winning side of the entry is a target, one price alone on the losing side is the stop. Only numbers that are laid
out as levels are read so, and only where the message names an entry and a side; a sentence is left alone.
"""

from decimal import Decimal

from shared.domain.signals import Side
from worker.parsing.fields import Fields
from worker.parsing.grammar import number_of
from worker.parsing.tokens import Token

# `Cut 0.79` says where to get out, `Closed 0.84` where it was done.
_ORDERING = frozenset({"cut", "exit", "close", "out"})
FARTHEST = Decimal(4)
LONGEST_LABEL = 4
_LABEL_TAGS = frozenset({"W", "ORD", "COL", "JOIN", "CLOSE"})
_TALKING = frozenset({"PLAN", "WATCH", "NEG", "QUESTION", "NEWS", "RECAP", "PAST", "HIT", "STOPPED", "FILLED", "PROGRESS", "HOLD", "RESULT", "MOVE"})  # fmt: skip


def settle_roles(fields: Fields, tokens: list[Token]) -> None:
    """Take loose numbers for targets and stop where the entry and the layout leave no doubt."""
    entry = fields.labelled or fields.beside_side or fields.at or fields.now_price
    side = _side(fields)
    if not entry or side is None or (fields.has_stop and fields.has_targets):
        return
    prices = [number_of(token) for token in entry]
    low, high = min(prices), max(prices)
    targets: list[Token] = []
    stops: list[Token] = []
    for numbers in fields.loose:
        if not _is_laid_out(tokens, numbers):
            continue
        values = [number_of(token) for token in numbers]
        if not all(low / FARTHEST <= value <= high * FARTHEST for value in values):
            continue
        if all(_wins(value, low, high, side) for value in values):
            targets.extend(numbers)
        elif len(values) == 1 and _wins(values[0], low, high, side.opposite):
            stops.append(numbers[0])
    if targets and not fields.has_targets:
        fields.targets.extend(targets)
    if len(stops) == 1 and not fields.has_stop and not fields.no_stop:
        fields.stop = stops[0]


def _side(fields: Fields) -> Side | None:
    named = {side for side, _ in fields.sides}
    return named.pop() if len(named) == 1 else None


def _wins(price: Decimal, low: Decimal, high: Decimal, side: Side) -> bool:
    return price > high if side is Side.BUY else price < low


def _is_laid_out(tokens: list[Token], numbers: tuple[Token, ...]) -> bool:
    """A level stands at the end of a line that begins with it, or with a short label, a sign or a place."""
    first = next(index for index, token in enumerate(tokens) if token.start == numbers[0].start)
    last = next(index for index, token in enumerate(tokens) if token.start == numbers[-1].start)
    start = first
    while start > 0 and tokens[start - 1].tag != "NL":
        start -= 1
    if start == 0:
        return False
    label = tokens[start:first]
    if any("CLOSE" in token.cues and token.key not in _ORDERING for token in label):
        return False
    if any(token.tag not in _LABEL_TAGS or _TALKING & set(token.cues) for token in label):
        return False
    if sum(token.kind == "WORD" for token in label) > LONGEST_LABEL:
        return False
    return _ends_line(tokens, last + 1)


def _ends_line(tokens: list[Token], place: int) -> bool:
    """Only signs, and a percentage or a remark in parentheses, may follow a level on its line."""
    for token in tokens[place:]:
        if token.tag == "NL":
            return True
        if token.tag not in {"W", "PCT", "JOIN", "IGN", "MULT"} or (
            token.kind == "WORD" and token.key not in {"$", "usdt", "usd"}
        ):
            return False
    return True
