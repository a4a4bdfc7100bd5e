"""A trade's levels to scale, from stop to last target; profit is always to the right.

Positions are percentages of the drawing's width, so that one drawing fits a phone and a desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from shared.domain.money import HUNDRED, ZERO
from shared.domain.signals import Side
from web.formatting import price as write_price

_MARGIN = Decimal(3)
_PERCENT_PER_CHARACTER = Decimal(2)
"""The width of a label's character on the narrowest phone; wider drawings only leave more air."""


class MarkKind(StrEnum):
    """What a mark on the ladder stands for."""

    STOP = "stop"
    ENTRY = "entry"
    NOW = "now"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Level:
    """One price to be drawn; `is_done` for a target that was filled."""

    kind: MarkKind
    name: str
    price: Decimal
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A level at its place: `x` in percent, `anchor` of its label, `label` empty where there is no room."""

    kind: MarkKind
    name: str
    price: str
    x: Decimal
    anchor: str
    label: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of the ladder, from `x` over `width` percent."""

    x: Decimal
    width: Decimal


@dataclass(frozen=True, slots=True)
class Ladder:
    """A drawing: marks from left to right, the zones of loss and profit, and the way from entry to now."""

    marks: tuple[Mark, ...]
    loss: Zone | None
    profit: Zone | None
    way: Zone | None
    is_gaining: bool
    text: str


def draw_ladder(side: Side, levels: Sequence[Level], decimals: int) -> Ladder | None:
    """Place levels to scale; None where fewer than two prices differ."""
    prices = [level.price for level in levels]
    low, high = min(prices, default=ZERO), max(prices, default=ZERO)
    if low == high:
        return None
    span = HUNDRED - 2 * _MARGIN

    def place(value: Decimal) -> Decimal:
        share = (value - low) / (high - low)
        return (_MARGIN + span * (share if side is Side.BUY else 1 - share)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)

    marks = [
        Mark(level.kind, level.name, write_price(level.price, decimals), x, _anchor(x), "", level.is_done)
        for level in levels
        for x in (place(level.price),)
    ]
    at = {kind: [mark.x for mark in marks if mark.kind is kind] for kind in MarkKind}
    entry = at[MarkKind.ENTRY][0] if at[MarkKind.ENTRY] else None
    now = at[MarkKind.NOW][0] if at[MarkKind.NOW] else None
    return Ladder(
        marks=tuple(sorted(_label(marks), key=lambda mark: mark.x)),
        loss=_zone(at[MarkKind.STOP][0], entry) if at[MarkKind.STOP] and entry is not None else None,
        profit=_zone(entry, max(at[MarkKind.TARGET])) if at[MarkKind.TARGET] and entry is not None else None,
        way=_zone(entry, now) if entry is not None and now is not None else None,
        is_gaining=entry is not None and now is not None and now >= entry,
        text=", ".join(f"{mark.name} {mark.price}" for mark in marks),
    )


def _zone(start: Decimal | None, end: Decimal | None) -> Zone | None:
    if start is None or end is None or start == end:
        return None
    return Zone(min(start, end), abs(end - start))


def _anchor(x: Decimal) -> str:
    if x < 14:
        return "start"
    return "end" if x > 86 else "middle"


def _label(marks: Sequence[Mark]) -> list[Mark]:
    """Write labels where they do not touch: stop, last target, first target, then what still fits."""
    targets = [mark for mark in marks if mark.kind is MarkKind.TARGET]
    below = [mark for mark in marks if mark.kind is MarkKind.STOP]
    below += [targets[-1], *targets[:-1]] if targets else []
    taken: list[tuple[Decimal, Decimal]] = []
    labelled: dict[int, Mark] = {}
    for mark in below:
        start, end = _extent(mark)
        if all(end < other_start or start > other_end for other_start, other_end in taken):
            taken.append((start, end))
            labelled[id(mark)] = replace(mark, label=mark.price)
    # The entry's label stands above the line and has that row to itself.
    return [
        replace(mark, label=mark.price) if mark.kind is MarkKind.ENTRY else labelled.get(id(mark), mark)
        for mark in marks
    ]


def _extent(mark: Mark) -> tuple[Decimal, Decimal]:
    width = _PERCENT_PER_CHARACTER * (len(mark.price) + 1)
    if mark.anchor == "start":
        return mark.x, mark.x + width
    if mark.anchor == "end":
        return mark.x - width, mark.x
    return mark.x - width / 2, mark.x + width / 2
