"""The list of US stocks: where it comes from, what it decides, and that it cannot be spoilt by a failed refresh."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from shared.domain.signals import NotASignal
from worker.parsing.listing import FEWEST, US_INDICES, read_listing, to_listing
from worker.parsing.parser import parse_message
from worker.parsing.refresh import MODULE, NoListing, listing_of_wheel, refresh


def indices(*companies: tuple[str, str], filler: int = FEWEST) -> dict[str, Any]:
    """Return the package's form of an index list, with enough other companies."""
    others = [(f"{chr(65 + i // 26 // 26)}{chr(65 + i // 26 % 26)}{chr(65 + i % 26)}Q", f"Filler {i}") for i in range(filler)]
    rows = [{"symbol": symbol, "name": name} for symbol, name in [*others, *companies]]
    return {US_INDICES[0]: {"name": US_INDICES[0], "companies": rows}, "DAX": {"companies": [{"symbol": "SAP", "name": "SAP SE"}]}}


def test_the_stored_list_holds_the_large_indices_in_order() -> None:
    tickers, names = read_listing()
    assert {"AAPL", "F", "IT", "ALL", "KO"} <= tickers
    assert len(tickers) >= FEWEST
    assert names["agilent"] == "A"


def test_a_listing_names_a_company_only_by_a_word_of_its_own() -> None:
    text = to_listing(indices(("PLTR", "Palantir Technologies Inc."), ("V", "Visa Inc."), ("ABC", "Two Words Inc."), ("XAA", "Twin Corp"), ("XAB", "Twin Group")))
    assert "PLTR\tpalantir\n" in text
    assert {"V\n", "ABC\n", "XAA\n", "XAB\n"} <= set(text.splitlines(keepends=True))
    assert "SAP" not in text


def test_a_package_that_has_changed_its_form_is_refused() -> None:
    with pytest.raises(ValueError, match="only 3 US stocks"):
        to_listing(indices(filler=3))
    with pytest.raises(ValueError, match="only 0 US stocks"):
        to_listing({"S&P 500": {"companies": [{"ticker": "AAPL"}]}})


@pytest.mark.parametrize("content", [None, "INDICES = 1\n", "this is no python", "OTHER = {}\n"])
def test_a_wheel_without_a_readable_list_is_refused_with_a_reason(tmp_path: Path, content: str | None) -> None:
    wheel = tmp_path / "some.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other.txt", "")
        if content is not None:
            archive.writestr(MODULE, content)
    with pytest.raises(NoListing, match=r"some\.whl holds no list that we can read"):
        listing_of_wheel(wheel)


def test_a_refresh_without_a_network_says_so_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PIP_INDEX_URL", "http://127.0.0.1:9/simple"), ("PIP_EXTRA_INDEX_URL", ""), ("PIP_FIND_LINKS", ""), ("PIP_CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(name, value)
    stored = tmp_path / "us_stocks.tsv"
    stored.write_text("AAPL\n", encoding="utf-8")
    with pytest.raises(NoListing, match="needs a network"):
        refresh(stored)
    assert stored.read_text(encoding="utf-8") == "AAPL\n"


@pytest.mark.parametrize(
    ("text", "symbol"),
    [("Long $A 118.20, stop 115, target 126", "A"), ("BUY F @ 11.20 stop 10.80 target 12.40", "F"), ("Long $ALL 190.5 stop 186 target 200", "ALL"),
     ("Buy $IT 510 stop 495 target 540", "IT"), ("Long agilent 118.20, stop 115, target 126", "A"), ("Long BTC 60000 sl 59000 tp 62000", "BTC/USDT")],
)
def test_short_names_are_decided_by_mark_and_place(text: str, symbol: str) -> None:
    assert parse_message(text).symbol == symbol


@pytest.mark.parametrize("text", ["It all comes up again, be safe", "THE TEAM IS SAFE AND ALL IS WELL", "a C or an F at school", "what is IT doing UP there"])
def test_words_that_are_tickers_too_open_nothing_in_chatter(text: str) -> None:
    assert isinstance(parse_message(text), NotASignal)
