"""The messages of strangers: no money on their chatter, no wrong instrument, and no fewer read than were read before."""

import json
from pathlib import Path
from typing import Any

import pytest

from worker.parsing.parser import parse_message
from worker.parsing.rows import to_row

FOLDER = Path(__file__).parent / "unseen"
EXACT = {"crypto_forex.jsonl": 103}
FIELDS = ("symbol", "side", "entry", "stop_loss", "take_profits")


def rows(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return (label, reading) of each message."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [(row["expected"], to_row(parse_message(row["text"]))) for row in map(json.loads, lines)]


def opens(row: dict[str, Any]) -> bool:
    return bool(row.get("is_signal")) and row.get("action") == "open"


def same(name: str, wanted: Any, got: Any) -> bool:
    if name == "entry":
        return sorted(wanted or []) == sorted(got or [])
    return (wanted or None) == (got or None)


@pytest.mark.parametrize("name", sorted(EXACT))
def test_chatter_opens_no_trade(name: str) -> None:
    assert [(wanted, got) for wanted, got in rows(name) if opens(got) and not opens(wanted)] == []


@pytest.mark.parametrize("name", sorted(EXACT))
def test_no_trade_is_opened_on_the_wrong_instrument_or_the_wrong_way_round(name: str) -> None:
    both = [(wanted, got) for wanted, got in rows(name) if opens(wanted) and opens(got)]
    assert [pair for pair in both if not all(same(field, pair[0].get(field), pair[1].get(field)) for field in ("symbol", "side"))] == []


@pytest.mark.parametrize("name", sorted(EXACT))
def test_as_many_opens_are_read_exactly_as_ever(name: str) -> None:
    exact = sum(opens(got) and all(same(field, wanted.get(field), got.get(field)) for field in FIELDS) for wanted, got in rows(name) if opens(wanted))
    assert exact >= EXACT[name]
