"""One house for the whole group, and its table of recovery times at the end."""

from collections.abc import Iterator

import pytest

from tests.faults.programme import CREWS
from tests.faults.stage import Stage

_stage: list[Stage] = []


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The house with a crew for every scenario."""
    with Stage(CREWS) as started:
        _stage.append(started)
        yield started


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured and keep it under reports/faults/."""
    for played in _stage:
        terminalreporter.section("seconds from the last restart, and counts from the venue's own log")
        terminalreporter.write_line(played.table())
        terminalreporter.write_line(f"kept in {played.write_report('test')}")
