"""Logs: one event a line whatever is in it, ids on every event, secrets struck out wherever they stand."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.logs import redact

ROOT = Path(__file__).parents[3]
ODD = "first\r\nsecond \x1b[31mred\x1b[0m \x00 \u2028 \u202e عربي \x85 {json} %s \ud800"

PROGRAM = """
import json, logging, sys
from shared.logs import bound, configure_logging, get_logger

configure_logging("tester", "INFO")
log = get_logger("tests.logs")
odd = json.loads(sys.argv[1])
log.info("odd", text=odd)
log.info(odd)
with bound(message_id="m1", order_id="o1"):
    log.info("inside", signal_id="s1")
    logging.getLogger("library").warning("from a library: %s", odd)
log.info("outside")
log.debug("unheard")
logging.getLogger("library").info("unheard")
url = "redis://:hunter2@localhost:6379/0"
log.warning("away", error=f"cannot reach {url}", api_key="hunter2", nested={"headers": {"Authorization": "hunter2"}})
try:
    raise ValueError(f"no answer from {url}")
except ValueError:
    log.exception("failed")
    logging.getLogger("library").exception("failed too at %s", url)
"""


@pytest.fixture(scope="module")
def told() -> subprocess.CompletedProcess[str]:
    return run_program(PROGRAM, json.dumps(ODD))


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )


@pytest.fixture(scope="module")
def events(told: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.stdout.splitlines()]


def named(events: list[dict[str, Any]], event: str) -> dict[str, Any]:
    (found,) = [item for item in events if item["event"] == event]
    return found


def test_one_event_is_one_line_whatever_the_text_holds(events: list[dict[str, Any]]):
    assert named(events, "odd")["text"] == ODD
    assert named(events, ODD)["level"] == "info"
    assert named(events, f"from a library: {ODD}")["level"] == "warning"
    assert len(events) == 8


def test_nothing_but_plain_ascii_reaches_a_terminal(told: subprocess.CompletedProcess[str]):
    assert told.stdout.isascii()
    assert all(line.isprintable() for line in told.stdout.splitlines())


def test_every_event_has_its_time_level_program_and_module(events: list[dict[str, Any]]):
    for event in events:
        assert event["timestamp"].endswith("Z")
        assert event["program"] == "tester"
        assert event["level"] in {"info", "warning", "error"}
    assert named(events, "odd")["module"] == "tests.logs"


def test_ids_are_bound_inside_the_block_and_not_after_it(events: list[dict[str, Any]]):
    inside = named(events, "inside")
    assert (inside["message_id"], inside["order_id"], inside["signal_id"]) == ("m1", "o1", "s1")
    assert named(events, f"from a library: {ODD}")["order_id"] == "o1"
    assert not named(events, "outside").keys() & {"message_id", "order_id", "signal_id"}


def test_no_secret_is_told_in_a_value_a_message_or_a_traceback(told: subprocess.CompletedProcess[str]):
    assert "hunter2" not in told.stdout + told.stderr


def test_a_failure_keeps_its_traceback_within_its_line(events: list[dict[str, Any]]):
    assert "ValueError: no answer from redis://***@localhost:6379/0" in named(events, "failed")["exception"]
    (library,) = [event for event in events if str(event["event"]).startswith("failed too")]
    assert "Traceback" in library["exception"]


def test_a_commands_answer_is_not_mixed_with_its_events():
    beside = run_program(
        "from shared.logs import get_logger, log_to_stderr\n"
        "log_to_stderr()\n"
        "get_logger('m').warning('beside')\n"
        "print('answer')"
    )
    assert beside.stdout == "answer\n"
    assert "beside" in beside.stderr


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "secret_key",
        "SECRET_KEY",
        "discord_bot_token",
        "password",
        "passphrase",
        "Authorization",
        "api_key",
        "apiKey",
        "private_keys",
        "Cookie",
        "set-cookie",
        "credential",
        "opened_credential",
        "passwd",
        "X-Signature",
        "csrf_token",
        "totp",
        "sealed",
    ],
)
def test_a_secret_name_strikes_its_value_out_at_any_depth(name: str):
    event: dict[str, Any] = {"event": "e", name: "hunter2", "deep": [{"inner": {name: ["hunter2"]}}]}
    assert "hunter2" not in json.dumps(redact(None, "", event))


@pytest.mark.parametrize(
    "name", ["event", "order_id", "author", "credential_id", "symbol", "task", "keyboard", "ids"]
)
def test_an_ordinary_name_keeps_its_value(name: str):
    assert redact(None, "", {name: "value"})[name] == "value"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:pw@host:1/0", "redis://***@host:1/0"),
        ("mongodb://me:pw@host/db?w=1 and https://a:b@c", "mongodb://***@host/db?w=1 and https://***@c"),
        ("https://host/path", "https://host/path"),
        ("at 10:30 write to me@host", "at 10:30 write to me@host"),
    ],
)
def test_a_password_in_an_address_is_struck_out_of_any_text(text: str, shown: str):
    assert redact(None, "", {"error": text}) == {"error": shown}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /api?symbol=BTC&signature=abcdef0&x=1", "GET /api?symbol=BTC&signature=***&x=1"),
        ("{'apiKey': 'abc', 'side': 'buy'}", "{'apiKey': '***', 'side': 'buy'}"),
        ('{"secret":"abc def"}', '{"secret":"*** def"}'),
        ("X-MBX-APIKEY: abc", "X-MBX-APIKEY: ***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("the token bucket is empty", "the token bucket is empty"),
        ("reason: signature", "reason: signature"),
    ],
)
def test_what_stands_behind_a_secret_name_is_struck_out_of_any_text(text: str, shown: str):
    assert redact(None, "", {"error": text}) == {"error": shown}


PROGRAM_WITH_SETTINGS = """
from shared.logs import configure_logging, get_logger, hide_values
from shared.settings import read_settings

settings = read_settings(
    redis_url="redis://localhost", mongodb_uri="mongodb://localhost/x", secret_key="hunter2hunter2",
    flower_basic_auth="me:hunter3hunter3", credential_private_keys="hunter4hunter4,hunter5hunter5",
    market_keys={"alpaca_sandbox": "hunter6hunter6:hunter7hunter7"},
)
hide_values(["short", "hunter8+hunter8"])
configure_logging("tester")
log = get_logger("tests.logs")
for number in range(2, 9):
    log.warning("odd", text=[f"it was hunter{number}{'+' if number == 8 else ''}hunter{number}, short"])
"""


def test_every_secret_of_the_settings_is_struck_out_by_its_value():
    told = run_program(PROGRAM_WITH_SETTINGS).stdout
    assert "hunter" not in told
    assert told.count("it was ***, short") == 7


@given(st.text(st.characters(exclude_characters="/@: \t\r\n", exclude_categories=["Z", "C"]), min_size=1))
def test_no_password_in_an_address_survives(password: str):
    shown = redact(None, "", {"error": f"cannot reach redis://user:{password}@host"})["error"]
    assert shown == "cannot reach redis://***@host"
