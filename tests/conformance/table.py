"""The table of cards by venues, for people."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from tests.conformance.play import Cell, Outcome

_WORDS = 78
_LEFT, _COLUMN = _WORDS + 12, 16
"""Widths in characters: a table that is piped into a file is as wide as it needs to be."""

_MARKS = {
    Outcome.PASSED: "[green]yes[/]",
    Outcome.NOT_OFFERED: "[yellow]not offered[/]",
    Outcome.FAILED: "[red]FAILED[/]",
}


def show(title: str, columns: Mapping[str, Sequence[Cell]], console: Console | None = None) -> None:
    """Print a line a card and a column a venue; below it, what is not offered and what failed, in words."""
    console = console or Console(width=_LEFT + _COLUMN * len(columns))
    table = Table(title=title, title_justify="left")
    table.add_column("card")
    table.add_column("what holds", no_wrap=True, max_width=_WORDS)
    for name in columns:
        table.add_column(name, no_wrap=True)
    for row in zip(*columns.values(), strict=True):
        said = next((cell.title for cell in row if cell.title), "")
        table.add_row(row[0].card, said, *(_MARKS[cell.outcome] for cell in row))
    console.print(table)
    for name, cells in columns.items():
        for cell in cells:
            if cell.why:
                console.print(f"{name} {cell.card} {cell.outcome}: {cell.why}", markup=False, highlight=False)


def count(columns: Mapping[str, Sequence[Cell]]) -> dict[str, int]:
    """Count the cells by what they say."""
    every = [cell.outcome for cells in columns.values() for cell in cells]
    return {outcome.value.replace(" ", "_"): every.count(outcome) for outcome in Outcome}
