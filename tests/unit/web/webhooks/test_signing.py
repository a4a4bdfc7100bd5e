"""A signature is good for one text, one time and one spelling."""

from datetime import UTC, datetime, timedelta

from tests.sample.hooks import sign
from web.webhooks.signing import is_of_now, is_secret, is_signed, request_digest

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
KEYS = (b"the one before it", b"the secret")


def check(timestamp: object, body: bytes = b"{}", **changed: str) -> bool:
    headers = {**sign("the secret", b"{}", timestamp), **changed}
    return is_signed(headers["X-Timestamp"], headers["X-Signature"], body, KEYS, NOW)


def test_a_signature_by_either_key_is_good_within_the_window() -> None:
    assert check(AT)
    assert check(AT - 300)
    assert check(AT + 300)
    assert not check(AT - 301)
    assert not check(AT + 301)


def test_another_body_time_or_spelling_is_not_signed() -> None:
    assert not check(AT, b"{} ")
    for timestamp in (f"+{AT}", f"{AT} ", f"0{AT}", f"{AT}.0", "", "-1", "٣" * 10, "9" * 13):
        assert not check(timestamp), timestamp
    for signature in ("", "é" * 64, "f" * 63, sign("the secret", b"{}", AT)["X-Signature"].upper()):
        assert not check(AT, **{"X-Signature": signature}), signature


def test_a_secret_is_compared_whole_and_nothing_is_none() -> None:
    assert is_secret("the secret", KEYS)
    assert not is_secret("", (b"",))
    assert not is_secret("the secre", KEYS)
    assert not is_secret("the secret\udcff", KEYS)


def test_a_moment_is_of_now_within_the_window_on_both_sides() -> None:
    assert is_of_now(NOW - timedelta(seconds=300), NOW)
    assert not is_of_now(NOW + timedelta(seconds=301), NOW)
    assert not is_of_now(None, NOW)


def test_requests_that_differ_anywhere_have_different_names() -> None:
    names = {
        request_digest(*request)
        for request in (("a", "1", b"2.3"), ("a", "1.2", b"3"), ("a:1", "", b"2.3"), ("b", "1", b"2.3"))
    }
    assert len(names) == 4
