"""The runner of the test groups: one failure fails all, and a hanging group is ended."""

import sys

import pytest

from tests.run_groups import GROUPS, Group, Result, in_rounds, run_group, run_round, table


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_group_passes_when_every_command_does() -> None:
    assert run_group("g", Group((python("pass"), python("pass")), minutes=1)).passed
    assert not run_group("g", Group((python("pass"), python("raise SystemExit(1)")), minutes=1)).passed


def test_a_stuck_group_is_ended_and_failed(capfd: pytest.CaptureFixture[str]) -> None:
    result = run_group("g", Group((python("import time; time.sleep(60)"),), minutes=0.3 / 60))
    assert not result.passed
    assert result.seconds < 20
    assert "Stuck: " in capfd.readouterr().err


def test_the_table_tells_time_limit_and_result() -> None:
    lines = table([Result("unit", True, 61.24, 2), Result("faults", False, 301.0, 5)], 340.0).splitlines()
    assert lines[2].split() == ["unit", "61.2", "s", "120", "s", "passed"]
    assert lines[3].split() == ["faults", "301.0", "s", "300", "s", "FAILED,", "late"]
    assert lines[4].split() == ["all", "340.0", "s"]


def test_static_runs_beside_unit_and_everything_else_alone() -> None:
    assert in_rounds(list(GROUPS)) == [("static", "unit"), ("integration",), ("faults",), ("browser",)]
    assert in_rounds(["browser", "unit"]) == [("unit",), ("browser",)]


def test_what_runs_beside_is_shown_whole_and_can_fail(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    beside = Group((python("print('from beside'); raise SystemExit(1)"),), minutes=1)
    monkeypatch.setitem(GROUPS, "static", beside)
    monkeypatch.setitem(GROUPS, "unit", Group((python("print('from last')"),), minutes=1))
    assert [result.passed for result in run_round(("static", "unit"))] == [False, True]
    told = capfd.readouterr().out
    assert "from beside" in told
    assert "from last" in told
