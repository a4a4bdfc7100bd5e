"""Crash points: only on a test database, and a file is one death."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import ConfigurationError, Settings
from worker.failpoints import arm_failpoints, failpoint

LOOPBACK = "mongodb://127.0.0.1:27017"


def settings(folder: Path | str, uri: str) -> Settings:
    """Settings of a process with crash points."""
    return Settings(redis_url="redis://x", mongodb_uri=uri, failpoints=str(folder))


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    """Leave no crash point in force."""
    yield
    arm_failpoints(settings("", f"{LOOPBACK}/test"))


@pytest.mark.parametrize("uri", [f"{LOOPBACK}/trade_executor", "mongodb://db.example.org/test_house"])
def test_crash_points_are_refused_where_money_could_be(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ConfigurationError, match="test database on loopback"):
        arm_failpoints(settings(tmp_path, uri))


def test_a_point_that_nobody_asked_for_is_passed(tmp_path: Path) -> None:
    (tmp_path / "after_send").mkdir()
    arm_failpoints(settings(tmp_path, f"{LOOPBACK}/test_house"))
    passed = []
    for name in ("after_send", "before_claim"):
        failpoint(name)
        passed.append(name)
    assert passed == ["after_send", "before_claim"], "a point that fires would have ended this process"


def test_a_file_is_one_death(tmp_path: Path) -> None:
    death = tmp_path / "after_send" / "1"
    death.parent.mkdir()
    death.touch()
    code = (
        "import sys; from shared.settings import Settings; from worker.failpoints import *;"
        f"arm_failpoints(Settings(redis_url='redis://x', mongodb_uri='{LOOPBACK}/test', failpoints=sys.argv[1]));"
        "failpoint('after_send')"
    )
    ended = [
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode for _ in "12"
    ]
    assert ended == [-9, 0]
    assert not death.exists()
    assert [fired.name for fired in (tmp_path / "fired").iterdir()] == ["after_send.1"]
