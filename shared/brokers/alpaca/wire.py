"""The way to Alpaca beneath alpaca-py: a `requests` adapter that knows whether a request byte may have left.

As in `shared.brokers.http`, exception classes prove nothing: the connection itself notes the moment before it hands
the first byte to the socket, and there the account's key and the send gate are checked. Nothing is ever repeated, no
redirect is followed, and everything has a timeout.
"""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError

from shared.brokers.codes import Doubt
from shared.brokers.gate import check_send_gate
from shared.brokers.http import CONNECT_SECONDS, TOTAL_SECONDS, doubt
from shared.domain.errors import RetryableError, TradeError

_MOST_CONNECTIONS = 64
# The list of all stocks is some megabytes long.
_LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 65536
_LONGEST_DETAIL = 200


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a connection may take, and the answer once the request has left."""

    connect_seconds: float = CONNECT_SECONDS
    total_seconds: float = TOTAL_SECONDS


@dataclass(slots=True)
class _Departure:
    """Whether a byte of the request of this thread may have left; writes pass the send gate first."""

    is_write: bool
    has_left: bool = False

    def begin(self) -> None:
        if self.is_write:
            check_send_gate()
        self.has_left = True


_departing: ContextVar[_Departure | None] = ContextVar("alpaca_departure", default=None)


class _NotingConnection(HTTPConnection):
    """A connection that tells before it writes the first byte of a request; connecting is no byte of it."""

    def send(self, data: Any) -> None:
        departure = _departing.get()
        if departure is not None and not departure.has_left:
            if self.sock is None:
                self.connect()
            departure.begin()
        super().send(data)


class _NotingSecureConnection(_NotingConnection, HTTPSConnection):
    pass


class _NotingPool(HTTPConnectionPool):
    ConnectionCls = _NotingConnection


class _NotingSecurePool(HTTPSConnectionPool):
    ConnectionCls = _NotingSecureConnection


class Wire(HTTPAdapter):
    """Kept connections from one address of ours, shared by all accounts that use it; safe for many threads.

    Parameters
    ----------
    local_address
        Where requests leave from, None where the system chooses.
    """

    def __init__(self, timeouts: Timeouts, local_address: str | None = None) -> None:
        self.timeouts = timeouts
        self._source = (local_address, 0) if local_address is not None else None
        super().__init__(pool_maxsize=_MOST_CONNECTIONS, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        """Make the pools, of connections that note their first byte."""
        super().init_poolmanager(
            connections, maxsize, block=block, source_address=self._source, **pool_kwargs
        )
        self.poolmanager.pool_classes_by_scheme = {"http": _NotingPool, "https": _NotingSecurePool}


@dataclass(frozen=True)
class AccountDoor(BaseAdapter):
    """The door of one account's session: what bears other credentials or asks elsewhere does not leave.

    `credentials` are the headers that a request must bear, as they must be; `homes` the addresses that it may go to.
    """

    wire: Wire
    homes: tuple[str, ...]
    credentials: Mapping[str, str] = field(repr=False)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the library's signature
        timeout: Any = None,  # noqa: ARG002 - ours holds
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 - none are used
    ) -> requests.Response:
        """Send once and read the whole answer.

        Raises
        ------
        RetryableError
            No byte of a write left, a read failed, or WRONG_KEY: nothing was sent.
        AmbiguousError
            A write may have arrived.
        ValueError
            The request would go to an address that is not the account's.
        """
        self._check(request)
        departure = _Departure(is_write=request.method != "GET")
        limits = self.wire.timeouts
        token = _departing.set(departure)
        try:
            response = self.wire.send(
                request,
                stream=True,
                timeout=(limits.connect_seconds, limits.total_seconds),
                verify=verify,
                cert=cert,
            )
            _read_whole(response, time.monotonic() + limits.total_seconds)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _failure(departure, error) from error
        finally:
            _departing.reset(token)
        return response

    def close(self) -> None:
        """Do nothing: the wire is shared."""

    def _check(self, request: requests.PreparedRequest) -> None:
        url = request.url or ""
        if not any(url.startswith(f"{home}/") for home in self.homes):
            raise ValueError("the client asks at an address that is not the account's")
        if any(request.headers.get(name) != wanted for name, wanted in self.credentials.items()):
            raise RetryableError(Doubt.WRONG_KEY, "the request bears another key than the account's")


def _read_whole(response: requests.Response, deadline: float) -> None:
    body = bytearray()
    # What has come, not a chunk in full: each of these waits at most as long as a read may.
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            response.close()
            raise OSError(f"more than {_LARGEST_ANSWER} bytes")
        if time.monotonic() > deadline:
            response.close()
            raise TimeoutError("the answer came too slowly")
    response._content = bytes(body)  # noqa: SLF001 - what requests itself keeps, read within our bounds
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001


def _failure(departure: _Departure, error: Exception) -> TradeError:
    # The words of these errors name the address and nothing that is secret.
    detail = f"{type(error).__name__}: {str(error)[:_LONGEST_DETAIL]}"
    if not departure.has_left:
        return RetryableError(Doubt.NOT_CONNECTED, detail)
    is_late = isinstance(error, requests.Timeout | ReadTimeoutError | TimeoutError)
    code = Doubt.ANSWER_TIMED_OUT if is_late else Doubt.CONNECTION_LOST
    return doubt(departure.is_write, code, detail)
