"""`make conformance`: with a key it plays at the venue's own sandbox, says what failed, and never touches live money."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.local import PROJECT
from tests.emulators.venue.control import VenueProcess
from tests.house.environment import clean_environment, generate_settings

KEY = {"api_key": "own-key", "secret": "own-secret"}


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    process = VenueProcess(tmp_path_factory.mktemp("venue"))
    process.start()
    process.control.create_account("own-key", "own-secret", USDT="10000")
    yield process
    process.stop()


def conformance(venue: VenueProcess, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run it as a user does who keeps a venue outside the tree."""
    own = {
        "REDIS_URL": "redis://127.0.0.1:1",
        "MONGODB_URI": "mongodb://127.0.0.1:1/none",
        "VENUE_ADAPTERS": "tests.emulators.venue.adapter",
        "VENUE_URL_TESTVENUE_SANDBOX": venue.url,
    }
    env = {**clean_environment(), **generate_settings(), **own, **settings}
    command = [sys.executable, "-m", "tests.conformance", *arguments]
    return subprocess.run(command, env=env, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_a_venue_from_outside_the_tree_is_played_with_the_users_key(
    venue: VenueProcess, tmp_path: Path
) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(KEY))
    done = conformance(venue, "--venue", "testvenue", "--credentials-file", str(file), "--symbol", "BTC/USDT")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures == {"venues": ["testvenue"], "passed": 13, "not_offered": 1, "failed": 0}
    assert "own-secret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "key", "said"),
    [
        (("--venue", "testvenue", "--symbol", "NONE/USDT"), KEY, "lists no NONE/USDT"),
        (("--venue", "nowhere", "--symbol", "BTC/USDT"), KEY, "nowhere"),
        (("--venue", "testvenue", "--symbol", "BTC/USDT"), {"password": "x"}, "holds no key"),
        (("--venue", "paper", "--symbol", "BTC/USDT"), KEY, "has no sandbox of its own"),
        (("--venue", "testvenue"), KEY, "--symbol"),
    ],
)
def test_what_cannot_be_played_is_told_in_a_line(
    venue: VenueProcess, tmp_path: Path, arguments: tuple[str, ...], key: dict[str, str], said: str
) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(key))
    done = conformance(venue, *arguments, "--credentials-file", str(file))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
