"""The page about venues is the rows': nothing in it is written by hand, and no venue is missing."""

from pathlib import Path

from shared.brokers.catalogue import VENUES
from shared.brokers.describe import to_markdown

PAGE = Path(__file__).resolve().parents[4] / "docs" / "venues.md"


def test_the_documents_page_is_the_programs() -> None:
    assert PAGE.read_text(encoding="utf-8") == to_markdown(), "python -m shared.brokers.describe > docs/venues.md"


def test_every_venue_and_what_it_trades_is_told() -> None:
    lines = to_markdown().splitlines()
    for venue in VENUES.values():
        own = [line for line in lines if line.startswith(f"| {venue.title} |")]
        assert all(any(str(row.asset_class) in line for line in own) for row in venue.rows)


def test_the_worst_detection_time_grows_with_the_accounts_behind_one_address() -> None:
    [row] = [line for line in to_markdown().splitlines() if line.startswith("| Binance | address |")]
    assert row == "| Binance | address | 6,000 | 20.0 s | 200.0 s | 2000.0 s |"
