"""Lines as they come from strangers: read, or refused with one clear sentence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.inbox import DELETE_REVISION, parse_line

GOOD: dict[str, Any] = {
    "channel_id": "100",
    "message_id": "200",
    "content": "Buy BTC",
    "posted_at": "2026-07-20T14:00:00Z",
}


def line(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def complaint(text: str) -> str:
    said = answer_to(text)
    assert said is not None
    return said


def answer_to(text: str) -> str | None:
    """The one sentence of a refusal; None where the line was read."""
    try:
        parse_line(text)
    except ValueError as error:
        return str(error)
    return None


def is_one_sentence(said: str | None) -> bool:
    return said is None or ("\n" not in said and 0 < len(said) < 300)


def test_a_line_needs_few_fields_and_the_others_have_plain_defaults():
    read = parse_line(line())
    assert (read.source, read.event, read.revision, read.is_webhook) == ("discord", "create", 0, False)
    assert (read.embeds, read.reply_to, read.edited_at) == ([], None, None)


def test_ids_may_be_written_as_numbers():
    read = parse_line(line(channel_id=1234567890123456789, message_id=42, author_id=7))
    assert (read.channel_id, read.message_id, read.author_id) == ("1234567890123456789", "42", "7")


def test_unknown_fields_of_a_newer_sender_are_left_aside():
    assert parse_line(line(colour="green")).message_id == "200"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": 1', "not JSON"),
        ("\ufeff{}", "not JSON"),
        ("[]", "a JSON object is expected, not list"),
        ('"text"', "a JSON object is expected, not str"),
        ("null", "a JSON object is expected, not NoneType"),
        ("17", "a JSON object is expected, not int"),
        ("[" * 100_000, "not JSON"),
        ('{"a":' * 100_000, "not JSON"),
        ("9" * 5000, "not JSON"),
    ],
)
def test_what_is_no_json_object_is_refused_in_one_sentence(text: str, said: str):
    assert complaint(text).startswith(said)
    assert is_one_sentence(complaint(text))


@pytest.mark.parametrize("name", ["channel_id", "message_id", "posted_at"])
def test_a_missing_field_is_named(name: str):
    said = complaint(json.dumps({key: value for key, value in GOOD.items() if key != name}))
    assert said == f"{name}: Field required"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"posted_at": "2026-07-20T14:00:00"}, "posted_at"),
        ({"posted_at": "yesterday"}, "posted_at"),
        ({"posted_at": None}, "posted_at"),
        ({"posted_at": "9999-12-31T23:59:59-12:00"}, "posted_at"),
        ({"posted_at": "0001-01-01T00:00:00+12:00"}, "posted_at"),
        ({"edited_at": "2026-07-20T14:00:00"}, "edited_at"),
        ({"edited_at": "9999-12-31T23:59:59-12:00"}, "edited_at"),
        ({"revision": -1}, "revision"),
        ({"revision": DELETE_REVISION + 1}, "revision"),
        ({"revision": 10**400}, "revision"),
        ({"revision": 1.5}, "revision"),
        ({"revision": "soon"}, "revision"),
        ({"revision": float("inf")}, "revision"),
        ({"channel_id": ""}, "channel_id"),
        ({"channel_id": None}, "channel_id"),
        ({"channel_id": True}, "channel_id"),
        ({"channel_id": ["100"]}, "channel_id"),
        ({"channel_id": "1" * 101}, "channel_id"),
        ({"message_id": "2" * 101}, "message_id"),
        ({"message_id": "a\ud800"}, "message_id"),
        ({"reply_to": "3" * 101}, "reply_to"),
        ({"source": "telegram"}, "source"),
        ({"event": "explode"}, "event"),
        ({"content": 5}, "content"),
        ({"content": "x" * 20_001}, "content"),
        ({"author_name": "n" * 201}, "author_name"),
        ({"is_webhook": "perhaps"}, "is_webhook"),
        ({"embeds": "none"}, "embeds"),
        ({"embeds": ["none"]}, "embeds.0"),
        ({"embeds": [{}] * 21}, "embeds"),
        ({"embeds": [{"description": "x" * 200_000}]}, "embeds"),
    ],
)
def test_a_wrong_value_is_refused_and_its_field_is_named(changes: dict[str, Any], field: str):
    assert complaint(line(**changes)).startswith(f"{field}:")
    assert is_one_sentence(complaint(line(**changes)))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "x" * 4000,
        "nul \x00 inside",
        "\u202eright to left\u202c عربي",
        "zero\u200bwidth\u2060\ufeff",
        "lone \ud800 surrogate",
        "\r\n\x1b[31m",
        "😀" * 2000,
    ],
)
def test_any_text_at_all_is_a_message(content: str):
    assert parse_line(line(content=content)).content == content.replace("\ud800", "?")


@given(st.text())
def test_any_line_is_read_or_refused_in_one_sentence(text: str):
    assert is_one_sentence(answer_to(text))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "revision", "embeds", "edited_at", "reply_to"]), JSON))
def test_any_object_is_read_or_refused_in_one_sentence(changes: dict[str, Any]):
    assert is_one_sentence(answer_to(line(**changes)))
