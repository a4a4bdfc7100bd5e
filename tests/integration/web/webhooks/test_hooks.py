"""Signal hooks: whoever cannot prove to be the provider is told nothing; whoever can is recorded once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.domain.identifiers import message_row_id
from shared.inbox import parse_object, record_message
from shared.models import hooks, messages
from shared.models.hooks import HookRequest
from shared.models.mapping import rows_of
from shared.models.messages import Message
from shared.models.providers import Provider, hook_author_id
from shared.settings import Settings
from tests.sample.hooks import add_hook, message_body, seconds, sign
from web.webhooks.signing import WINDOW_SECONDS, request_digest

pytestmark = pytest.mark.usefixtures("empty_servers", "bells")

SECRET = "the secret of the first hook"
URL = "/hooks/signals/alpha"


@pytest.fixture
def client(app: Flask, web_settings: Settings) -> FlaskClient:
    add_hook(web_settings, "alpha", SECRET, datetime.now(UTC))
    return app.test_client()


def post(client: FlaskClient, body: bytes, headers: dict[str, str], url: str = URL) -> TestResponse:
    return client.post(url, data=body, headers=headers)


def count() -> int:
    return rows_of(Message).count_documents({})


def test_a_signed_message_is_recorded_as_the_bots_are_and_rung(
    client: FlaskClient, prices: redis.Redis, now: datetime
) -> None:
    body = message_body("m1", now, author_name="Anna", author_id="somebody else", guild_id="elsewhere")
    answer = post(client, body, sign(SECRET, body, seconds(now)))
    row_id = message_row_id("hook", "channel-1", "m1", 0)
    assert answer.status_code == 202
    assert answer.json == {"message_id": "m1", "id": row_id, "created": True}
    row = rows_of(Message).find_one({"_id": row_id})
    assert row is not None
    assert (row["source"], row["guild_id"], row["author_name"]) == ("hook", "guild-1", "Anna")
    assert (row["author_id"], row["is_webhook"], row["status"]) == (hook_author_id("alpha"), True, "pending")
    assert prices.llen("dx:signals") == 1


def test_a_provider_is_known_by_its_name_too(client: FlaskClient, now: datetime) -> None:
    body = message_body("m1", now)
    answer = post(client, body, sign(SECRET, body, seconds(now)), "/hooks/signals/Name%20of%20alpha")
    assert answer.status_code == 202


def test_whatever_is_not_proved_gets_one_and_the_same_answer(client: FlaskClient, now: datetime) -> None:
    body = message_body("m1", now)
    good = sign(SECRET, body, seconds(now))
    answers = [
        post(client, body, good, "/hooks/signals/nobody"),
        post(client, body, {}),
        post(client, body, {}, "/hooks/signals/nobody"),
        post(client, body, {"X-Timestamp": good["X-Timestamp"]}),
        post(client, body, {"X-Signature": good["X-Signature"]}),
        post(client, body, {**good, "X-Signature": good["X-Signature"].upper()}),
        post(client, body, {**good, "X-Timestamp": f"0{good['X-Timestamp']}"}),
        post(client, body, sign("another secret altogether", body, seconds(now))),
        post(client, body, sign(SECRET, body, seconds(now) - WINDOW_SECONDS - 2)),
        post(client, body, sign(SECRET, body, seconds(now) + WINDOW_SECONDS + 2)),
        post(client, body, sign(SECRET, body, "soon")),
        post(client, b"not json", {}),
        post(client, json.dumps({"secret": SECRET, **json.loads(body)}).encode(), {}),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert (
        len({tuple(sorted(dict(answer.headers) | {"Content-Security-Policy": ""})) for answer in answers})
        == 1
    )
    assert count() == 0


def test_a_provider_without_a_hook_or_no_longer_active_is_a_stranger(
    client: FlaskClient, now: datetime
) -> None:
    body = message_body("m1", now)
    headers = sign(SECRET, body, seconds(now))
    rows_of(Provider).update_one({"_id": "alpha"}, {"$set": {"active": False}})
    assert post(client, body, headers).status_code == 401
    rows_of(Provider).update_one({"_id": "alpha"}, {"$set": {"active": True, "hook": None}})
    assert post(client, body, headers).status_code == 401


def test_of_ten_thousand_forged_late_replayed_and_flipped_requests_none_is_taken(
    client: FlaskClient, now: datetime
) -> None:
    bodies = [message_body(f"m{n}", now) for n in range(50)]
    signed = [sign(SECRET, body, seconds(now)) for body in bodies]
    assert [post(client, b, h).status_code for b, h in zip(bodies, signed, strict=True)] == [202] * 50
    taken: list[int] = []
    for n in range(10_000):
        body, headers, expected = bodies[n % 50], signed[n % 50], 401
        place, bit = n // 5, 1 << n // 25 % 7
        if n % 10 == 0:
            expected = 409  # as it was
        elif n % 5 == 0:
            headers = sign(f"guess number {n}", body, seconds(now))
        elif n % 5 == 1:
            headers = sign(SECRET, body, seconds(now) - WINDOW_SECONDS - 2 - n)
        elif n % 5 == 2:
            place %= len(body)
            body = body[:place] + bytes([body[place] ^ bit]) + body[place + 1 :]
        else:
            name = "X-Signature" if n % 5 == 3 else "X-Timestamp"
            text = headers[name]
            place %= len(text)
            headers = {**headers, name: text[:place] + chr(ord(text[place]) ^ bit) + text[place + 1 :]}
        visitor = {"REMOTE_ADDR": f"10.0.{n % 250}.{n // 250 % 250}"}
        answer = client.post(URL, data=body, headers=headers, environ_overrides=visitor)
        if answer.status_code != expected:
            taken.append(n)
    assert taken == []
    assert count() == 50


def test_of_twenty_at_once_one_is_taken(client: FlaskClient, app: Flask, now: datetime) -> None:
    for n in range(3):
        body = message_body(f"m{n}", now)
        headers = sign(SECRET, body, seconds(now))
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(lambda _: post(app.test_client(), body, headers), range(20)))  # noqa: B023
        assert sorted(answer.status_code for answer in answers) == [202] + [409] * 19
    assert count() == 3


def test_a_message_that_is_sent_anew_is_answered_and_not_recorded_again(
    client: FlaskClient, now: datetime
) -> None:
    body = message_body("m1", now)
    first = post(client, body, sign(SECRET, body, seconds(now)))
    again = post(client, body, sign(SECRET, body, seconds(now) - 1))
    assert (again.status_code, again.json) == (202, {**(first.json or {}), "created": False})
    assert count() == 1


def test_a_request_whose_taker_died_is_taken_over_and_not_lost(client: FlaskClient, now: datetime) -> None:
    body = message_body("m1", now)
    headers = sign(SECRET, body, seconds(now))
    digest = request_digest("alpha", headers["X-Timestamp"], body)
    hooks.take_request(digest, "alpha", now)
    assert post(client, body, headers).status_code == 409
    earlier = now - hooks.TAKEN_OVER_AFTER - timedelta(seconds=1)
    rows_of(HookRequest).update_one({"_id": digest}, {"$set": {"received_at": earlier}})
    assert post(client, body, headers).status_code == 202
    rows_of(HookRequest).update_one({"_id": digest}, {"$set": {"received_at": earlier, "done": False}})
    assert post(client, body, headers).status_code == 409
    assert count() == 1


def test_what_is_signed_and_cannot_be_read_is_explained(client: FlaskClient, now: datetime) -> None:
    for body, said in (
        (b"{", "the body is not JSON"),
        (b"\xff", "the body is not UTF-8"),
        (b"[1]", "the body must be one JSON object"),
        (b'{"ticker": "BTCUSDT"}', "action is missing or cannot be read"),
        (b'{"ticker": "BTCUSDT", "action": "buy", "stop": {}}', "stop must hold plain numbers"),
        (b"{}", "message_id: Field required"),
        (message_body("m1", now, channel_id="another"), "channel_id: is none of this provider's channels"),
        (message_body("m1", now + timedelta(minutes=6)), "posted_at: lies in the future"),
    ):
        answer = post(client, body, sign(SECRET, body, seconds(now)))
        assert answer.status_code == 400, body
        assert answer.json is not None
        assert answer.json["error"]["text"] == said
    assert count() == 0
    assert rows_of(HookRequest).count_documents({}) == 0


def test_a_body_that_is_too_large_is_not_read(client: FlaskClient, now: datetime) -> None:
    body = message_body("m1", now, content="x" * 600_000)
    answer = post(client, body, sign(SECRET, body, seconds(now)))
    assert answer.status_code == 413
    assert answer.json is not None


def test_tradingviews_alert_becomes_a_message_that_the_parser_reads(
    client: FlaskClient, now: datetime
) -> None:
    alert = {"ticker": "BINANCE:BTCUSDT.P", "action": "buy", "price": 50000.10, "stop": "49000"}
    body = json.dumps({**alert, "targets": [52000, "53000.50"], "comment": "breakout", "id": "tv-1"}).encode()
    answer = post(client, body, sign(SECRET, body, seconds(now)))
    assert answer.json is not None
    assert answer.json["message_id"] == "tv-1"
    row = rows_of(Message).find_one({"_id": answer.json["id"]})
    assert row is not None
    lines = ["BUY BTCUSDT perp", "Entry: 50000.1", "SL: 49000", "TP1: 52000", "TP2: 53000.5", "breakout"]
    assert row["content"].splitlines() == lines
    assert (row["channel_id"], row["posted_at"].timestamp()) == ("channel-1", seconds(now))


def test_a_secret_in_the_body_opens_only_a_hook_that_was_made_so(
    client: FlaskClient, web_settings: Settings, now: datetime
) -> None:
    add_hook(web_settings, "beta", "the secret of a chart", now, channel_id="channel-2", in_body=True)
    alert = {"ticker": "AAPL", "action": "sell", "time": now.isoformat(), "secret": "the secret of a chart"}
    text = b"secret: the-secret\nSELL AAPL"

    def send(said: dict[str, str], url: str = "/hooks/signals/beta") -> int:
        return post(client, json.dumps(said).encode(), {"Content-Type": "application/json"}, url).status_code

    assert send({**alert, "secret": SECRET}, URL) == 401
    assert send({**alert, "secret": "another"}) == 401
    assert send({**alert, "time": (now - timedelta(seconds=WINDOW_SECONDS + 2)).isoformat()}) == 401
    assert send({name: said for name, said in alert.items() if name != "time"}) == 401
    assert send(alert) == 202
    assert send(alert) == 409
    assert post(client, text, {"Content-Type": "text/plain"}, "/hooks/signals/beta").status_code == 401
    [row] = rows_of(Message).find({})
    assert row["content"] == "SELL AAPL"
    assert "the secret of a chart" not in str(row)


def test_an_alert_that_is_text_carries_its_secret_and_time_before_what_it_says(
    client: FlaskClient, web_settings: Settings, now: datetime
) -> None:
    add_hook(web_settings, "beta", "a-secret-of-one-word", now, channel_id="channel-2", in_body=True)
    text = f"secret: a-secret-of-one-word\ntime: {now.isoformat()}\nBUY AAPL\nSL 180".encode()
    answer = post(client, text, {"Content-Type": "text/plain"}, "/hooks/signals/beta")
    assert answer.status_code == 202
    [row] = rows_of(Message).find({})
    assert row["content"] == "BUY AAPL\nSL 180"


def test_one_provider_cannot_write_into_anothers_message(
    client: FlaskClient, web_settings: Settings, now: datetime
) -> None:
    add_hook(web_settings, "beta", "the secret of the second", now)
    body = message_body("m1", now)
    assert post(client, body, sign(SECRET, body, seconds(now))).status_code == 202
    edit = message_body("m1", now, event="delete")
    signed = sign("the secret of the second", edit, seconds(now))
    assert post(client, edit, signed, "/hooks/signals/beta").status_code == 409
    assert count() == 1


def test_the_inbox_and_a_hook_share_one_row_for_one_message(client: FlaskClient, now: datetime) -> None:
    body = message_body("m1", now)
    said = {**json.loads(body), "source": "hook", "author_id": hook_author_id("alpha"), "is_webhook": True}
    record_message(parse_object(said), now)
    answer = post(client, body, sign(SECRET, body, seconds(now)))
    assert answer.json is not None
    assert answer.json["created"] is False
    assert messages.find(answer.json["id"]) is not None
