"""`diff` over stored messages: a version's readings against this parser's, with what each message answered."""

import pytest

from shared.domain.signals import NotASignal
from shared.models.mapping import rows_of, to_row
from shared.models.signals import Signal
from tests.integration.worker.pipeline.driver import Driver
from worker.parsing.__main__ import main
from worker.parsing.version import PARSER_VERSION
from worker.pipeline.ingest import ingest

OPEN = "LONG BTC/USDT\nEntry: market\nStop loss: 10"


def read_as(driver: Driver, content: str, version: str, **stored: object) -> str:
    """Let a message be read, and store another reading of an older parser in its place."""
    row_id = driver.post(content)
    ingest(driver.context, row_id)
    rows_of(Signal).update_one({"row_id": row_id}, {"$set": {"parser_version": version, **stored}})
    return row_id


def test_a_reading_keeps_the_version_that_read_it(driver: Driver) -> None:
    driver.add_provider()
    row_id = driver.post(OPEN)
    ingest(driver.context, row_id)
    stored = rows_of(Signal).find_one({"row_id": row_id})
    assert stored is not None
    assert stored["parser_version"] == PARSER_VERSION


def test_a_change_of_behaviour_is_replayed_over_stored_messages(
    driver: Driver, capsys: pytest.CaptureFixture[str]
) -> None:
    driver.add_provider()
    read_as(driver, "gm everyone", "old")
    missed = read_as(driver, OPEN, "old", signal=None, not_a_signal=to_row(NotASignal("NO_INTENT")))
    assert main(["diff", "old", "current"]) == 1
    answer = capsys.readouterr()
    assert answer.out.startswith(f"{missed}  opens a trade now  is_signal: false → true")
    assert answer.err == "old → current: 1 opens a trade now\n"


def test_a_version_that_reads_the_same_has_no_difference(
    driver: Driver, capsys: pytest.CaptureFixture[str]
) -> None:
    driver.add_provider()
    read_as(driver, OPEN, "old")
    assert main(["diff", "old", "current"]) == 0
    assert capsys.readouterr().err == "old → current: nothing is read differently\n"


def test_a_version_that_nothing_was_read_with_is_told_in_one_line(
    driver: Driver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "unheard-of", "current"]) == 2
    assert capsys.readouterr().err.startswith("diff: unheard-of is neither a file nor a parser version")
