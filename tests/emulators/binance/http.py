"""A small HTTP/1.1 server: requests in, answers out, in order, with bounds; nothing it does not need.

Connections are kept alive and may be pipelined. A request is given on when it is complete; the next
one of the same connection waits until the answer to it is sent, however late that is.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

LONGEST_HEAD = 16_384
LONGEST_BODY = 1_048_576
METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
JSON = "application/json;charset=UTF-8"
KEY_HEADER = "x-mbx-apikey"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class BadRequest(ValueError):
    """What came is no request this server understands."""


@dataclass(slots=True)
class Request:
    """One request; `key` is what stands in the header that bears the account's key, names of headers are small."""

    method: str
    path: str
    query: str
    body: str
    key: str
    address: str
    keeps_alive: bool
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Answer:
    """What goes back. `after` seconds of silence come first; `how` is send, drop or cut (half, then closed)."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    how: str = "send"
    content_type: str = JSON


def read_request(data: bytes, address: str, key_header: str = KEY_HEADER) -> tuple[Request | None, int]:
    """The first request in some bytes and how many of them it took; None while it is incomplete."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if len(data) > LONGEST_HEAD:
            raise BadRequest("the head is too long")
        return None, 0
    if end > LONGEST_HEAD:
        raise BadRequest("the head is too long")
    first, *rows = data[:end].decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[0] not in METHODS or not words[1].startswith("/"):
        raise BadRequest("the first line is not a request")
    if words[2] not in {"HTTP/1.1", "HTTP/1.0"}:
        raise BadRequest("not HTTP/1.1")
    headers = _read_headers(rows)
    length = _read_length(headers.get("content-length", "0"))
    keeps_alive = words[2] == "HTTP/1.1"
    if "connection" in headers:
        keeps_alive = headers["connection"].lower() != "close"
    begin = end + 4
    if len(data) < begin + length:
        return None, 0
    path, _, query = words[1].partition("?")
    try:
        body = data[begin : begin + length].decode() if length else ""
    except UnicodeDecodeError:
        raise BadRequest("the body is not UTF-8") from None
    key = headers.get(key_header, "")
    return Request(words[0], path, query, body, key, address, keeps_alive, headers), begin + length


def _read_headers(rows: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for row in rows:
        name, colon, value = row.partition(":")
        if not colon:
            raise BadRequest("a header has no colon")
        headers[name.lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise BadRequest("chunked bodies are not read; send Content-Length")
    return headers


def _read_length(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > LONGEST_BODY:
        raise BadRequest("Content-Length is no number or too large")
    return int(text)


def write_head(answer: Answer, *, keeps_alive: bool) -> bytes:
    """Status line and headers."""
    rows = [
        f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, 'Unknown')}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    if not keeps_alive:
        rows.append("Connection: close")
    return ("\r\n".join(rows) + "\r\n\r\n").encode("latin-1")


class Connection(asyncio.Protocol):
    """One client. `serve` gets each request with this connection and answers through `answer`, once."""

    def __init__(
        self,
        serve: Callable[[Request, "Connection"], None],
        refuse: Callable[[str, "Connection"], None],
        key_header: str = KEY_HEADER,
    ) -> None:
        self._serve, self._refuse, self._key_header = serve, refuse, key_header
        self._buffer = b""
        self._is_paused = self._is_advancing = False
        self._request: Request | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if self._request is None:
            self._advance()
        elif len(self._buffer) > LONGEST_HEAD + LONGEST_BODY and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def answer(self, answer: Answer) -> None:
        """Send an answer to the request in hand, at once or after its silence."""
        if answer.after > 0:
            self._timer = asyncio.get_running_loop().call_later(answer.after, self._finish, answer)
        else:
            self._finish(answer)

    def drop(self) -> None:
        """Close without a word."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _advance(self) -> None:
        self._is_advancing = True
        while self._buffer and self._request is None and self._transport is not None:
            try:
                request, used = read_request(self._buffer, self.address, self._key_header)
            except BadRequest as error:
                self._buffer = b""
                self._request = Request("", "", "", "", "", self.address, keeps_alive=False)
                self._refuse(str(error), self)
                break
            if request is None:
                break
            self._buffer = self._buffer[used:]
            self._request = request
            self._serve(request, self)
        self._is_advancing = False

    def _finish(self, answer: Answer) -> None:
        self._timer = None
        transport, request = self._transport, self._request
        if transport is None or request is None:
            return
        if answer.how == "drop":
            self.drop()
            return
        head = write_head(answer, keeps_alive=request.keeps_alive)
        if answer.how == "cut":
            transport.write(head + answer.body[: len(answer.body) // 2])
        else:
            transport.write(head + answer.body)
        if answer.how == "cut" or not request.keeps_alive:
            transport.close()
            self._transport = None
            return
        self._request = None
        if self._is_paused:
            self._is_paused = False
            transport.resume_reading()
        # What was answered at once is inside the loop of `_advance` already.
        if self._buffer and not self._is_advancing:
            self._advance()
