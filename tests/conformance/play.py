"""Plays cards one after the other and keeps what came of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.errors import TradeError
from tests.conformance.cards import Card, title_of
from tests.conformance.desk import Desk, NotOfferedError


class Outcome(StrEnum):
    """What a cell of the table says."""

    PASSED = "passed"
    NOT_OFFERED = "not offered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Cell:
    """One card at one venue; `why` is the venue's reason, or what went wrong."""

    card: str
    title: str
    outcome: Outcome
    why: str = ""


async def play(
    desk: Desk, cards: Mapping[str, Card], tell: Callable[[Cell], None] = lambda cell: None
) -> list[Cell]:
    """Play every card, whatever became of those before it, and leave nothing resting; `tell` hears each at once."""
    cells = []
    for name, card in cards.items():
        cell = await _play_one(desk, name, card)
        tell(cell)
        cells.append(cell)
    return cells


async def _play_one(desk: Desk, name: str, card: Card) -> Cell:
    outcome, why = Outcome.PASSED, ""
    try:
        await card(desk)
    except NotOfferedError as error:
        outcome, why = Outcome.NOT_OFFERED, str(error)
    except (AssertionError, TradeError, TimeoutError) as error:
        outcome, why = Outcome.FAILED, f"{type(error).__name__}: {error}"
    try:
        await desk.tidy_up()
        desk.placed.clear()
    except TradeError as error:
        outcome, why = Outcome.FAILED, f"{why} something may still rest at the venue: {error}".strip()
    return Cell(name, title_of(card), outcome, why)
