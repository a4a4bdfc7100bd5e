"""The messages of strangers: no money on their chatter, no wrong instrument, and no fewer read than were read before."""

from functools import cache
from pathlib import Path

import pytest

from tests.learning.figures import Figures, judge, total
from tests.learning.rows import UNSEEN, read_labelled
from worker.parsing.parser import parse_message
from worker.parsing.rows import to_row

# File: opens and updates read exactly, messages that ask for nothing and were left alone; none may become fewer.
LEAST = {"crypto_forex.jsonl": (103, 0, 30), "crypto_forex_2.jsonl": (85, 14, 22), "stocks_options.jsonl": (71, 20, 28), "updates_chatter.jsonl": (13, 53, 84)}


@cache
def figures(name: str) -> Figures:
    """Return the figures of a set."""
    return total(judge(row, to_row(parse_message(row.text))) for row in read_labelled(UNSEEN / name))


def test_every_set_of_strangers_has_its_floor() -> None:
    assert {path.name for path in Path(UNSEEN).glob("*.jsonl")} == set(LEAST)


@pytest.mark.parametrize("name", sorted(LEAST))
def test_chatter_opens_no_trade(name: str) -> None:
    assert figures(name).false_trades == 0


@pytest.mark.parametrize("name", sorted(LEAST))
def test_no_trade_is_opened_on_the_wrong_instrument_or_the_wrong_way_round(name: str) -> None:
    assert figures(name).wrong == 0


@pytest.mark.parametrize("name", sorted(LEAST))
def test_as_many_messages_are_read_exactly_as_ever(name: str) -> None:
    found = figures(name)
    opens, updates, ignored = LEAST[name]
    assert (found.exact >= opens, found.updates_exact >= updates, found.ignored >= ignored) == (True, True, True)
