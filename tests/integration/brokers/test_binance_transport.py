"""What is known after something went wrong between us and Binance; its own log is the judge of what arrived."""

import socket
import time
from collections import Counter
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
from tests.emulators.binance.control import BinanceProcess
from tests.integration.brokers.stages import BinanceStage, a_limit, an_order, lookup_of, utc_now

POST = {"method": "POST", "path": "/api/v3/order"}


@pytest.fixture
async def hasty_stage(binance_process: BinanceProcess) -> AsyncIterator[BinanceStage]:
    """A stage whose transport waits half a second for an answer."""
    stage = BinanceStage(binance_process, HttpTransport(total_seconds=0.5))
    yield stage
    await stage.close()


def counted(stage: BinanceStage, request: OrderRequest) -> tuple[int, int]:
    """How often the order reached the venue and how often it was accepted, by the venue's log."""
    summary, name = stage.control.summary(), f"{stage.key}:{request.client_order_id}"
    return summary["submits_by_client_id"].get(name, 0), summary["orders_by_client_id"].get(name, 0)


async def failure(broker: Broker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await broker.submit_order(request)
    return failed.value


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
async def test_after_the_first_byte_every_failure_is_ambiguous_whatever_the_venue_did(
    binance_stage: BinanceStage, kind: str, code: str, orders: int
) -> None:
    binance_stage.control.add_fault(kind, **POST)
    request = an_order(binance_stage)
    error = await failure(binance_stage.open_broker(), request)
    assert (type(error), error.code) == (AmbiguousError, code)
    assert counted(binance_stage, request) == (1, orders)
    found = await binance_stage.open_broker().fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport if orders else NotFound)


@pytest.mark.parametrize(("kind", "orders"), [("accept_then_hang", 1), ("hang_before", 0)])
async def test_silence_after_the_send_is_ambiguous_and_ends_by_our_clock(
    hasty_stage: BinanceStage, kind: str, orders: int
) -> None:
    broker = hasty_stage.open_broker()
    await broker.fetch_balances()  # the venue's time is known by now
    hasty_stage.control.add_fault(kind, **POST, seconds=3)
    request = an_order(hasty_stage)
    began = time.monotonic()
    error = await failure(broker, request)
    assert (type(error), error.code) == (AmbiguousError, "ANSWER_TIMED_OUT")
    assert time.monotonic() - began < 2
    assert counted(hasty_stage, request) == (1, orders)


async def test_silence_before_the_send_is_no_doubt_about_the_order(hasty_stage: BinanceStage) -> None:
    hasty_stage.control.add_fault("hang_all", path="/api/v3/time", seconds=3)
    request = an_order(hasty_stage)
    error = await failure(hasty_stage.open_broker(), request)
    assert (type(error), error.code) == (RetryableError, "ANSWER_TIMED_OUT")
    assert counted(hasty_stage, request) == (0, 0)


async def test_a_window_that_closes_while_the_time_is_asked_for_is_the_senders_to_open_again(
    binance_stage: BinanceStage,
) -> None:
    binance_stage.control.add_fault("delay", path="/api/v3/time", seconds=0.4)
    broker = binance_stage.open_broker()
    request = an_order(binance_stage, send_before=utc_now() + timedelta(seconds=0.3))
    with sending_until(time.monotonic() + 0.2):
        error = await failure(broker, request)
    assert (type(error), error.code) == (RetryableError, "SEND_WINDOW_CLOSED")
    # Without a window it is too late for good.
    error = await failure(broker, request)
    assert (type(error), error.code) == (PermanentError, "EXPIRED_BEFORE_ARRIVAL")
    assert counted(binance_stage, request) == (0, 0)


async def test_a_refused_connection_proves_that_nothing_left(binance_stage: BinanceStage) -> None:
    broker = binance_stage.open_broker()
    await broker.fetch_balances()
    with socket.socket() as taken:
        # Bound but not listening: nobody else can answer here, and nobody does.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = await failure(binance_stage.open_broker(base_url=url), an_order(binance_stage))
    assert (type(error), error.code) == (RetryableError, "NOT_CONNECTED")


async def test_after_the_send_window_no_byte_leaves_and_within_it_the_order_goes(
    binance_stage: BinanceStage,
) -> None:
    broker, request = binance_stage.open_broker(), an_order(binance_stage)
    await broker.fetch_balances()  # so that a kept connection is there to be misused
    with sending_until(time.monotonic() - 0.001):
        error = await failure(broker, request)
        assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    assert (type(error), error.code) == (RetryableError, "SEND_WINDOW_CLOSED")
    assert counted(binance_stage, request) == (0, 0)
    with sending_until(time.monotonic() + 5):
        await broker.submit_order(request)
    assert counted(binance_stage, request) == (1, 1)


async def test_a_closed_door_is_retryable_and_says_when_it_opens(binance_stage: BinanceStage) -> None:
    broker, request = binance_stage.open_broker(), an_order(binance_stage)
    binance_stage.control.add_fault("rate_limit", **POST, seconds=7, times=1)
    error = await failure(broker, request)
    assert (type(error), error.code, error.retry_after_seconds) == (RetryableError, "RATE_LIMITED", 7)
    binance_stage.control.add_fault("ban", **POST, seconds=120, times=1)
    error = await failure(broker, request)
    assert (type(error), error.code) == (RetryableError, "BANNED")
    assert error.retry_after_seconds in {119, 120}
    binance_stage.control.lift_bans()
    await broker.submit_order(request)
    assert counted(binance_stage, request) == (3, 1)


async def test_a_refused_key_is_permanent_and_one_bound_to_an_address_works_from_there(
    binance_stage: BinanceStage,
) -> None:
    binance_stage.control.change_account(binance_stage.key, addresses=["127.0.0.2"])
    request = an_order(binance_stage)
    error = await failure(binance_stage.open_broker(), request)
    assert (type(error), error.code) == (PermanentError, "UNAUTHORIZED")
    there = binance_stage.open_broker(local_address="127.0.0.2")
    assert (await there.submit_order(request)).status is OrderStatus.FILLED
    lines = [line for line in binance_stage.control.lines() if line["key"] == binance_stage.key]
    assert Counter(line["source"] for line in lines) == {"127.0.0.1": 1, "127.0.0.2": 1}


async def test_a_clock_that_went_wrong_costs_one_refusal(binance_stage: BinanceStage) -> None:
    broker, request = binance_stage.open_broker(), an_order(binance_stage)
    await broker.fetch_balances()
    try:
        for skew in (-60, 60):
            binance_stage.control.settings(clock_skew_seconds=skew)
            error = await failure(broker, request)
            assert (type(error), error.code) == (RetryableError, "CLOCK_SKEWED")
            assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
        await broker.submit_order(request)
    finally:
        binance_stage.control.settings(clock_skew_seconds=0)
    assert counted(binance_stage, request) == (3, 1)


async def test_an_order_that_is_under_way_for_too_long_is_refused_by_the_venue(
    binance_stage: BinanceStage,
) -> None:
    binance_stage.control.add_fault("late_accept", **POST, seconds=0.5)
    request = an_order(binance_stage, send_before=utc_now() + timedelta(seconds=0.3))
    broker = binance_stage.open_broker()
    assert isinstance(await failure(broker, request), AmbiguousError)
    deadline = time.monotonic() + 5
    while not [line for line in binance_stage.control.lines() if _is_late_for(line, request)]:
        assert time.monotonic() < deadline
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    assert counted(binance_stage, request) == (1, 0)


def _is_late_for(line: dict[str, object], request: OrderRequest) -> bool:
    names = line.get("client_order_ids")
    return bool(line.get("late")) and isinstance(names, list) and request.client_order_id in names


@pytest.mark.parametrize(
    "kind", ["accept_then_500", "accept_then_drop", "garbage", "truncated", "rate_limit", "lookup_down"]
)
async def test_a_failed_read_is_retryable_and_never_a_not_found(
    binance_stage: BinanceStage, kind: str
) -> None:
    broker, request = binance_stage.open_broker(), an_order(binance_stage)
    await broker.submit_order(request)
    binance_stage.control.add_fault(kind, method="GET", path="/api/v3/order")
    with pytest.raises(RetryableError):
        await broker.fetch_order(lookup_of(request))
    binance_stage.control.clear_faults()
    binance_stage.control.add_fault(kind, method="GET", path="/api/v3/myTrades")
    with pytest.raises(RetryableError):
        await broker.fetch_order(lookup_of(request))


async def test_a_lagging_look_up_misses_an_order_on_both_endpoints(binance_stage: BinanceStage) -> None:
    binance_stage.control.add_fault("lookup_lag", **POST, seconds=1)
    broker, request = binance_stage.open_broker(), an_order(binance_stage)
    await broker.submit_order(request)
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    since = utc_now() - timedelta(minutes=1)
    assert list(await broker.fetch_orders_since(binance_stage.symbol, since)) == []
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(request)), NotFound):
        assert time.monotonic() < deadline


async def test_an_acknowledgement_older_than_the_fill_is_followed_by_the_fill(
    binance_stage: BinanceStage,
) -> None:
    binance_stage.control.add_fault("fill_before_ack", **POST)
    broker, request = binance_stage.open_broker(), an_order(binance_stage)
    report = await broker.submit_order(request)
    assert (report.status, report.filled_quantity) == (OrderStatus.ACCEPTED, Decimal(0))
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport)
    assert (found.status, len(found.fills)) == (OrderStatus.FILLED, 1)


async def test_fills_that_come_twice_and_out_of_order_count_once_and_in_order(
    binance_stage: BinanceStage,
) -> None:
    broker = binance_stage.open_broker()
    for _ in range(4):
        await broker.submit_order(an_order(binance_stage))
    for kind in ("double_fills", "shuffle_fills"):
        binance_stage.control.add_fault(kind)
        fills = await broker.fetch_fills(binance_stage.symbol, utc_now() - timedelta(minutes=1))
        numbers = [int(fill.venue_fill_id) for fill in fills]
        assert len(numbers) == 4
        assert numbers == sorted(set(numbers))
        binance_stage.control.clear_faults()


async def test_a_closed_market_refuses_orders_and_lets_cancels_through(binance_stage: BinanceStage) -> None:
    broker, resting = binance_stage.open_broker(), a_limit(binance_stage, Side.BUY, "90")
    await broker.submit_order(resting)
    binance_stage.control.set_market(binance_stage.venue_symbol, "HALT")
    error = await failure(broker, an_order(binance_stage))
    assert (type(error), error.code) == (PermanentError, "MARKET_CLOSED")
    (listed,) = await broker.fetch_open_orders()
    assert listed.symbol == binance_stage.symbol
    canceled = await broker.cancel_order(lookup_of(resting))
    assert isinstance(canceled, OrderReport)
    assert canceled.status is OrderStatus.CANCELED
    market = binance_stage.adapter.open_market_data(Environment.SANDBOX, binance_stage.control.url)
    assert list(await market.fetch_instruments([binance_stage.symbol])) == []


async def test_a_keys_rights_are_told_by_the_live_api(binance_stage: BinanceStage) -> None:
    rights = await binance_stage.open_broker().fetch_key_rights()
    assert (rights.can_trade, rights.can_withdraw, rights.is_bound_to_addresses) == (True, False, False)
    binance_stage.control.add_fault("withdraw_permissions", times=1)
    assert (await binance_stage.open_broker().fetch_key_rights()).can_withdraw is True
    told = await binance_stage.open_broker(Environment.SANDBOX).fetch_key_rights()
    assert (told.can_trade, told.can_withdraw, told.is_bound_to_addresses) == (True, None, None)
