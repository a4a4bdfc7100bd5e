"""What is known after something went wrong between us and Coinbase; its own log is the judge of what arrived."""

import asyncio
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
from shared.domain.errors import AmbiguousError, PermanentError, RetryableError, TradeError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderRequest
from shared.domain.signals import Side
from tests.emulators.coinbase.control import CoinbaseProcess
from tests.integration.brokers.coinbase_stage import CoinbaseStage
from tests.integration.brokers.stages import a_limit, an_order, lookup_of, utc_now

API = "/api/v3/brokerage"
POST = {"method": "POST", "path": f"{API}/orders"}
TIME = f"{API}/time"


@pytest.fixture
async def hasty_stage(coinbase_process: CoinbaseProcess) -> AsyncIterator[CoinbaseStage]:
    """A stage whose transport waits half a second for an answer."""
    stage = CoinbaseStage(coinbase_process, HttpTransport(total_seconds=0.5))
    yield stage
    await stage.close()


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
    coinbase_stage: CoinbaseStage, kind: str, code: str, orders: int
) -> None:
    coinbase_stage.control.add_fault(kind, **POST)
    request = an_order(coinbase_stage)
    error = await failure(coinbase_stage.open_broker(), request)
    assert (type(error), error.code) == (AmbiguousError, code)
    assert coinbase_stage.counted(request) == (1, orders)
    # It is found by our id alone, and then with all that became of it.
    found = await coinbase_stage.open_broker().fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport if orders else NotFound)
    if isinstance(found, OrderReport):
        assert (found.status, len(found.fills)) == (OrderStatus.FILLED, 1)


@pytest.mark.parametrize(("kind", "orders"), [("accept_then_hang", 1), ("hang_before", 0)])
async def test_silence_after_the_send_is_ambiguous_and_ends_by_our_clock(
    hasty_stage: CoinbaseStage, kind: str, orders: int
) -> None:
    broker = hasty_stage.open_broker()
    await broker.fetch_balances()  # the venue's time is known by now
    hasty_stage.control.add_fault(kind, **POST, seconds=3)
    request = an_order(hasty_stage)
    began = time.monotonic()
    error = await failure(broker, request)
    assert (type(error), error.code) == (AmbiguousError, "ANSWER_TIMED_OUT")
    assert time.monotonic() - began < 2
    assert hasty_stage.counted(request) == (1, orders)


async def test_silence_before_the_send_is_no_doubt_about_the_order(hasty_stage: CoinbaseStage) -> None:
    hasty_stage.control.add_fault("hang_all", path=TIME, seconds=3)
    request = an_order(hasty_stage)
    error = await failure(hasty_stage.open_broker(), request)
    assert (type(error), error.code) == (RetryableError, "ANSWER_TIMED_OUT")
    assert hasty_stage.counted(request) == (0, 0)


async def test_a_window_that_closes_while_the_time_is_asked_for_is_the_senders_to_open_again(
    coinbase_stage: CoinbaseStage,
) -> None:
    coinbase_stage.control.add_fault("delay", path=TIME, seconds=0.2)
    broker = coinbase_stage.open_broker()
    request = an_order(coinbase_stage)
    with sending_until(time.monotonic() + 0.2):
        error = await failure(broker, request)
    assert (type(error), error.code) == (RetryableError, "SEND_WINDOW_CLOSED")
    late = an_order(coinbase_stage, send_before=utc_now())
    # Without a window it is too late for good.
    error = await failure(broker, late)
    assert (type(error), error.code) == (PermanentError, "EXPIRED_BEFORE_ARRIVAL")
    assert coinbase_stage.counted(request) == coinbase_stage.counted(late) == (0, 0)


async def test_a_refused_connection_proves_that_nothing_left(coinbase_stage: CoinbaseStage) -> None:
    broker = coinbase_stage.open_broker()
    await broker.fetch_balances()
    with socket.socket() as taken:
        # Bound but not listening: nobody else can answer here, and nobody does.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = await failure(coinbase_stage.open_broker(base_url=url), an_order(coinbase_stage))
    assert (type(error), error.code) == (RetryableError, "NOT_CONNECTED")


async def test_after_the_send_window_no_byte_leaves_and_within_it_the_order_goes(
    coinbase_stage: CoinbaseStage,
) -> None:
    broker, request = coinbase_stage.open_broker(), an_order(coinbase_stage)
    await broker.fetch_balances()  # so that a kept connection is there to be misused
    with sending_until(time.monotonic() - 0.001):
        error = await failure(broker, request)
        assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    assert (type(error), error.code) == (RetryableError, "SEND_WINDOW_CLOSED")
    assert coinbase_stage.counted(request) == (0, 0)
    with sending_until(time.monotonic() + 5):
        await broker.submit_order(request)
    assert coinbase_stage.counted(request) == (1, 1)


async def test_a_closed_door_is_retryable_and_says_when_it_opens(coinbase_stage: CoinbaseStage) -> None:
    broker, request = coinbase_stage.open_broker(), an_order(coinbase_stage)
    coinbase_stage.control.add_fault("rate_limit", **POST, seconds=7, times=1)
    error = await failure(broker, request)
    assert (type(error), error.code, error.retry_after_seconds) == (RetryableError, "RATE_LIMITED", 7)
    await broker.submit_order(request)
    assert coinbase_stage.counted(request) == (2, 1)


async def test_each_key_has_room_of_its_own(coinbase_stage: CoinbaseStage) -> None:
    other = CoinbaseStage(coinbase_stage.process)
    broker, apart = coinbase_stage.open_broker(), other.open_broker()
    for each in (broker, apart):
        await each.fetch_balances()  # the venue's time is known by now
    try:
        coinbase_stage.control.settings(limits=True, weight_limit=4)
        asked = await asyncio.gather(*(broker.fetch_balances() for _ in range(9)), return_exceptions=True)
        refused = [answer for answer in asked if isinstance(answer, RetryableError)]
        assert len(refused) >= 5
        assert {error.code for error in refused} == {"RATE_LIMITED"}
        assert len(await apart.fetch_balances()) == 1
    finally:
        coinbase_stage.control.settings(limits=False, weight_limit=1800)
        await other.close()


async def test_a_refused_key_is_permanent_and_one_bound_to_an_address_works_from_there(
    coinbase_stage: CoinbaseStage,
) -> None:
    coinbase_stage.control.change_account(coinbase_stage.key, addresses=["127.0.0.2"])
    request = an_order(coinbase_stage)
    error = await failure(coinbase_stage.open_broker(), request)
    assert (type(error), error.code) == (PermanentError, "UNAUTHORIZED")
    there = coinbase_stage.open_broker(local_address="127.0.0.2")
    assert (await there.submit_order(request)).status is OrderStatus.FILLED
    lines = [line for line in coinbase_stage.control.lines() if line["key"] == coinbase_stage.key]
    sources = Counter(line["source"] for line in lines if line["path"] == POST["path"])
    assert sources == {"127.0.0.1": 1, "127.0.0.2": 1}


async def test_a_key_that_may_only_look_cannot_trade_and_says_so(coinbase_stage: CoinbaseStage) -> None:
    coinbase_stage.control.change_account(coinbase_stage.key, can_trade=False)
    broker = coinbase_stage.open_broker()
    error = await failure(broker, an_order(coinbase_stage))
    assert (type(error), error.code) == (PermanentError, "UNAUTHORIZED")
    assert (await broker.fetch_key_rights()).can_trade is False
    assert len(await broker.fetch_balances()) == 1


async def test_a_clock_that_went_wrong_costs_one_refusal(coinbase_stage: CoinbaseStage) -> None:
    broker, request = coinbase_stage.open_broker(), an_order(coinbase_stage)
    await broker.fetch_balances()
    try:
        for skew in (-300, 300):
            # As if the last question had been some time ago.
            broker._place.clock._measured_at = -10.0
            coinbase_stage.control.settings(clock_skew_seconds=skew)
            error = await failure(broker, request)
            assert (type(error), error.code) == (RetryableError, "CLOCK_SKEWED")
            assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
        await broker.submit_order(request)
    finally:
        coinbase_stage.control.settings(clock_skew_seconds=0)
    assert coinbase_stage.counted(request) == (3, 1)


async def test_an_order_that_the_venue_takes_late_is_found_once_it_is_there(
    coinbase_stage: CoinbaseStage,
) -> None:
    coinbase_stage.control.add_fault("late_accept", **POST, seconds=0.3)
    broker, request = coinbase_stage.open_broker(), an_order(coinbase_stage)
    assert isinstance(await failure(broker, request), AmbiguousError)
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(request)), NotFound):
        # Nothing refuses it for its age: this is why not-found is no proof here for two minutes.
        assert time.monotonic() < deadline
    assert coinbase_stage.counted(request) == (1, 1)


@pytest.mark.parametrize(
    "kind", ["accept_then_500", "accept_then_drop", "garbage", "truncated", "rate_limit", "lookup_down"]
)
@pytest.mark.parametrize("path", ["orders/historical/batch", "orders/historical/fills"])
async def test_a_failed_read_is_retryable_and_never_a_not_found(
    coinbase_stage: CoinbaseStage, kind: str, path: str
) -> None:
    broker, request = coinbase_stage.open_broker(), an_order(coinbase_stage)
    await broker.submit_order(request)
    coinbase_stage.control.add_fault(kind, method="GET", path=f"{API}/{path}")
    with pytest.raises(RetryableError):
        await broker.fetch_order(lookup_of(request))


@pytest.mark.parametrize("kind", ["lookup_down", "rate_limit", "accept_then_drop", "garbage"])
async def test_an_order_that_was_taken_is_reported_though_nothing_can_be_asked_about_it(
    coinbase_stage: CoinbaseStage, kind: str
) -> None:
    coinbase_stage.control.add_fault(kind, method="GET", path=f"{API}/orders/historical/*")
    broker, request = coinbase_stage.open_broker(), an_order(coinbase_stage)
    report = await broker.submit_order(request)
    assert (report.status, report.filled_quantity) == (OrderStatus.ACCEPTED, Decimal(0))
    coinbase_stage.control.clear_faults()
    assert coinbase_stage.counted(request) == (1, 1)


async def test_a_lagging_look_up_misses_an_order_on_both_endpoints(coinbase_stage: CoinbaseStage) -> None:
    coinbase_stage.control.add_fault("lookup_lag", **POST, seconds=1)
    broker, request = coinbase_stage.open_broker(), an_order(coinbase_stage)
    assert (await broker.submit_order(request)).status is OrderStatus.ACCEPTED
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    since = utc_now() - timedelta(minutes=1)
    assert list(await broker.fetch_orders_since(coinbase_stage.symbol, since)) == []
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(request)), NotFound):
        assert time.monotonic() < deadline


async def test_an_acknowledgement_that_comes_after_the_fill_is_followed_by_the_fill(
    coinbase_stage: CoinbaseStage,
) -> None:
    coinbase_stage.control.add_fault("fill_before_ack", **POST, seconds=0.1)
    report = await coinbase_stage.open_broker().submit_order(an_order(coinbase_stage))
    assert (report.status, len(report.fills)) == (OrderStatus.FILLED, 1)


async def test_fills_that_come_twice_and_out_of_order_count_once_and_in_order(
    coinbase_stage: CoinbaseStage,
) -> None:
    broker = coinbase_stage.open_broker()
    sent = [await broker.submit_order(an_order(coinbase_stage)) for _ in range(4)]
    since = utc_now() - timedelta(minutes=1)
    plain = await broker.fetch_fills(coinbase_stage.symbol, since)
    assert [fill.at for fill in plain] == sorted(fill.at for fill in plain)
    assert {fill.venue_order_id for fill in plain} == {report.venue_order_id for report in sent}
    for kind in ("double_fills", "shuffle_fills"):
        coinbase_stage.control.add_fault(kind)
        assert await broker.fetch_fills(coinbase_stage.symbol, since) == plain
        coinbase_stage.control.clear_faults()


async def test_a_closed_market_refuses_orders_and_lets_cancels_through(coinbase_stage: CoinbaseStage) -> None:
    broker, resting = coinbase_stage.open_broker(), a_limit(coinbase_stage, Side.BUY, "90")
    await broker.submit_order(resting)
    coinbase_stage.control.set_market(coinbase_stage.symbol, "HALT")
    error = await failure(broker, an_order(coinbase_stage))
    assert (type(error), error.code) == (PermanentError, "MARKET_CLOSED")
    (listed,) = await broker.fetch_open_orders()
    assert listed.symbol == coinbase_stage.symbol
    canceled = await broker.cancel_order(lookup_of(resting))
    assert isinstance(canceled, OrderReport)
    assert canceled.status is OrderStatus.CANCELED
    assert list(await coinbase_stage.open_market_data().fetch_instruments([coinbase_stage.symbol])) == []


async def test_a_keys_rights_are_told_and_a_right_to_transfer_is_one_to_withdraw(
    coinbase_stage: CoinbaseStage,
) -> None:
    broker = coinbase_stage.open_broker()
    rights = await broker.fetch_key_rights()
    assert (rights.can_trade, rights.can_withdraw, rights.is_bound_to_addresses) == (True, False, None)
    coinbase_stage.control.add_fault("withdraw_permissions", times=1)
    assert (await broker.fetch_key_rights()).can_withdraw is True
