"""A stored quote is read whole or not at all."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.signals import Side
from web.dashboard.quotes import parse_price

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
GOOD = {"bid": "67250.10", "ask": "67250.30", "at": NOON.isoformat(), "synthetic": True}


def test_a_long_leaves_at_the_bid_and_a_short_at_the_ask() -> None:
    price = parse_price(json.dumps(GOOD))
    assert price is not None
    assert price.to_leave(Side.BUY) == Decimal("67250.10")
    assert price.to_leave(Side.SELL) == Decimal("67250.30")
    assert price.synthetic


def test_a_price_grows_old() -> None:
    price = parse_price(json.dumps(GOOD))
    assert price is not None
    assert not price.is_stale(NOON + timedelta(seconds=15))
    assert price.is_stale(NOON + timedelta(seconds=16))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{}",
        "[]",
        "null",
        "7",
        json.dumps({**GOOD, "bid": "NaN"}),
        json.dumps({**GOOD, "at": "yesterday"}),
    ],
)
def test_a_quote_that_cannot_be_read_is_no_price(text: str | None) -> None:
    assert parse_price(text) is None
