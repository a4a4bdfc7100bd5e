"""`python -m shared.inbox` on real servers: every line answered, nothing lost, nothing twice."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pymongo
import pytest
from redis import Redis

from shared.inbox import DELETE_REVISION

ROOT = Path(__file__).parents[3]
GOOD: dict[str, Any] = {
    "guild_id": "900",
    "channel_id": "901",
    "message_id": "1",
    "author_id": "902",
    "content": "Buy BTC",
    "posted_at": "2026-07-20T14:00:00.123456Z",
}


class Feed:
    """The command, fed with lines."""

    def __init__(self, redis_url: str, mongodb_uri: str) -> None:
        self._env = {**os.environ, "REDIS_URL": redis_url, "MONGODB_URI": mongodb_uri}
        self._redis_url = redis_url
        self._mongodb_uri = mongodb_uri
        self.status = 0
        self.said = ""

    def __call__(self, *lines: str | bytes) -> list[dict[str, Any]]:
        """Feed lines and return the answers, one for each line that is not blank."""
        ended = subprocess.run(
            [sys.executable, "-m", "shared.inbox"],
            cwd=ROOT,
            env=self._env,
            input=b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines),
            capture_output=True,
            timeout=60,
            check=False,
        )
        self.status, self.said = ended.returncode, ended.stderr.decode()
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def rows(self) -> list[dict[str, Any]]:
        """What is in the inbox, in the order of its revisions."""
        with pymongo.MongoClient[dict[str, Any]](self._mongodb_uri) as client:
            return list(client.get_default_database()["messages"].find().sort("revision", 1))

    def bells(self) -> int:
        """How many bells were rung and not yet answered."""
        with Redis.from_url(self._redis_url) as client:
            return int(client.llen("dx:signals"))  # type: ignore[arg-type]


@pytest.fixture
def feed(redis_url: str, mongodb_uri: str, empty_servers: None) -> Feed:
    return Feed(redis_url, mongodb_uri)


def line(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def test_a_message_is_recorded_once_and_rung_for_once_however_often_it_comes(feed: Feed):
    first, second = feed(line(), line())
    assert (first["created"], second["created"]) == (True, False)
    assert first["id"] == second["id"]
    assert first["message_id"] == "1"
    (again,) = feed(line(content="other words do not make another message"))
    assert (again["created"], feed.status) == (False, 0)
    (row,) = feed.rows()
    assert (row["content"], row["status"]) == ("Buy BTC", "pending")
    assert feed.bells() == 1


def test_an_edit_is_a_revision_of_its_own_by_its_time_or_its_number(feed: Feed):
    edited = line(event="edit", edited_at="2026-07-20T14:00:01.500Z")
    answers = feed(line(), edited, edited, line(event="edit", revision=7))
    assert [answer["created"] for answer in answers] == [True, True, False, True]
    assert [row["revision"] for row in feed.rows()] == [0, 7, 1_784_556_001_500]


def test_a_delete_is_recorded_once_whatever_it_says_beside(feed: Feed):
    answers = feed(
        line(),
        line(event="delete"),
        line(event="delete", revision=5, content="", posted_at="2026-07-21T00:00:00Z"),
    )
    assert [answer["created"] for answer in answers] == [True, True, False]
    assert [row["revision"] for row in feed.rows()] == [0, DELETE_REVISION]


def test_every_bad_line_gets_one_answer_with_its_number_and_the_rest_goes_on(feed: Feed):
    naive = line(posted_at="2026-07-20T14:00:00")
    incomplete = json.dumps({key: value for key, value in GOOD.items() if key != "channel_id"})
    bad = {
        2: "no json",
        3: "[1, 2]",
        4: incomplete,
        5: naive,
        6: line(revision=2**60),
        7: "[" * 50_000,
        8: line(embeds=[{"description": "x" * 20_000_000}]),
        9: line(posted_at="9999-12-31T23:59:59-12:00"),
        10: line(channel_id="odd\u001f"),
    }
    answers = feed(line(message_id="first"), *bad.values(), "", "   ", line(message_id="last"))
    assert feed.status == 1
    refused = [answer for answer in answers if "error" in answer]
    assert [answer["line"] for answer in refused] == list(bad)
    assert all(set(answer) == {"error", "line"} and "\n" not in answer["error"] for answer in refused)
    assert all(len(answer["error"]) < 300 for answer in refused)
    assert [row["message_id"] for row in feed.rows()] == ["first", "last"]
    assert "Traceback" not in feed.said


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("x" * 4000, "x" * 4000),
        ("nul \x00 inside", "nul \x00 inside"),
        ("\u202eright to left\u202c عربي", "\u202eright to left\u202c عربي"),
        ("zero\u200bwidth\u2060", "zero\u200bwidth\u2060"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
        ("", ""),
    ],
    ids=["4000", "nul", "rtl", "zero-width", "surrogate", "empty"],
)
def test_odd_text_is_kept_as_it_is_or_with_a_visible_replacement(feed: Feed, content: str, kept: str):
    (answer,) = feed(line(content=content))
    assert answer["created"] is True
    assert [row["content"] for row in feed.rows()] == [kept]


def test_bytes_that_are_no_text_spoil_their_own_line_alone(feed: Feed):
    answers = feed(
        b'{"content": "\xff\xfe"', line(content="caf\u00e9").encode("latin-1"), line(message_id="2")
    )
    assert ["error" in answer for answer in answers] == [True, False, False]
    assert feed.status == 1
    assert len(feed.rows()) == 2


def test_an_embeds_texts_are_kept_and_nothing_else_of_it(feed: Feed):
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    embed = {
        "title": "LONG BTC \ud800",
        "description": 17,
        "url": "https://x",
        "$where": "1",
        "a.b": {"c": "d"},
        "author": {"name": "A", "icon_url": "https://y"},
        "footer": "none",
        "fields": [{"name": "Entry", "value": 100, "inline": True}, {"name": deep, "value": None}, "odd"],
    }
    (answer,) = feed(line(embeds=[embed, {}]))
    assert answer["created"] is True
    (row,) = feed.rows()
    assert row["embeds"] == [
        {
            "title": "LONG BTC ?",
            "url": "https://x",
            "author": {"name": "A"},
            "fields": [{"name": "Entry", "value": "100"}, {"name": "", "value": ""}],
        },
        {},
    ]


def test_without_redis_a_message_is_recorded_all_the_same(mongodb_uri: str, empty_servers: None):
    feed = Feed("redis://127.0.0.1:1/0", mongodb_uri)
    answers = feed(line(), line(message_id="2"))
    assert [answer["created"] for answer in answers] == [True, True]
    assert feed.status == 0
    assert len(feed.rows()) == 2


def test_without_a_database_it_ends_with_one_line_and_a_status_that_says_try_again(redis_url: str):
    feed = Feed(redis_url, "mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=500")
    assert feed(line()) == []
    assert feed.status == 75
    assert [text for text in feed.said.splitlines() if text.startswith("inbox: MongoDB does not answer")]
    assert "Traceback" not in feed.said


def test_a_missing_variable_is_one_line_and_the_status_of_a_wrong_configuration(redis_url: str):
    feed = Feed(redis_url, "")
    assert feed(line()) == []
    assert feed.status == 78
    assert feed.said == "inbox: MONGODB_URI is not set (see .env.example)\n"
