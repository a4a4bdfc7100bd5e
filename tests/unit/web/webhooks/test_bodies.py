"""Bodies of hooks: what is understood, and that anything else is refused in a sentence."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.webhooks.bodies import BadBody, read_body

ALERT = {"ticker": "NASDAQ:AAPL", "action": "buy"}


def alert(**more: Any) -> str:
    return read_body(json.dumps({**ALERT, **more}).encode(), is_text=False).content


def test_an_alert_of_a_chart_becomes_lines_of_a_message() -> None:
    assert alert() == "BUY AAPL"
    assert alert(price="190.50", stop=185, targets="200, 210") == (
        "BUY AAPL\nEntry: 190.5\nSL: 185\nTP1: 200\nTP2: 210"
    )
    assert alert(ticker="BTCUSDT.P", action="close", targets=3, comment=" over ") == (
        "CLOSE BTCUSDT perp\nTP1: 3\nover"
    )
    assert alert(price=0.00000012) == "BUY AAPL\nEntry: 0.00000012"


def test_an_alert_with_something_unreadable_is_refused_and_not_guessed() -> None:
    for wrong in (
        {"ticker": None},
        {"ticker": "A B"},
        {"action": "buy\nSL: 1"},
        {"price": "1,5"},
        {"price": True},
        {"stop": "NaN"},
        {"stop": float("inf")},
        {"targets": {}},
        {"targets": [[]]},
        {"targets": list(range(11))},
    ):
        with pytest.raises(BadBody):
            alert(**wrong)


def test_the_secret_the_time_and_the_id_are_taken_off() -> None:
    body = read_body(
        json.dumps({**ALERT, "secret": "s", "id": 7, "time": "2026-12-01T10:00:00Z"}).encode(), is_text=False
    )
    assert (body.secret, body.alert_id, body.time) == ("s", "7", datetime(2026, 12, 1, 10, tzinfo=UTC))
    assert "secret" not in repr(body)
    text = read_body(b"secret: s\nid=7\nBUY AAPL\nid: 8", is_text=True)
    assert (text.secret, text.alert_id, text.content) == ("s", "7", "BUY AAPL\nid: 8")
    message = read_body(b'{"message_id": "1", "secret": "s"}', is_text=False)
    assert message.message == {"message_id": "1"}


def test_a_time_without_a_zone_is_no_time() -> None:
    for text in ("2026-12-01T10:00:00", "now", "", "0001-01-01T00:00:00+14:00"):
        assert read_body(json.dumps({**ALERT, "time": text}).encode(), is_text=False).time is None


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["ticker", "action", "price", "stop", "targets", "comment", "time", "id", "secret"]
                ),
                inner,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    st.booleans(),
)
def test_no_body_does_more_than_be_refused(raw: bytes, is_text: bool) -> None:
    with suppress(BadBody):
        body = read_body(raw, is_text=is_text)
        assert body.content or body.message is not None
