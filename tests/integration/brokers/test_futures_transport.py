"""What is known after something went wrong between us and Binance's futures, by the venue's own log."""

import socket
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.brokers.base import Broker, NotFound
from shared.brokers.gate import sending_until
from shared.brokers.http import HttpTransport
from shared.domain.accounts import Environment
from shared.domain.errors import AmbiguousError, PermanentError, RetryableError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderRequest
from shared.domain.signals import Side
from tests.emulators.binance_futures.control import BinanceFuturesProcess
from tests.integration.brokers.futures_stage import FuturesStage
from tests.integration.brokers.stages import a_stop, an_order, lookup_of, utc_now

ORDER, ALGO = "/fapi/v1/order", "/fapi/v1/algoOrder"
BOTH = pytest.mark.parametrize("path", [ORDER, ALGO], ids=["order", "algo"])


@pytest.fixture
async def hasty_stage(futures_process: BinanceFuturesProcess) -> AsyncIterator[FuturesStage]:
    """A stage whose transport waits half a second for an answer."""
    stage = FuturesStage(futures_process, HttpTransport(total_seconds=0.5))
    yield stage
    await stage.close()


def made(stage: FuturesStage, path: str, **changes: object) -> OrderRequest:
    return an_order(stage, **changes) if path == ORDER else a_stop(stage, Side.SELL, "90", **changes)


def counted(stage: FuturesStage, request: OrderRequest) -> tuple[int, int]:
    """How often the order reached the venue and how often it was accepted, by the venue's log."""
    summary, name = stage.control.summary(), f"{stage.key}:{request.client_order_id}"
    return summary["submits_by_client_id"].get(name, 0), summary["orders_by_client_id"].get(name, 0)


async def failure(stage: FuturesStage, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await stage.open_broker().submit_order(request)
    return failed.value


@BOTH
@pytest.mark.parametrize(
    ("kind", "code", "orders"),
    [
        ("accept_then_500", "SERVER_FAILED", 1),
        ("accept_then_504", "SERVER_FAILED", 1),
        ("server_error", "SERVER_FAILED", 0),
        ("accept_then_drop", "CONNECTION_LOST", 1),
        ("drop_before", "CONNECTION_LOST", 0),
        ("cut_off", "CONNECTION_LOST", 1),
        ("garbage", "UNREADABLE_ANSWER", 1),
        ("garbage_before", "UNREADABLE_ANSWER", 0),
        ("truncated", "UNREADABLE_ANSWER", 1),
    ],
)
async def test_after_the_first_byte_every_failure_is_ambiguous_and_a_look_up_by_our_id_tells(
    futures_stage: FuturesStage, path: str, kind: str, code: str, orders: int
) -> None:
    futures_stage.control.add_fault(kind, method="POST", path=path)
    request = made(futures_stage, path)
    error = await failure(futures_stage, request)
    assert (type(error), error.code) == (AmbiguousError, code)
    assert counted(futures_stage, request) == (1, orders)
    found = await futures_stage.open_broker().fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport if orders else NotFound)
    since = utc_now() - timedelta(minutes=1)
    listed = await futures_stage.open_broker().fetch_orders_since(futures_stage.symbol, since)
    assert [report.client_order_id for report in listed] == [request.client_order_id] * orders


@BOTH
@pytest.mark.parametrize(("kind", "orders"), [("accept_then_hang", 1), ("hang_before", 0)])
async def test_silence_after_the_send_is_ambiguous_and_ends_by_our_clock(
    hasty_stage: FuturesStage, path: str, kind: str, orders: int
) -> None:
    await hasty_stage.open_broker().fetch_balances()
    hasty_stage.control.add_fault(kind, method="POST", path=path, seconds=3)
    request = made(hasty_stage, path)
    began = time.monotonic()
    error = await failure(hasty_stage, request)
    assert (type(error), error.code) == (AmbiguousError, "ANSWER_TIMED_OUT")
    assert time.monotonic() - began < 2
    assert counted(hasty_stage, request) == (1, orders)


@BOTH
async def test_a_refused_connection_proves_that_nothing_left(futures_stage: FuturesStage, path: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(RetryableError, match="NOT_CONNECTED"):
            await futures_stage.open_broker(base_url=url).submit_order(made(futures_stage, path))


@BOTH
async def test_after_the_send_window_no_byte_leaves_and_within_it_the_order_goes(
    futures_stage: FuturesStage, path: str
) -> None:
    broker, request = futures_stage.open_broker(), made(futures_stage, path)
    await broker.fetch_balances()
    with sending_until(time.monotonic() - 0.001), pytest.raises(RetryableError, match="SEND_WINDOW_CLOSED"):
        await broker.submit_order(request)
    assert counted(futures_stage, request) == (0, 0)
    with sending_until(time.monotonic() + 5):
        await broker.submit_order(request)
    assert counted(futures_stage, request) == (1, 1)


@BOTH
async def test_an_order_that_is_under_way_for_too_long_is_refused_by_the_venue(
    futures_stage: FuturesStage, path: str
) -> None:
    futures_stage.control.add_fault("late_accept", method="POST", path=path, seconds=0.5)
    request = made(futures_stage, path, send_before=utc_now() + timedelta(seconds=0.3))
    assert isinstance(await failure(futures_stage, request), AmbiguousError)
    deadline = time.monotonic() + 5
    while not [line for line in futures_stage.control.lines() if _is_late_for(line, request)]:
        assert time.monotonic() < deadline
    found = await futures_stage.open_broker().fetch_order(lookup_of(request))
    assert isinstance(found, NotFound)
    assert counted(futures_stage, request) == (1, 0)


def _is_late_for(line: dict[str, object], request: OrderRequest) -> bool:
    names = line.get("client_order_ids")
    return bool(line.get("late")) and isinstance(names, list) and request.client_order_id in names


async def test_a_lagging_look_up_misses_orders_of_both_kinds_on_every_endpoint(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    requests = [made(futures_stage, path) for path in (ORDER, ALGO)]
    for path, request in zip((ORDER, ALGO), requests, strict=True):
        futures_stage.control.add_fault("lookup_lag", method="POST", path=path, seconds=1)
        await broker.submit_order(request)
    since = utc_now() - timedelta(minutes=1)
    assert list(await broker.fetch_orders_since(futures_stage.symbol, since)) == []
    for request in requests:
        assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(requests[1])), NotFound):
        assert time.monotonic() < deadline


@pytest.mark.parametrize("path", [ORDER, ALGO, "/fapi/v1/userTrades"])
@pytest.mark.parametrize("kind", ["accept_then_500", "accept_then_drop", "garbage", "rate_limit"])
async def test_a_failed_read_is_retryable_and_never_a_not_found(
    futures_stage: FuturesStage, kind: str, path: str
) -> None:
    broker, request = futures_stage.open_broker(), an_order(futures_stage)
    unknown = an_order(futures_stage)
    await broker.submit_order(request)
    futures_stage.control.add_fault(kind, method="GET", path=path)
    with pytest.raises(RetryableError):
        await broker.fetch_order(lookup_of(unknown if path == ALGO else request))


async def test_an_acknowledgement_older_than_the_fill_is_followed_by_the_fill(
    futures_stage: FuturesStage,
) -> None:
    futures_stage.control.add_fault("fill_before_ack", method="POST", path=ORDER)
    broker, request = futures_stage.open_broker(), an_order(futures_stage)
    report = await broker.submit_order(request)
    assert (report.status, report.filled_quantity) == (OrderStatus.ACCEPTED, Decimal(0))
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport)
    assert (found.status, len(found.fills)) == (OrderStatus.FILLED, 1)


async def test_fills_that_come_twice_and_out_of_order_count_once_and_in_order(
    futures_stage: FuturesStage,
) -> None:
    broker = futures_stage.open_broker()
    for _ in range(4):
        await broker.submit_order(an_order(futures_stage))
    for kind in ("double_fills", "shuffle_fills"):
        futures_stage.control.add_fault(kind, path="/fapi/v1/userTrades")
        fills = await broker.fetch_fills(futures_stage.symbol, utc_now() - timedelta(minutes=1))
        numbers = [int(fill.venue_fill_id) for fill in fills]
        assert len(numbers) == 4
        assert numbers == sorted(set(numbers))
        futures_stage.control.clear_faults()


async def test_a_closed_door_is_retryable_and_says_when_it_opens(futures_stage: FuturesStage) -> None:
    request = an_order(futures_stage)
    futures_stage.control.add_fault("rate_limit", method="POST", path=ORDER, seconds=7, times=1)
    error = await failure(futures_stage, request)
    assert (type(error), error.code, error.retry_after_seconds) == (RetryableError, "RATE_LIMITED", 7)
    assert counted(futures_stage, request) == (1, 0)


@pytest.mark.parametrize(
    ("limits", "window"),
    [({"order_limit": 2}, "10 SECOND"), ({"day_order_limit": 2, "order_limit": 100}, "1 MINUTE")],
)
async def test_orders_are_counted_in_ten_seconds_and_in_a_minute_and_filled_ones_make_no_room(
    futures_stage: FuturesStage, limits: dict[str, int], window: str
) -> None:
    broker = futures_stage.open_broker()
    futures_stage.control.settings(limits=True, weight_limit=100_000, **limits)
    try:
        # At the edge of a window the count begins anew, once.
        answers = [await attempt(broker, an_order(futures_stage)) for _ in range(5)]
    finally:
        futures_stage.control.settings(limits=False, weight_limit=2400, order_limit=300, day_order_limit=1200)
    refused = [error for error in answers if error is not None]
    assert refused
    assert {(type(error), error.code) for error in refused} == {(RetryableError, "RATE_LIMITED")}
    assert all(window in error.detail for error in refused)


async def attempt(broker: Broker, request: OrderRequest) -> TradeError | None:
    try:
        await broker.submit_order(request)
    except TradeError as error:
        return error
    return None


async def test_a_closed_market_refuses_orders_and_lets_cancels_through(futures_stage: FuturesStage) -> None:
    broker, resting = futures_stage.open_broker(), made(futures_stage, ALGO)
    await broker.submit_order(resting)
    futures_stage.control.set_market(futures_stage.venue_symbol, "HALT")
    for path in (ORDER, ALGO):
        error = await failure(futures_stage, made(futures_stage, path))
        assert (type(error), error.code) == (PermanentError, "MARKET_CLOSED")
    canceled = await broker.cancel_order(lookup_of(resting))
    assert isinstance(canceled, OrderReport)
    assert canceled.status is OrderStatus.CANCELED


async def test_a_keys_rights_and_used_weight_are_told(futures_stage: FuturesStage) -> None:
    broker = futures_stage.open_broker()
    rights = await broker.fetch_key_rights()
    assert (rights.can_trade, rights.can_withdraw, rights.is_bound_to_addresses) == (True, False, False)
    futures_stage.control.add_fault("withdraw_permissions", times=1)
    assert (await broker.fetch_key_rights()).can_withdraw is True
    await broker.fetch_balances()
    used = futures_stage.adapter.used_weight(Environment.LIVE, futures_stage.control.url)
    assert used is not None
    assert used.weight >= 5
