"""Answers of commands: JSON lines for programs, a table or a sentence for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.domain.money import to_plain

_PIPED_WIDTH = 220
_CELL_CHARACTERS = 80


def show_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str
) -> None:
    """Write rows: whole as JSON lines, or `columns` of them as a table, or the sentence `empty`."""
    if as_json:
        for row in rows:
            write_json(row)
        return
    table = Table(*columns, show_edge=False, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_cell(row.get(name))) for name in columns))
    if not table.row_count:
        click.echo(empty)
        return
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(table)


def show_lines(lines: Iterable[str]) -> None:
    """Write sentences for people, one a line; what a stranger wrote in them cannot move the cursor."""
    for line in lines:
        click.echo("".join(c if c.isprintable() or c == "\n" else " " for c in line))


def show_done(row: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    """Tell what was done: as one JSON object, or in a sentence."""
    if as_json:
        write_json(row)
    else:
        click.echo(sentence)


def write_json(row: Mapping[str, Any]) -> None:
    """Write one object on a line of its own, at once."""
    sys.stdout.write(json.dumps(plain(row)) + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """Turn a value into what JSON has: decimals and times become text, dataclasses objects."""
    if isinstance(value, Decimal):
        return to_plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [plain(item) for item in value]
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    text = plain(value)
    text = text if isinstance(text, str) else json.dumps(text)
    # What a stranger wrote must not move the operator's cursor.
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= _CELL_CHARACTERS else text[: _CELL_CHARACTERS - 1] + "…"
