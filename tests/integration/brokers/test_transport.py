"""Contract cards of HTTP adapters: what is known after something went wrong between us and the venue.

The venue's own log is the judge of what really arrived.
"""

import socket
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from shared.brokers.base import Broker, NotFound
from shared.brokers.factory import AccountAccess, Credentials
from shared.brokers.gate import sending_until
from shared.brokers.http import HttpTransport
from shared.domain.accounts import Environment
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError, TradeError
from shared.domain.orders import OrderReport, OrderRequest
from shared.domain.signals import Side
from tests.emulators.venue.adapter import TestVenueAdapter
from tests.integration.brokers.stages import HttpStage, a_limit, an_order, lookup_of, start_venue, utc_now


def accepted(stage: HttpStage, request: OrderRequest) -> int:
    """How often the venue accepted this order, by its own log."""
    counts: dict[str, int] = stage.control.summary()["orders_by_client_id"]
    return counts.get(f"{stage.key}:{request.client_order_id}", 0)


async def failure(broker: Broker, request: OrderRequest) -> TradeError:
    with pytest.raises(TradeError) as failed:
        await broker.submit_order(request)
    return failed.value


async def test_b30_a_5xx_after_the_order_was_accepted_is_ambiguous(http_stage: HttpStage) -> None:
    http_stage.control.add_fault("accept_then_500", method="POST", path="/orders")
    request = an_order(http_stage)
    error = await failure(http_stage.open_broker(), request)
    assert isinstance(error, AmbiguousError)
    assert error.code == "SERVER_FAILED"
    assert accepted(http_stage, request) == 1
    assert isinstance(await http_stage.open_broker().fetch_order(lookup_of(request)), OrderReport)


async def test_b31_a_5xx_before_anything_was_accepted_is_just_as_ambiguous(http_stage: HttpStage) -> None:
    http_stage.control.add_fault("server_error", method="POST", path="/orders")
    request = an_order(http_stage)
    assert isinstance(await failure(http_stage.open_broker(), request), AmbiguousError)
    assert accepted(http_stage, request) == 0
    assert isinstance(await http_stage.open_broker().fetch_order(lookup_of(request)), NotFound)


async def test_b32_a_timeout_after_the_order_was_accepted_is_ambiguous(http_stage: HttpStage) -> None:
    await http_stage.adapter.close()
    http_stage.adapter = TestVenueAdapter(HttpTransport(total_seconds=0.5))
    http_stage.control.add_fault("accept_then_hang", method="POST", path="/orders", seconds=3)
    request = an_order(http_stage)
    began = time.monotonic()
    error = await failure(http_stage.open_broker(), request)
    assert isinstance(error, AmbiguousError)
    assert error.code == "ANSWER_TIMED_OUT"
    assert time.monotonic() - began < 2
    assert accepted(http_stage, request) == 1


@pytest.mark.parametrize(("kind", "orders"), [("accept_then_drop", 1), ("drop_before", 0)])
async def test_b33_a_connection_lost_after_the_first_byte_is_ambiguous_either_way(
    http_stage: HttpStage, kind: str, orders: int
) -> None:
    http_stage.control.add_fault(kind, method="POST", path="/orders")
    request = an_order(http_stage)
    error = await failure(http_stage.open_broker(), request)
    assert isinstance(error, AmbiguousError)
    assert error.code == "CONNECTION_LOST"
    assert accepted(http_stage, request) == orders
    sent = http_stage.control.summary()["submits_by_client_id"]
    assert sent[f"{http_stage.key}:{request.client_order_id}"] == 1


async def test_b34_a_200_that_cannot_be_read_is_ambiguous(http_stage: HttpStage) -> None:
    http_stage.control.add_fault("garbage", method="POST", path="/orders")
    request = an_order(http_stage)
    error = await failure(http_stage.open_broker(), request)
    assert isinstance(error, AmbiguousError)
    assert error.code == "UNREADABLE_ANSWER"
    assert accepted(http_stage, request) == 1


async def test_b35_a_refused_connection_proves_that_nothing_left(http_stage: HttpStage) -> None:
    with socket.socket() as taken:
        # Bound but not listening: nobody else can answer here, and nobody does.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        access = AccountAccess(
            "account", "testvenue", Environment.LIVE, Credentials(http_stage.key, "secret"), url
        )
        error = await failure(http_stage.adapter.open_broker(access), an_order(http_stage))
    assert isinstance(error, RetryableError)
    assert error.code == "NOT_CONNECTED"


async def test_b36_a_429_is_retryable_and_says_when(http_stage: HttpStage) -> None:
    http_stage.control.add_fault("rate_limit", method="POST", path="/orders", seconds=7, times=1)
    broker, request = http_stage.open_broker(), an_order(http_stage)
    error = await failure(broker, request)
    assert isinstance(error, RetryableError)
    assert (error.code, error.retry_after_seconds) == ("RATE_LIMITED", 7)
    assert accepted(http_stage, request) == 0
    await broker.submit_order(request)
    assert accepted(http_stage, request) == 1


async def test_b37_a_refused_key_is_permanent(http_stage: HttpStage) -> None:
    http_stage.control.add_fault("unauthorized", method="POST", path="/orders")
    error = await failure(http_stage.open_broker(), an_order(http_stage))
    assert isinstance(error, PermanentError)
    assert error.code == "UNAUTHORIZED"


async def test_b38_failed_reads_are_retryable_and_never_a_not_found(http_stage: HttpStage) -> None:
    broker, request = http_stage.open_broker(), an_order(http_stage)
    await broker.submit_order(request)
    for kind in ("accept_then_500", "accept_then_drop", "garbage", "rate_limit"):
        http_stage.control.clear_faults()
        http_stage.control.add_fault(kind, method="GET", path="/order")
        with pytest.raises(RetryableError):
            await broker.fetch_order(lookup_of(request))


async def test_b39_after_the_send_window_no_byte_leaves(http_stage: HttpStage) -> None:
    broker, request = http_stage.open_broker(), an_order(http_stage)
    await broker.fetch_balances()  # so that a kept connection is there to be misused
    with sending_until(time.monotonic() - 0.001):
        error = await failure(broker, request)
        assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    assert isinstance(error, RetryableError)
    assert error.code == "SEND_WINDOW_CLOSED"
    reached = http_stage.control.summary()["submits_by_client_id"]
    assert f"{http_stage.key}:{request.client_order_id}" not in reached


async def test_b40_within_the_send_window_the_order_goes(http_stage: HttpStage) -> None:
    request = an_order(http_stage)
    with sending_until(time.monotonic() + 5):
        await http_stage.open_broker().submit_order(request)
    assert accepted(http_stage, request) == 1


async def test_b41_a_look_up_that_lags_misses_an_order_that_exists(http_stage: HttpStage) -> None:
    http_stage.control.add_fault("lookup_lag", method="POST", path="/orders", seconds=1.5)
    broker, request = http_stage.open_broker(), an_order(http_stage)
    await broker.submit_order(request)
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    assert list(await broker.fetch_orders_since(http_stage.symbol, utc_now() - timedelta(minutes=1))) == []
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(request)), NotFound):
        assert time.monotonic() < deadline


async def test_b42_an_order_accepted_late_appears_after_a_not_found(http_stage: HttpStage) -> None:
    http_stage.control.add_fault("late_accept", method="POST", path="/orders", seconds=1.5)
    broker, request = http_stage.open_broker(), an_order(http_stage)
    assert isinstance(await failure(broker, request), AmbiguousError)
    assert isinstance(await broker.fetch_order(lookup_of(request)), NotFound)
    deadline = time.monotonic() + 5
    while isinstance(await broker.fetch_order(lookup_of(request)), NotFound):
        assert time.monotonic() < deadline
    assert accepted(http_stage, request) == 1


async def test_b43_a_venue_that_keeps_ids_unique_for_good_refuses_a_filled_one(http_stage: HttpStage) -> None:
    http_stage.control.set_modes(client_ids="always")
    broker, request = http_stage.open_broker(), an_order(http_stage)
    await broker.submit_order(request)
    with pytest.raises(DuplicateOrderId):
        await broker.submit_order(request)
    assert accepted(http_stage, request) == 1


async def test_b44_the_log_counts_an_id_that_was_accepted_twice_as_a_double(http_stage: HttpStage) -> None:
    broker, request = http_stage.open_broker(), an_order(http_stage)
    await broker.submit_order(request)
    await broker.submit_order(request)
    assert f"{http_stage.key}:{request.client_order_id}" in http_stage.control.summary()["doubles"]


async def test_b45_load_keys_exist_without_being_registered(http_stage: HttpStage) -> None:
    access = AccountAccess(
        "account",
        "testvenue",
        Environment.SANDBOX,
        Credentials("load-17", "load-secret-17"),
        http_stage.control.url,
    )
    balances = await http_stage.adapter.open_broker(access).fetch_balances()
    assert [(balance.asset, balance.free) for balance in balances] == [("USDT", Decimal(10_000_000))]


async def test_b46_a_buy_pays_its_commission_in_the_base_asset(http_stage: HttpStage) -> None:
    report = await http_stage.open_broker().submit_order(an_order(http_stage))
    (fill,) = report.fills
    assert (fill.commission, fill.commission_asset) == (
        Decimal("0.001"),
        http_stage.symbol.partition("/")[0],
    )


async def test_b47_market_data_needs_no_key_and_leaves_unknown_symbols_out(http_stage: HttpStage) -> None:
    market = http_stage.adapter.open_market_data(Environment.SANDBOX, http_stage.control.url)
    assert len(await market.fetch_instruments()) == 252
    quotes = await market.fetch_quotes((http_stage.symbol, "NOPE/USDT"))
    assert [(quote.symbol, quote.bid, quote.ask) for quote in quotes] == [
        (http_stage.symbol, Decimal("99.99"), Decimal("100.01"))
    ]


async def test_b48_a_line_cut_short_by_a_kill_is_no_order_after_the_restart(
    http_stage: HttpStage, tmp_path: Path
) -> None:
    process = start_venue(tmp_path)
    try:
        access = AccountAccess(
            "account", "testvenue", Environment.LIVE, Credentials("load-1", "load-secret-1"), process.url
        )
        request = a_limit(http_stage, Side.BUY, "1.01", quantity=Decimal(10))
        await http_stage.adapter.open_broker(access).submit_order(request)
        process.kill()
        with process.log_path.open("ab") as log:
            log.write(b'{"method":"POST","path":"/orders","outc')
        process.start()
        orders = await http_stage.adapter.open_broker(access).fetch_open_orders()
        assert [order.client_order_id for order in orders] == [request.client_order_id]
        assert process.control.summary()["accepted"] == 1
    finally:
        process.stop()
