"""Runs the numbered contract cards at the emulated venues, and keeps which passed where."""

import re
from collections import defaultdict
from collections.abc import Sequence

import pytest

from tests.conformance.play import Cell, Outcome
from tests.integration.brokers.offered import why_not

STAGES: dict[str, tuple[str, ...]] = {
    "paper": ("paper",),
    "testvenue": ("http",),
    "binance": ("binance",),
    "binance_futures": ("futures",),
    "alpaca": ("whole", "fraction", "crypto", "option"),
    "coinbase": ("coinbase",),
    "kucoin": ("kucoin",),
}
"""The stages of each venue in the contract tests."""

CARDS = tuple(f"b{number:02d}" for number in range(1, 26))
_COMMON = "test_contract.py"
"""Where a card stands as most venues hold it."""

_FOLDER = "tests/integration/brokers"
_CARD = re.compile(r"::test_(b\d\d)_(\w+)\[(\w+)")


class _Collector:
    """A pytest plug-in that hears how each card ended."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.heard: dict[tuple[str, str], list[pytest.TestReport]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = _CARD.search(report.nodeid)
        if found is not None and (report.when == "call" or report.failed):
            title = found[2].replace("_", " ")
            if _COMMON in report.nodeid or found[1] not in self.titles:
                self.titles[found[1]] = title
            self.heard[found[3], found[1]].append(report)


def run_contract(stages: Sequence[str]) -> dict[str, list[Cell]]:
    """Run the cards of some stages; returns a cell a card for each stage, in order."""
    collector = _Collector()
    wanted = " or ".join(f"[{stage}" for stage in stages)
    chosen = f"test_b and ({wanted})".replace("[", "")
    pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", _FOLDER, "-k", chosen], plugins=[collector])
    return {stage: [_cell(collector, stage, card) for card in CARDS] for stage in stages}


def _cell(collector: _Collector, stage: str, card: str) -> Cell:
    title = collector.titles.get(card, "")
    heard = collector.heard.get((stage, card), [])
    reason = why_not(stage, card)
    failed = [report for report in heard if report.failed]
    if failed:
        return Cell(card, title, Outcome.FAILED, failed[0].longreprtext.splitlines()[-1])
    if reason:
        return Cell(card, title, Outcome.NOT_OFFERED, reason)
    if not heard:
        return Cell(card, title, Outcome.FAILED, "the card was not played, and no reason is told")
    return Cell(card, title, Outcome.PASSED)
