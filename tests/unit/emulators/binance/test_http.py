"""Requests are cut out of the bytes that come, whatever pieces they come in."""

import asyncio
from typing import Any

import pytest

from tests.emulators.binance.http import (
    LONGEST_BODY,
    LONGEST_HEAD,
    Answer,
    BadRequest,
    Connection,
    Request,
    read_request,
)

POST = b"POST /api/v3/order?a=1 HTTP/1.1\r\nHost: x\r\nx-mbx-apikey: k\r\nContent-Length: 3\r\n\r\nb=2"
GET = b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.9", 1)})
        self.written: list[bytes] = []
        self.twice = asyncio.Event()
        self.end = ""

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))
        if len(self.written) == 2:
            self.twice.set()

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"


def connect(answers: list[Answer]) -> tuple[Connection, Wire, list[Request]]:
    seen: list[Request] = []

    def serve(request: Request, connection: Connection) -> None:
        seen.append(request)
        connection.answer(answers[len(seen) - 1] if answers else Answer())

    connection = Connection(serve, lambda why, one: one.answer(Answer(400, why.encode())))
    wire = Wire()
    connection.connection_made(wire)
    return connection, wire, seen


def test_a_request_is_read_with_its_key_and_its_body() -> None:
    request, used = read_request(POST + GET, "127.0.0.9")
    assert request is not None
    assert used == len(POST)
    assert (request.method, request.path, request.query, request.body, request.key) == (
        "POST",
        "/api/v3/order",
        "a=1",
        "b=2",
        "k",
    )


def test_requests_may_come_byte_by_byte_or_many_at_once() -> None:
    connection, wire, seen = connect([])
    for byte in POST:
        connection.data_received(bytes([byte]))
    connection.data_received((GET + POST) * 300)
    assert [request.method for request in seen] == ["POST", *["GET", "POST"] * 300]
    assert len(wire.written) == 601
    assert seen[0].address == "127.0.0.9"


async def test_a_late_answer_holds_back_those_behind_it() -> None:
    connection, wire, seen = connect([Answer(body=b"late", after=0.01), Answer(body=b"next")])
    connection.data_received(GET + GET)
    assert (len(seen), wire.written) == (1, [])
    await asyncio.wait_for(wire.twice.wait(), 5)
    assert [written.rpartition(b"\r\n\r\n")[2] for written in wire.written] == [b"late", b"next"]


def test_a_dropped_connection_says_nothing_and_a_cut_one_half() -> None:
    connection, wire, _ = connect([Answer(how="drop")])
    connection.data_received(GET)
    assert (wire.end, wire.written) == ("aborted", [])
    connection, wire, _ = connect([Answer(body=b"12345678", how="cut")])
    connection.data_received(GET)
    assert (wire.end, wire.written[0].endswith(b"\r\n\r\n1234")) == ("closed", True)
    assert b"Content-Length: 8" in wire.written[0]


def test_who_does_not_keep_alive_is_closed_after_the_answer() -> None:
    connection, wire, _ = connect([])
    connection.data_received(GET.replace(b"Host: x", b"Connection: close"))
    assert (wire.end, b"Connection: close" in wire.written[0]) == ("closed", True)


@pytest.mark.parametrize(
    "data",
    [
        b"HELLO\r\n\r\n",
        b"GET /x HTTP/2\r\n\r\n",
        b"PATCH /x HTTP/1.1\r\n\r\n",
        b"GET x HTTP/1.1\r\n\r\n",
        b"GET /x HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LONGEST_BODY + 1),
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\n\xff",
        b"GET /" + b"x" * LONGEST_HEAD + b" HTTP/1.1\r\n\r\n",
        b"x" * (LONGEST_HEAD + 1),
    ],
)
def test_what_is_no_request_is_answered_with_400_and_closed(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request(data, "")
    connection, wire, seen = connect([])
    connection.data_received(data)
    assert (seen, wire.end) == ([], "closed")
    assert wire.written[0].startswith(b"HTTP/1.1 400 Bad Request")
