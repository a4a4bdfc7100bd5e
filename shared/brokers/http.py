"""The HTTP transport of adapters: it knows whether a request byte may have left, and says so by family.

Exception classes never prove that a write did not arrive; only our own record does. aiohttp calls
`on_request_headers_sent` right before it hands the first byte to the socket: there the account's key and the
send gate are checked and the departure recorded. What fails before that never left (Retryable); a write that fails
after it may have arrived (Ambiguous); a typed refusal is proof (Permanent, by the adapter).
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from yarl import URL

from shared.brokers.codes import Doubt
from shared.brokers.gate import check_send_gate
from shared.domain.errors import AmbiguousError, RetryableError, TradeError

T = TypeVar("T")

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 8.0
# Shorter than servers keep idle connections, so that a write seldom meets one that is being closed.
_KEEP_ALIVE_SECONDS = 15.0
_MOST_CONNECTIONS = 200
# A venue that lists thousands of instruments needs several MiB to say so.
_LARGEST_ANSWER = 32 * 1024 * 1024
# Refused at the door, whoever asks: nothing of the request was looked at. 418 is Binance's word for a ban.
_AT_THE_DOOR = {429: Doubt.RATE_LIMITED, 418: Doubt.BANNED}
_SERVER_ERRORS = 500
_NO_CONTENT = 204
_LONGEST_DETAIL = 200

Observer = Callable[[str, str | None, Mapping[str, str]], None]
"""Told of every answer: the base address asked, our own address, and the answer's headers."""


@dataclass(frozen=True, slots=True)
class KeyGuard:
    """The one key that requests of an account may bear, and the header that bears it.

    Measured: a client shared by accounts, held up between choosing a key and signing, sent 49 of 50
    orders under another account's key.
    """

    header: str
    key: str = field(repr=False)

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise RetryableError(WRONG_KEY) unless the headers bear the account's own key."""
        if headers.get(self.header) != self.key:
            raise RetryableError(Doubt.WRONG_KEY, "the request bears another key than the account's")


@dataclass(slots=True)
class Departure:
    """Whether a byte of this request may have left; writes pass the send gate first."""

    is_write: bool
    guard: KeyGuard | None = None
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, complete and signed; `path` includes the query, `body` is what was signed.

    It leaves from `local_address`, where one is given, and only with the key that `guard` names. Refusals of the
    statuses in `bare_statuses` need not be JSON: of them the status alone says all.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None
    is_write: bool = False
    guard: KeyGuard | None = None
    local_address: str | None = None
    bare_statuses: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A readable answer: its status below 500 and its JSON."""

    status: int
    payload: Any

    @property
    def is_ok(self) -> bool:
        """Whether the venue did what was asked."""
        return 200 <= self.status < 300


class HttpTransport:
    """Sends requests over one session per event loop and local address, shared by all accounts of a venue.

    No redirect is followed (a 307 would post an order again) and nothing is repeated, but for a GET or
    DELETE that meets a kept connection the server has just closed: aiohttp sends those once more.

    Parameters
    ----------
    connect_seconds, total_seconds
        How long a connection, and everything together, may take.
    """

    def __init__(
        self, *, connect_seconds: float = CONNECT_SECONDS, total_seconds: float = TOTAL_SECONDS
    ) -> None:
        self._timeout = aiohttp.ClientTimeout(
            total=total_seconds, connect=connect_seconds, sock_connect=connect_seconds
        )
        self._sessions: dict[_Origin, aiohttp.ClientSession] = {}
        self._observers: list[Observer] = []

    def watch(self, observer: Observer) -> None:
        """Tell an observer of every answer, refusals too, before anything is made of it."""
        self._observers.append(observer)

    async def send(self, base_url: str, request: HttpRequest) -> HttpAnswer:
        """Send once and read the answer.

        Raises
        ------
        RetryableError
            Nothing can have happened: no byte of a write left, a read failed, or the venue's door was closed
            (429, 418).
        AmbiguousError
            A write may have arrived: timeout, disconnect, 5xx, or an answer that cannot be read.
        """
        departure = Departure(request.is_write, request.guard)
        try:
            async with self._session(request.local_address).request(
                request.method,
                # As it was signed: yarl would write escaped characters in a way of its own.
                URL(base_url.rstrip("/") + request.path, encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                trace_request_ctx=departure,
            ) as response:
                body = await _read_body(response)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _failure(departure, error) from error
        for observer in self._observers:
            observer(base_url, request.local_address, response.headers)
        return make_answer(
            response.status,
            body,
            _told_wait(response.headers),
            is_write=request.is_write,
            bare_statuses=request.bare_statuses,
        )

    async def close(self) -> None:
        """Close the running loop's sessions."""
        loop = asyncio.get_running_loop()
        for origin in [origin for origin in self._sessions if origin[0] is loop]:
            await self._sessions.pop(origin).close()

    def _session(self, local_address: str | None) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get((loop, local_address))
        if session is None:
            # A loop that is gone cannot close its sessions any more; do not keep them for its successor.
            self._sessions = {
                origin: held for origin, held in self._sessions.items() if not origin[0].is_closed()
            }
            session = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(
                    limit=_MOST_CONNECTIONS,
                    keepalive_timeout=_KEEP_ALIVE_SECONDS,
                    local_addr=(local_address, 0) if local_address is not None else None,
                ),
                trace_configs=[_trace()],
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
            self._sessions[loop, local_address] = session
        return session


_Origin = tuple[asyncio.AbstractEventLoop, str | None]


def make_answer(
    status: int,
    body: bytes,
    retry_after: str | None,
    *,
    is_write: bool,
    bare_statuses: frozenset[int] = frozenset(),
) -> HttpAnswer:
    """Read an answer's JSON, decimals as text; an empty body is None where the venue says that nothing comes.

    So is a body that is no JSON, where the status is one of `bare_statuses`.

    Raises
    ------
    RetryableError
        The venue's door was closed (429, 418), or a read failed.
    AmbiguousError
        A write's answer says 5xx or cannot be read.
    """
    at_the_door = _AT_THE_DOOR.get(status)
    if at_the_door is not None:
        seconds = read_retry_after(retry_after)
        raise RetryableError(at_the_door, body[:_LONGEST_DETAIL].decode(errors="replace"), seconds)
    if status >= _SERVER_ERRORS:
        raise doubt(is_write, Doubt.SERVER_FAILED, f"status {status}")
    if status == _NO_CONTENT and not body:
        return HttpAnswer(status, None)
    try:
        return HttpAnswer(status, json.loads(body, parse_float=str))
    except ValueError as error:
        if status in bare_statuses:
            return HttpAnswer(status, None)
        raise doubt(is_write, Doubt.UNREADABLE_ANSWER, f"status {status}") from error


def doubt(is_write: bool, code: str, detail: str) -> TradeError:
    """Make the error of an outcome that cannot be read: Ambiguous for a write, Retryable for a read."""
    return AmbiguousError(code, detail) if is_write else RetryableError(code, detail)


def read_answer(answer: HttpAnswer, read: Callable[[Any], T], *, is_write: bool) -> T:
    """Turn an answer's JSON into values; one of another shape is as good as no answer.

    Raises
    ------
    RetryableError, AmbiguousError
        UNREADABLE_ANSWER, for a read and for a write.
    """
    try:
        return read(answer.payload)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        detail = f"status {answer.status}, {type(error).__name__}"
        raise doubt(is_write, Doubt.UNREADABLE_ANSWER, detail) from error


def read_retry_after(header: str | None) -> int | None:
    """Read a Retry-After in seconds, a fraction rounded up; None for a date or anything else."""
    if header is None:
        return None
    whole, _, fraction = header.strip().partition(".")
    if not whole.isdecimal() or (fraction and not fraction.isdecimal()):
        return None
    return int(whole) + (1 if fraction.strip("0") else 0)


def _told_wait(headers: Mapping[str, str]) -> str | None:
    reset = headers.get("gw-ratelimit-reset", "")
    if "Retry-After" in headers or not reset.isdecimal():
        return headers.get("Retry-After")
    # KuCoin's word for it, in milliseconds.
    return str(-(-int(reset) // 1000))


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError(f"more than {_LARGEST_ANSWER} bytes")
    return bytes(body)


def _failure(departure: Departure, error: Exception) -> TradeError:
    detail = f"{type(error).__name__}: {str(error)[:_LONGEST_DETAIL]}"
    if not departure.has_left:
        return RetryableError(Doubt.NOT_CONNECTED, detail)
    code = Doubt.ANSWER_TIMED_OUT if isinstance(error, TimeoutError) else Doubt.CONNECTION_LOST
    return doubt(departure.is_write, code, detail)


def _trace() -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(_before_first_byte)
    return config


async def _before_first_byte(
    _session: aiohttp.ClientSession, context: Any, params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    departure: Departure = context.trace_request_ctx
    # Raising here closes the connection before anything was written to it.
    if departure.guard is not None:
        departure.guard.check(params.headers)
    if departure.is_write:
        check_send_gate()
    departure.has_left = True
