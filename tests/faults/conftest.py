"""One house for the whole group; its records and its verdict at the end."""

from collections.abc import Iterator

import pytest

from tests.faults.programme import SEED, short
from tests.faults.stage import Stage

_stage: list[Stage] = []


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The house with a crew for every row."""
    acts = short().values()
    teams = {row: members for act in acts for row, members in act.teams.items()}
    with Stage("short", teams, seed=SEED) as started:
        _stage.append(started)
        yield started
        started.write_report()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the verdict of what was played, as it was written to reports/faults/."""
    for played in _stage:
        terminalreporter.section("the fault matrix, short form: from the venue's own log")
        terminalreporter.write_line(played.said)
