"""What is known after something went wrong between us and Alpaca; its own log is the judge of what arrived."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import pytest

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.alpaca.broker import AlpacaBroker
from shared.brokers.alpaca.place import MOST_THREADS
from shared.brokers.base import Broker, NotFound
from shared.brokers.factory import AccountAccess, Credentials
from shared.brokers.gate import sending_until
from shared.domain.accounts import Environment
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderReport, OrderRequest
from tests.emulators.alpaca.control import AlpacaProcess
from tests.integration.brokers.alpaca_recorder import an_order as an_order_for_nobody
from tests.integration.brokers.alpaca_stage import AlpacaStage, an_order
from tests.integration.brokers.stages import lookup_of, utc_now

POST = {"method": "POST", "path": "/v2/orders"}
LOOK_UP = {"method": "GET", "path": "/v2/orders:by_client_order_id"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HALF_AN_ANSWER = HEAD + b"Content-Length: 500\r\n\r\n{"
HALF_OF_CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}   \r\n"


@pytest.fixture
async def stage(alpaca_process: AlpacaProcess) -> AsyncIterator[AlpacaStage]:
    stage = AlpacaStage(alpaca_process)
    yield stage
    await stage.close()


@pytest.fixture
async def hasty_stage(alpaca_process: AlpacaProcess) -> AsyncIterator[AlpacaStage]:
    """A stage whose wire waits half a second for an answer."""
    stage = AlpacaStage(alpaca_process, total_seconds=0.5)
    yield stage
    await stage.close()


async def failure(broker: Broker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await broker.submit_order(request)
    return failed.value


@contextlib.contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does one thing with every connection, in threads, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def open_at(adapter: AlpacaAdapter, url: str) -> AlpacaBroker:
    access = AccountAccess("a", "alpaca", Environment.SANDBOX, Credentials("key", "secret"), url)
    broker = adapter.open_broker(access)
    assert isinstance(broker, AlpacaBroker)
    return broker


@pytest.mark.parametrize(
    ("kind", "code", "orders"),
    [
        ("accept_then_500", "SERVER_FAILED", 1),
        ("server_error", "SERVER_FAILED", 0),
        ("accept_then_drop", "CONNECTION_LOST", 1),
        ("drop_before", "CONNECTION_LOST", 0),
        ("garbage", "UNREADABLE_ANSWER", 1),
    ],
)
async def test_after_the_first_byte_every_failure_is_ambiguous_whatever_the_venue_did(
    stage: AlpacaStage, kind: str, code: str, orders: int
) -> None:
    stage.control.add_fault(kind, **POST)
    broker, request = stage.open_broker(), an_order(stage)
    error = await failure(broker, request)
    assert (type(error), error.code) == (AmbiguousError, code)
    assert stage.counted(request) == (1, orders)
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport if orders else NotFound)


async def test_connections_are_kept_and_shared_by_accounts() -> None:
    opened: list[int] = []

    def answer_thrice(connection: socket.socket) -> None:
        opened.append(1)
        for _ in range(3):
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n[]")
            connection.recv(65536)

    adapter = AlpacaAdapter()
    with serving(answer_thrice) as url:
        for _ in range(3):
            await open_at(adapter, url).fetch_open_orders()
        assert len(opened) == 1
    await adapter.close()


async def test_a_kept_connection_that_breaks_under_an_order_is_not_tried_again(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    await broker.fetch_balances()
    stage.control.add_fault("accept_then_drop", **POST)
    assert isinstance(await failure(broker, request), AmbiguousError)
    assert stage.counted(request) == (1, 1)


async def test_an_answer_that_does_not_come_in_time_is_ambiguous(hasty_stage: AlpacaStage) -> None:
    hasty_stage.control.add_fault("accept_then_hang", **POST, seconds=3)
    request, began = an_order(hasty_stage), time.monotonic()
    error = await failure(hasty_stage.open_broker(), request)
    assert (type(error), error.code) == (AmbiguousError, "ANSWER_TIMED_OUT")
    assert time.monotonic() - began < 2
    assert hasty_stage.counted(request) == (1, 1)


async def test_an_answer_that_comes_drop_by_drop_ends_with_the_same_timeout() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(HALF_AN_ANSWER)
        ended = threading.Event()
        while not ended.wait(0.1):
            connection.sendall(b" ")

    adapter = AlpacaAdapter(total_seconds=0.5)
    with serving(drip) as url:
        began = time.monotonic()
        error = await failure(open_at(adapter, url), an_order_for_nobody())
    assert (type(error), error.code) == (AmbiguousError, "ANSWER_TIMED_OUT")
    assert time.monotonic() - began < 2
    await adapter.close()


@pytest.mark.parametrize("half", [HALF_AN_ANSWER, HALF_OF_CHUNKS], ids=["length", "chunks"])
async def test_an_answer_that_is_cut_off_is_ambiguous_for_a_write_and_retryable_for_a_read(
    half: bytes,
) -> None:
    adapter = AlpacaAdapter()
    with serving(lambda connection: connection.sendall(half)) as url:
        broker, request = open_at(adapter, url), an_order_for_nobody()
        error = await failure(broker, request)
        assert (type(error), error.code) == (AmbiguousError, "CONNECTION_LOST")
        with pytest.raises(RetryableError, match="CONNECTION_LOST"):
            await broker.fetch_order(lookup_of(request))
    await adapter.close()


async def test_a_refused_connection_proves_that_nothing_left(stage: AlpacaStage) -> None:
    with socket.socket() as taken:
        # Bound but not listening: nobody else can answer here, and nobody does.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = await failure(stage.open_broker(base_url=url), an_order(stage))
    assert (type(error), error.code) == (RetryableError, "NOT_CONNECTED")


async def test_a_connection_that_fails_its_handshake_proves_that_nothing_left() -> None:
    adapter = AlpacaAdapter()
    with serving(lambda connection: connection.sendall(b"no TLS here")) as url:
        error = await failure(open_at(adapter, url.replace("http:", "https:")), an_order_for_nobody())
    assert (type(error), error.code) == (RetryableError, "NOT_CONNECTED")
    await adapter.close()


async def test_after_the_send_window_no_byte_leaves_and_within_it_the_order_goes(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    await broker.fetch_balances()  # so that a kept connection is there to be misused
    with sending_until(time.monotonic() - 0.001):
        for write in (broker.submit_order(request), broker.cancel_order(OrderLookup("id", "W", "venue-1"))):
            with pytest.raises(RetryableError, match="SEND_WINDOW_CLOSED"):
                await write
        assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    assert stage.counted(request) == (0, 0)
    with sending_until(time.monotonic() + 5):
        await broker.submit_order(request)
    assert stage.counted(request) == (1, 1)


async def test_an_order_whose_turn_comes_after_its_window_does_not_leave(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    stage.control.add_fault("delay", method="GET", path="/v2/orders", seconds=0.6, key=stage.key)
    # All threads wait for answers, so the order must wait for one of them.
    busy = [asyncio.create_task(broker.fetch_open_orders()) for _ in range(MOST_THREADS)]
    await asyncio.sleep(0)
    with sending_until(time.monotonic() + 0.2):
        error = await failure(broker, request)
    assert (type(error), error.code) == (RetryableError, "SEND_WINDOW_CLOSED")
    assert stage.counted(request) == (0, 0)
    await asyncio.gather(*busy)


async def test_an_order_that_is_given_up_while_it_waits_for_its_turn_never_leaves(stage: AlpacaStage) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    stage.control.add_fault("delay", method="GET", path="/v2/orders", seconds=0.4, key=stage.key)
    busy = [asyncio.create_task(broker.fetch_open_orders()) for _ in range(MOST_THREADS)]
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(broker.submit_order(request), 0.1)
    await asyncio.gather(*busy)
    await broker.fetch_balances()
    assert stage.counted(request) == (0, 0)


async def test_a_closed_door_is_retryable_says_when_it_opens_and_is_knocked_at_once(
    stage: AlpacaStage,
) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    stage.control.add_fault("rate_limit", **POST, seconds=7, times=1)
    error = await failure(broker, request)
    assert (type(error), error.code, error.retry_after_seconds) == (RetryableError, "RATE_LIMITED", 7)
    assert stage.counted(request) == (1, 0)
    await broker.submit_order(request)
    assert stage.counted(request) == (2, 1)


@pytest.mark.parametrize("changes", [{"credentials": Credentials("load", "secret")}, {"credentials": None}])
async def test_a_login_that_the_venue_does_not_know_is_refused_for_good(
    stage: AlpacaStage, changes: dict[str, Credentials | None]
) -> None:
    login = changes["credentials"] or Credentials(stage.key, "another")
    request = an_order(stage)
    error = await failure(stage.open_broker(credentials=login), request)
    assert (type(error), error.code) == (PermanentError, "UNAUTHORIZED")
    # The same account by its token.
    broker = stage.open_broker(credentials=Credentials(access_token=stage.token))
    assert (await broker.submit_order(request)).status is OrderStatus.FILLED


@pytest.mark.parametrize(
    "kind", ["accept_then_500", "accept_then_drop", "garbage", "rate_limit", "server_error"]
)
async def test_a_failed_read_is_retryable_and_never_a_not_found(stage: AlpacaStage, kind: str) -> None:
    broker, request = stage.open_broker(), an_order(stage)
    await broker.submit_order(request)
    for asked in (LOOK_UP, {"method": "GET", "path": "/v2/account/activities/FILL"}):
        stage.control.add_fault(kind, **asked)
        with pytest.raises(RetryableError):
            await broker.fetch_order(lookup_of(request))
        stage.control.clear_faults()


async def test_a_lagging_look_up_misses_an_order_on_both_endpoints_and_its_id_still_counts(
    stage: AlpacaStage,
) -> None:
    stage.control.add_fault("lookup_lag", **POST, seconds=1)
    broker, request = stage.open_broker(), an_order(stage)
    # It is told as it was answered.
    assert (await broker.submit_order(request)).status is OrderStatus.ACCEPTED
    stage.control.clear_faults()
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    since = utc_now() - timedelta(minutes=1)
    assert list(await broker.fetch_orders_since(stage.symbol, since)) == []
    with pytest.raises(DuplicateOrderId):
        await broker.submit_order(request)
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(request)), NotFound):
        assert time.monotonic() < deadline
