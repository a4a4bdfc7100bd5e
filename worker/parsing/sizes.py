"""How large and how levered: ranges around a figure, and shares of the usual size."""

import itertools
from decimal import Decimal

from worker.parsing.closes import FRACTIONS
from worker.parsing.grammar import number_of
from worker.parsing.tokens import Token

MAX_LEVERAGE = Decimal(200)
_POSITIONS = frozenset({"position", "pos", "positions"})
_BETWEEN = frozenset({"-", "/", "~", "to", "до", "bis", "à", "至", "到"})


def range_around(tokens: list[Token], figure: Token) -> tuple[Decimal, ...]:
    """Return (lowest, highest) of the figures joined to this one (`5x - 10x`, `2-5%`), or nothing if it stands alone."""
    place = next(index for index, token in enumerate(tokens) if token.start == figure.start)
    values = [number_of(figure)]
    for step in (-1, 1):
        index = place
        while (following := _joined(tokens, index, step, figure)) is not None:
            index = following
            values.append(number_of(tokens[index]))
    low, high = min(values), max(values)
    return (low, high) if low < high else ()


def size_fraction(tokens: list[Token]) -> Token | None:
    """Return the token of `1/2 size`, `half position`: a share of the usual size."""
    for token, following in itertools.pairwise(tokens):
        if (following.tag == "SIZE" or following.key in _POSITIONS) and fraction_of(token) is not None:
            return token
    return None


def fraction_of(token: Token) -> Decimal | None:
    """Return the share that a token names, if it names one."""
    if token.text in FRACTIONS:
        return FRACTIONS[token.text]
    return Decimal("0.5") if "HALF" in token.cues else None


def _joined(tokens: list[Token], index: int, step: int, figure: Token) -> int | None:
    """Return the index of the next figure in one direction, over at most one joiner."""
    for distance in (1, 2):
        place = index + step * distance
        if not 0 <= place < len(tokens):
            return None
        token = tokens[place]
        if token.kind == "NUM":
            alike = token.unit == figure.unit or (distance == 2 and "" in {token.unit, figure.unit})
            return place if alike and not token.currency and 0 < number_of(token) <= MAX_LEVERAGE else None
        if token.key not in _BETWEEN and not {"TO"} & set(token.cues):
            return None
    return None
