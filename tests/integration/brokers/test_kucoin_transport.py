"""What is known after something went wrong between us and KuCoin; its own log is the judge of what arrived."""

import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
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
from tests.emulators.kucoin.control import KucoinProcess
from tests.integration.brokers.kucoin_stage import KucoinStage
from tests.integration.brokers.stages import a_limit, a_stop, an_order, lookup_of, utc_now

API = "/api/v1"
ORDERS, STOPS = f"{API}/hf/orders", f"{API}/stop-order"
POST = {"method": "POST", "path": ORDERS}


@pytest.fixture
async def hasty_stage(kucoin_process: KucoinProcess) -> AsyncIterator[KucoinStage]:
    """A stage whose transport waits half a second for an answer."""
    stage = KucoinStage(kucoin_process, HttpTransport(total_seconds=0.5))
    yield stage
    await stage.close()


async def failure(broker: Broker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await broker.submit_order(request)
    return failed.value


async def bought(stage: KucoinStage) -> Broker:
    broker = stage.open_broker()
    await broker.submit_order(an_order(stage))
    return broker


FAULTS = [
    ("accept_then_500", "SERVER_FAILED", 1),
    ("accept_then_504", "SERVER_FAILED", 1),
    ("server_error", "SERVER_FAILED", 0),
    ("accept_then_drop", "CONNECTION_LOST", 1),
    ("drop_before", "CONNECTION_LOST", 0),
    ("cut_off", "CONNECTION_LOST", 1),
    ("garbage", "UNREADABLE_ANSWER", 1),
    ("garbage_before", "UNREADABLE_ANSWER", 0),
    ("truncated", "UNREADABLE_ANSWER", 1),
]


@pytest.mark.parametrize(("kind", "code", "orders"), FAULTS)
@pytest.mark.parametrize("path", [ORDERS, STOPS])
async def test_after_the_first_byte_every_failure_is_ambiguous_whatever_the_venue_did(
    kucoin_stage: KucoinStage, path: str, kind: str, code: str, orders: int
) -> None:
    kucoin_stage.control.add_fault(kind, method="POST", path=path)
    request = an_order(kucoin_stage) if path == ORDERS else a_stop(kucoin_stage, Side.SELL, "90")
    error = await failure(kucoin_stage.open_broker(), request)
    assert (type(error), error.code) == (AmbiguousError, code)
    assert kucoin_stage.counted(request) == (1, orders)
    # In whichever family it is, our id finds it, on both endpoints.
    broker = kucoin_stage.open_broker()
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport if orders else NotFound)
    listed = await broker.fetch_orders_since(kucoin_stage.symbol, utc_now() - timedelta(minutes=1))
    assert [order.client_order_id for order in listed] == [request.client_order_id] * orders


@pytest.mark.parametrize(("kind", "orders"), [("accept_then_hang", 1), ("hang_before", 0)])
async def test_silence_after_the_send_is_ambiguous_and_ends_by_our_clock(
    hasty_stage: KucoinStage, kind: str, orders: int
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


async def test_silence_before_the_send_is_no_doubt_about_the_order(hasty_stage: KucoinStage) -> None:
    hasty_stage.control.add_fault("hang_all", path=f"{API}/timestamp", seconds=3)
    request = an_order(hasty_stage)
    error = await failure(hasty_stage.open_broker(), request)
    assert (type(error), error.code) == (RetryableError, "ANSWER_TIMED_OUT")
    assert hasty_stage.counted(request) == (0, 0)


async def test_a_window_that_closes_while_the_time_is_asked_for_is_the_senders_to_open_again(
    kucoin_stage: KucoinStage,
) -> None:
    kucoin_stage.control.add_fault("delay", path=f"{API}/timestamp", seconds=0.4)
    broker = kucoin_stage.open_broker()
    request = an_order(kucoin_stage, send_before=utc_now() + timedelta(seconds=0.3))
    with sending_until(time.monotonic() + 0.2):
        error = await failure(broker, request)
    assert (type(error), error.code) == (RetryableError, "SEND_WINDOW_CLOSED")
    # Without a window it is too late for good.
    error = await failure(broker, request)
    assert (type(error), error.code) == (PermanentError, "EXPIRED_BEFORE_ARRIVAL")
    assert kucoin_stage.counted(request) == (0, 0)


async def test_an_order_that_waits_behind_the_venues_door_is_accepted_however_late(
    kucoin_stage: KucoinStage,
) -> None:
    # That is what the venue's having no expiry means, and why a not-found counts only after W.
    kucoin_stage.control.add_fault("late_accept", **POST, seconds=0.5)
    request = an_order(kucoin_stage, send_before=utc_now() + timedelta(seconds=0.3))
    broker = kucoin_stage.open_broker()
    assert isinstance(await failure(broker, request), AmbiguousError)
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(request)), NotFound):
        assert time.monotonic() < deadline
    assert kucoin_stage.counted(request) == (1, 1)


async def test_a_refused_connection_proves_that_nothing_left(kucoin_stage: KucoinStage) -> None:
    broker = kucoin_stage.open_broker()
    await broker.fetch_balances()
    with socket.socket() as taken:
        # Bound but not listening: nobody else can answer here, and nobody does.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = await failure(kucoin_stage.open_broker(base_url=url), an_order(kucoin_stage))
    assert (type(error), error.code) == (RetryableError, "NOT_CONNECTED")


async def test_after_the_send_window_no_byte_leaves_and_within_it_the_order_goes(
    kucoin_stage: KucoinStage,
) -> None:
    broker, request = kucoin_stage.open_broker(), an_order(kucoin_stage)
    await broker.fetch_balances()  # so that a kept connection is there to be misused
    with sending_until(time.monotonic() - 0.001):
        error = await failure(broker, request)
        assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    assert (type(error), error.code) == (RetryableError, "SEND_WINDOW_CLOSED")
    assert kucoin_stage.counted(request) == (0, 0)
    with sending_until(time.monotonic() + 5):
        await broker.submit_order(request)
    assert kucoin_stage.counted(request) == (1, 1)


async def test_a_closed_door_is_retryable_and_says_when_it_opens(kucoin_stage: KucoinStage) -> None:
    broker, request = kucoin_stage.open_broker(), an_order(kucoin_stage)
    kucoin_stage.control.add_fault("rate_limit", **POST, seconds=7, times=1)
    error = await failure(broker, request)
    assert (type(error), error.code, error.retry_after_seconds) == (RetryableError, "RATE_LIMITED", 7)
    kucoin_stage.control.add_fault("ban", **POST, seconds=120, times=1)
    error = await failure(broker, request)
    assert (type(error), error.code) == (RetryableError, "RATE_LIMITED")
    assert error.retry_after_seconds in {119, 120}
    kucoin_stage.control.lift_bans()
    await broker.submit_order(request)
    assert kucoin_stage.counted(request) == (3, 1)


async def test_an_account_that_has_used_its_room_is_refused_and_the_others_go_on(
    kucoin_stage: KucoinStage, kucoin_process: KucoinProcess
) -> None:
    other = KucoinStage(kucoin_process)
    for stage in (kucoin_stage, other):
        await stage.open_broker().fetch_balances()
    kucoin_stage.control.settings(limits=True, weight_limit=10)
    try:
        with pytest.raises(RetryableError, match="RATE_LIMITED"):
            await kucoin_stage.open_broker().fetch_key_rights()
        await other.open_broker().fetch_balances()
    finally:
        kucoin_stage.control.settings(limits=False, weight_limit=8000)
        await other.close()


@pytest.mark.parametrize(
    "changes",
    [{"secret": "other"}, {"passphrase": "other"}, {"can_trade": False}, {"addresses": ["127.0.0.2"]}],
)
async def test_a_refused_login_is_permanent(kucoin_stage: KucoinStage, changes: dict[str, object]) -> None:
    kucoin_stage.control.change_account(kucoin_stage.key, **changes)
    request = an_order(kucoin_stage)
    error = await failure(kucoin_stage.open_broker(), request)
    assert (type(error), error.code) == (PermanentError, "UNAUTHORIZED")
    assert kucoin_stage.counted(request) == (1, 0)


async def test_a_key_bound_to_an_address_works_from_there(kucoin_stage: KucoinStage) -> None:
    kucoin_stage.control.change_account(kucoin_stage.key, addresses=["127.0.0.2"])
    there = kucoin_stage.open_broker(local_address="127.0.0.2")
    assert (await there.submit_order(an_order(kucoin_stage))).status is OrderStatus.FILLED
    assert (await there.fetch_key_rights()).is_bound_to_addresses
    lines = [line for line in kucoin_stage.control.lines() if line["key"] == kucoin_stage.key]
    assert {line["source"] for line in lines} == {"127.0.0.2"}


async def test_a_clock_that_went_wrong_costs_one_refusal(kucoin_stage: KucoinStage) -> None:
    broker, request = kucoin_stage.open_broker(), an_order(kucoin_stage)
    await broker.fetch_balances()
    try:
        for skew in (-60, 60):
            kucoin_stage.control.settings(clock_skew_seconds=skew)
            error = await failure(broker, request)
            assert (type(error), error.code) == (RetryableError, "CLOCK_SKEWED")
            assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
        await broker.submit_order(request)
    finally:
        kucoin_stage.control.settings(clock_skew_seconds=0)
    assert kucoin_stage.counted(request) == (3, 1)


@pytest.mark.parametrize(
    "kind", ["accept_then_500", "accept_then_drop", "garbage", "truncated", "rate_limit", "lookup_down"]
)
async def test_a_failed_read_is_retryable_and_never_a_not_found(kucoin_stage: KucoinStage, kind: str) -> None:
    broker, request = kucoin_stage.open_broker(), an_order(kucoin_stage)
    await broker.submit_order(request)
    for path in (f"{ORDERS}/client-order/*", f"{API}/hf/fills"):
        kucoin_stage.control.add_fault(kind, method="GET", path=path)
        with pytest.raises(RetryableError):
            await broker.fetch_order(lookup_of(request))
        kucoin_stage.control.clear_faults()
    stop = a_stop(kucoin_stage, Side.SELL, "90")
    await broker.submit_order(stop)
    for path in (f"{STOPS}/queryOrderByClientOid", STOPS):
        kucoin_stage.control.add_fault(kind, method="GET", path=path)
    with pytest.raises(RetryableError):
        await broker.fetch_order(lookup_of(stop))
    with pytest.raises(RetryableError):
        await broker.fetch_open_orders(kucoin_stage.symbol)


@pytest.mark.parametrize("is_stop", [False, True])
async def test_a_lagging_look_up_misses_an_order_on_both_endpoints(
    kucoin_stage: KucoinStage, is_stop: bool
) -> None:
    kucoin_stage.control.add_fault("lookup_lag", method="POST", seconds=1)
    broker = kucoin_stage.open_broker()
    request = a_stop(kucoin_stage, Side.SELL, "90") if is_stop else an_order(kucoin_stage)
    placed = await broker.submit_order(request)
    assert placed.status is OrderStatus.ACCEPTED
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    since = utc_now() - timedelta(minutes=1)
    assert list(await broker.fetch_orders_since(kucoin_stage.symbol, since)) == []
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(request)), NotFound):
        assert time.monotonic() < deadline


async def test_fills_that_come_twice_and_out_of_order_count_once_and_in_order(
    kucoin_stage: KucoinStage,
) -> None:
    broker = kucoin_stage.open_broker()
    for _ in range(4):
        await broker.submit_order(an_order(kucoin_stage))
    for kind in ("double_fills", "shuffle_fills"):
        kucoin_stage.control.add_fault(kind)
        fills = await broker.fetch_fills(kucoin_stage.symbol, utc_now() - timedelta(minutes=1))
        numbers = [int(fill.venue_fill_id) for fill in fills]
        assert len(numbers) == 4
        assert numbers == sorted(set(numbers))
        kucoin_stage.control.clear_faults()


async def test_a_closed_market_refuses_orders_and_lets_cancels_through(kucoin_stage: KucoinStage) -> None:
    broker, resting = kucoin_stage.open_broker(), a_limit(kucoin_stage, Side.BUY, "90")
    await broker.submit_order(resting)
    kucoin_stage.control.set_market(kucoin_stage.symbol, "HALT")
    error = await failure(broker, an_order(kucoin_stage))
    assert (type(error), error.code) == (PermanentError, "MARKET_CLOSED")
    canceled = await broker.cancel_order(lookup_of(resting))
    assert isinstance(canceled, OrderReport)
    assert canceled.status is OrderStatus.CANCELED


async def test_a_keys_rights_are_told_and_a_withdrawal_is_seen(kucoin_stage: KucoinStage) -> None:
    rights = await kucoin_stage.open_broker().fetch_key_rights()
    assert (rights.can_trade, rights.can_withdraw, rights.is_bound_to_addresses) == (True, False, False)
    kucoin_stage.control.add_fault("withdraw_permissions", times=1)
    assert (await kucoin_stage.open_broker().fetch_key_rights()).can_withdraw is True


async def test_a_cancel_that_may_not_have_arrived_is_repeated_until_its_end_is_told(
    kucoin_stage: KucoinStage,
) -> None:
    broker = await bought(kucoin_stage)
    for request in (
        a_stop(kucoin_stage, Side.SELL, "90", quantity=Decimal(1)),
        a_limit(kucoin_stage, Side.BUY, "90"),
    ):
        placed = await broker.submit_order(request)
        kucoin_stage.control.add_fault("accept_then_500", method="DELETE", times=1)
        lookup = replace(lookup_of(request), venue_order_id=placed.venue_order_id)
        with pytest.raises(AmbiguousError, match="SERVER_FAILED"):
            await broker.cancel_order(lookup)
        ended = await broker.cancel_order(lookup)
        assert isinstance(ended, OrderReport)
        assert (ended.status, ended.code) == (OrderStatus.CANCELED, "CANCELED_BY_REQUEST")
    assert list(await broker.fetch_open_orders(kucoin_stage.symbol)) == []


async def test_a_stop_that_was_cancelled_at_the_venue_itself_is_seen(kucoin_stage: KucoinStage) -> None:
    broker = await bought(kucoin_stage)
    stop = a_stop(kucoin_stage, Side.SELL, "90", quantity=Decimal(1))
    placed = await broker.submit_order(stop)
    await kucoin_stage.open_broker().cancel_order(lookup_of(stop))
    found = await broker.fetch_order(replace(lookup_of(stop), venue_order_id=placed.venue_order_id))
    assert isinstance(found, OrderReport)
    assert (found.status, found.open_quantity) == (OrderStatus.CANCELED, Decimal(0))


async def test_the_log_says_which_orders_were_sent_and_accepted(kucoin_stage: KucoinStage) -> None:
    broker = kucoin_stage.open_broker()
    request = an_order(kucoin_stage)
    await broker.submit_order(request)
    (line,) = [
        row for row in kucoin_stage.control.lines() if request.client_order_id in row.get("submits", ())
    ]
    assert (line["key"], line["method"], line["path"], line["outcome"]) == (
        kucoin_stage.key,
        "POST",
        ORDERS,
        "OK",
    )
    assert [order["client_order_id"] for order in line["accepted"]] == [request.client_order_id]
    assert Counter(fill["client_order_id"] for fill in line["fills"]) == {request.client_order_id: 1}
