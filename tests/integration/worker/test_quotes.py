"""Quotes in a real Redis: each environment of a venue has its own, and old ones are not read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from redis import Redis

from shared.brokers.base import Quote
from worker.quotes import QuoteBoard

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def board(redis_url: str) -> Iterator[QuoteBoard]:
    with Redis.from_url(redis_url) as client:
        client.flushdb()
        yield QuoteBoard(client)


def quote(bid: str, *, synthetic: bool = False) -> Quote:
    price = Decimal(bid)
    return Quote("BTC/USDT", price, price + Decimal("0.01"), NOW, synthetic)


def test_what_is_made_up_for_paper_is_never_the_price_of_real_money(board: QuoteBoard) -> None:
    board.put("binance", "live", [quote("65000")])
    board.put("binance", "paper", [quote("100", synthetic=True)])
    board.put("binance", "sandbox", [quote("3")])
    read = {name: board.read("binance", name, ["BTC/USDT"], NOW, 2)["BTC/USDT"] for name in ("live", "paper")}
    assert (read["live"].bid, read["live"].synthetic) == (65000, False)
    assert (read["paper"].bid, read["paper"].synthetic) == (100, True)


def test_a_quote_is_read_up_to_its_age_and_no_longer(board: QuoteBoard) -> None:
    board.put("binance", "live", [quote("65000")])
    assert board.read("binance", "live", ["BTC/USDT", "ETH/USDT"], NOW + timedelta(seconds=2), 2).keys() == {
        "BTC/USDT"
    }
    assert board.read("binance", "live", ["BTC/USDT"], NOW + timedelta(seconds=2.001), 2) == {}
