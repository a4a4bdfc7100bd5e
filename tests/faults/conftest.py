"""One house for the whole group; its records and its verdict at the end."""

from collections.abc import Iterator

import pytest

from tests.faults.programme import LAST, SEED, begin_writes, short
from tests.faults.stage import Stage

_stage: list[Stage] = []


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The house with a crew for every row."""
    acts = short().values()
    teams = {row: members for act in acts for row, members in act.teams.items()}
    with Stage("short", teams, seed=SEED) as started:
        _stage.append(started)
        begin_writes(started)
        yield started
        started.write_report()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Play last what waits for the doubts of the venues, and judge the records after it."""
    items.sort(key=lambda item: (f"[{LAST}]" in item.name, "what_was_written_down" in item.name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the verdict of what was played, as it was written to reports/faults/."""
    for played in _stage:
        terminalreporter.section("the fault matrix, short form: from the venue's own log")
        terminalreporter.write_line(played.said)
