"""Sockets against the real process: sessions, rooms and catching up."""

from collections.abc import Iterator
from datetime import UTC, datetime
from queue import Queue
from typing import Any

import pytest
import socketio
from flask_socketio import SocketIO

from shared.models import outbox
from shared.models.mapping import rows_of
from shared.models.outbox import Outbox, OutboxEvent
from shared.realtime import CHANNEL, EventKind, envelope, user_room
from tests.sample.house import add_user
from tests.sample.server import WebServer, running_web, session_cookie

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def server(redis_url: str, mongodb_uri: str, database: None) -> Iterator[WebServer]:
    for user in ("anna", "bert"):
        add_user(user, datetime.now(UTC))
    with running_web(redis_url, mongodb_uri) as started:
        yield started


class Page:
    """A socket client that keeps what it hears."""

    def __init__(self, server: WebServer, cookie: str | None, origin: str | None = None) -> None:
        self.heard: Queue[tuple[str, Any]] = Queue()
        self._client = socketio.Client(reconnection=False)
        self._client.on("*", lambda kind, data: self.heard.put((kind, data)))
        headers = {} if cookie is None else {"Cookie": f"session={cookie}"}
        if origin is not None:
            headers["Origin"] = origin
        self._client.connect(server.url, headers=headers, transports=["websocket"], wait_timeout=5)

    def ask(self, name: str, data: object) -> Any:
        return self._client.call(name, data, timeout=5)

    def close(self) -> None:
        self._client.disconnect()


@pytest.fixture
def pages(server: WebServer) -> Iterator[dict[str, Page]]:
    opened = {user: Page(server, session_cookie(user)) for user in ("anna", "bert")}
    yield opened
    for page in opened.values():
        page.close()


def test_a_socket_without_a_session_is_refused(server: WebServer) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        Page(server, None)


def test_a_socket_with_a_forged_or_unknown_session_is_refused(server: WebServer) -> None:
    for cookie in ("eyJ1c2VyX2lkIjoiYW5uYSJ9.forged.signature", session_cookie("nobody")):
        with pytest.raises(socketio.exceptions.ConnectionError):
            Page(server, cookie)


def test_a_socket_from_another_site_is_refused(server: WebServer) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        Page(server, session_cookie("anna"), origin="https://evil.example")


def test_an_event_reaches_its_user_and_nobody_else(pages: dict[str, Page], redis_url: str) -> None:
    emitter = SocketIO(message_queue=redis_url, channel=CHANNEL)
    for number, user in enumerate(("anna", "bert", "anna"), start=1):
        data = envelope(f"event-{number}", number, datetime.now(UTC), {"for": user})
        emitter.emit(str(EventKind.TRADE_OPENED), data, to=user_room(user))
    heard = [
        pages["anna"].heard.get(timeout=10),
        pages["anna"].heard.get(timeout=10),
        pages["bert"].heard.get(timeout=10),
    ]
    assert [(kind, event["event_id"]) for kind, event in heard] == [
        ("trade.opened", "event-1"),
        ("trade.opened", "event-3"),
        ("trade.opened", "event-2"),
    ]
    assert pages["bert"].heard.empty()


def test_a_page_that_was_away_gets_what_came_after_its_number(pages: dict[str, Page]) -> None:
    rows_of(Outbox).delete_many({})
    now = datetime.now(UTC)
    for user, first in (("anna", 1), ("bert", 1)):
        events = [
            OutboxEvent(f"{user}-{n}", user, "order.changed", {"order_id": f"{user}-{n}"}, now, now)
            for n in range(first, 6)
        ]
        outbox.record_events(events)
    (third,) = outbox.find_many(["anna-3"])
    answer = pages["anna"].ask("catch_up", {"seq": third.seq})
    assert [event["event_id"] for event in answer["events"]] == ["anna-4", "anna-5"]
    assert [event["seq"] for event in answer["events"]] == [third.seq + 1, third.seq + 2]
    assert answer["events"][0]["kind"] == "order.changed"
    assert answer["more"] is False


def test_catching_up_is_bounded_and_says_that_there_is_more(pages: dict[str, Page]) -> None:
    rows_of(Outbox).delete_many({})
    now = datetime.now(UTC)
    outbox.record_events([OutboxEvent(f"e{i}", "anna", "order.changed", {}, now, now) for i in range(1, 251)])
    answer = pages["anna"].ask("catch_up", {"seq": 0})
    assert len(answer["events"]) == 200
    assert answer["more"] is True


@pytest.mark.parametrize(
    "asked", [None, {}, {"seq": "1"}, {"seq": -1}, {"seq": True}, {"seq": 2**70}, {"seq": {"$gt": 0}}, [1]]
)
def test_a_number_that_is_none_is_answered_with_an_error(pages: dict[str, Page], asked: object) -> None:
    answer = pages["anna"].ask("catch_up", asked)
    assert answer == {"error": "seq must be a number", "events": [], "more": False}
