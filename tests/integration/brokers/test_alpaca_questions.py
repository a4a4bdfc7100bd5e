"""Lists in pages, money, and the exchange's hours."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.brokers.alpaca.adapter import AlpacaAdapter
from shared.brokers.alpaca.broker import AlpacaBroker
from shared.brokers.base import Balance
from shared.brokers.factory import Credentials
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError, RetryableError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderReport, OrderType, TimeInForce
from shared.domain.signals import Side
from tests.emulators.alpaca.control import AlpacaProcess
from tests.integration.brokers.alpaca_recorder import (
    FILLS,
    AlpacaRecorder,
    Recorded,
    executed,
    open_broker,
    recording,
    told,
)
from tests.integration.brokers.alpaca_stage import (
    CRYPTO,
    FRACTION,
    OPTION,
    WHOLE,
    AlpacaStage,
    Kind,
    a_limit,
    a_stop,
    an_order,
)
from tests.integration.brokers.stages import lookup_of

SINCE = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
OCC = "SPY261218C00600000"


@pytest.fixture
async def venue() -> AsyncIterator[AlpacaRecorder]:
    async with recording() as recorder:
        yield recorder


@pytest.fixture
async def adapter() -> AsyncIterator[AlpacaAdapter]:
    adapter = AlpacaAdapter({Environment.LIVE: Credentials("market", "market-secret")})
    yield adapter
    await adapter.close()


@pytest.fixture
def broker(venue: AlpacaRecorder, adapter: AlpacaAdapter) -> AlpacaBroker:
    return open_broker(adapter, venue)


async def look_up(broker: AlpacaBroker, request: Any) -> OrderReport:
    found = await broker.fetch_order(lookup_of(request))
    assert isinstance(found, OrderReport)
    return found


# Lists ----------------------------------------------------------------------------------------------


def paged_orders(request: Recorded) -> list[dict[str, Any]]:
    """1,203 orders, three of them at every microsecond; only the first 500 after a moment are told."""
    if "status=open" in request.query:
        return []
    after = next(part[6:] for part in request.query.split("&") if part.startswith("after="))
    moment = datetime.fromisoformat(after.replace("%3A", ":").replace("Z", "+00:00"))
    rows = []
    for number in range(1203):
        at = SINCE + timedelta(microseconds=number // 3 + 1)
        if at > moment:
            stamp = at.isoformat().replace("+00:00", f"{number % 3:03d}Z")
            rows.append(told(number, client_order_id=f"c-{number}", submitted_at=stamp, updated_at=stamp))
    return rows[:500]


async def test_orders_that_fill_several_pages_are_each_listed_once(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    venue.answer("GET /v2/orders", paged_orders)
    orders = await broker.fetch_orders_since("AAPL", SINCE)
    ids = [order.client_order_id for order in orders]
    assert len(ids) == len(set(ids)) == 1203


async def test_of_two_lists_the_newer_state_of_an_order_counts(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    newer = "2026-11-30T16:00:00Z"

    def lists(request: Recorded) -> list[dict[str, Any]]:
        is_open = "status=open" in request.query
        older = told(1, status="new")
        return [older] if is_open else [told(1, status="filled", filled_qty="5", updated_at=newer)]

    venue.answer("GET /v2/orders", lists)
    (order,) = await broker.fetch_orders_since("AAPL", SINCE)
    assert order.status is OrderStatus.FILLED


async def test_open_orders_that_fill_a_page_are_not_taken_as_all_there_are(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    venue.answer("GET /v2/orders", [told(number) for number in range(500)])
    with pytest.raises(RetryableError, match="more open orders"):
        await broker.fetch_open_orders()


async def test_executions_are_read_page_by_page_each_once_and_of_one_symbol(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    def pages(request: Recorded) -> list[dict[str, Any]]:
        rows = [executed(n, symbol="MSFT" if n % 2 else "AAPL") for n in range(250)]
        _, _, token = request.query.partition("page_token=")
        first = int(token[-4:]) + 1 if token else 0
        return rows[first : first + 100]

    venue.answer(FILLS, pages)
    fills = await broker.fetch_fills("AAPL", SINCE)
    assert [int(fill.venue_fill_id[-4:]) for fill in fills] == list(range(0, 250, 2))
    assert len(venue.named(FILLS)) == 3


async def test_a_pair_is_the_same_with_and_without_its_slash(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    venue.answer(FILLS, [executed(1, symbol="BTCUSD", qty="2", price="100"), executed(2, symbol="ETHUSD")])
    (fill,) = await broker.fetch_fills("BTC/USD", SINCE)
    assert (fill.symbol, fill.commission, fill.commission_asset) == ("BTC/USD", Decimal("0.005"), "BTC")
    venue.answer(FILLS, [executed(1, symbol="BTC/USD", qty="2", price="100", side="sell")])
    (fill,) = await broker.fetch_fills("BTC/USD", SINCE)
    assert (fill.commission, fill.commission_asset) == (Decimal("0.5"), "USD")


# Money ----------------------------------------------------------------------------------------------


async def test_money_that_would_be_lent_is_not_the_followers_to_spend(
    venue: AlpacaRecorder, broker: AlpacaBroker
) -> None:
    account = {"cash": "1000.50", "buying_power": "4002", "non_marginable_buying_power": "900.25"}
    venue.answer("GET /v2/account", account)
    held = {"qty": "2.5", "qty_available": "1"}
    venue.answer(
        "GET /v2/positions",
        [
            {**held, "symbol": "AAPL", "asset_class": "us_equity"},
            {**held, "symbol": "BTCUSD", "asset_class": "crypto"},
            {**held, "symbol": "ETH/USD", "asset_class": "crypto"},
            {**held, "symbol": OCC, "asset_class": "us_option"},
        ],
    )
    assert list(await broker.fetch_balances()) == [
        Balance("USD", Decimal("1000.50"), Decimal("900.25")),
        *(Balance(asset, Decimal("2.5"), Decimal(1)) for asset in ("AAPL", "BTC", "ETH", OCC)),
    ]


async def test_an_account_in_debt_has_nothing_to_spend(venue: AlpacaRecorder, broker: AlpacaBroker) -> None:
    account = {"cash": "-20", "buying_power": "50", "non_marginable_buying_power": "0"}
    venue.answer("GET /v2/account", account)
    venue.answer("GET /v2/positions", [])
    assert list(await broker.fetch_balances()) == [Balance("USD", Decimal(-20), Decimal(0))]


async def test_a_margin_account_could_buy_beyond_its_cash_which_is_why_free_counts_cash_alone(
    alpaca_process: AlpacaProcess,
) -> None:
    stage = AlpacaStage(alpaca_process)
    stage.control.create_account(stage.key, "secret", cash="1000", multiplier=2)
    broker = stage.open_broker()
    (money,) = await broker.fetch_balances()
    assert money.free == 1000
    report = await broker.submit_order(an_order(stage, quantity=Decimal(15)))
    assert report.status is OrderStatus.FILLED
    money, _ = await broker.fetch_balances()
    assert (money.total < 0, money.free) == (True, Decimal(0))
    await stage.close()


# Hours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [WHOLE, FRACTION], ids=lambda kind: kind.name)
async def test_orders_for_stocks_wait_while_the_exchange_is_closed_and_the_day_ends_with_it(
    alpaca_process: AlpacaProcess, kind: Kind
) -> None:
    stage = AlpacaStage(alpaca_process, kind)
    broker, resting = stage.open_broker(), a_limit(stage, Side.BUY, "90")
    await broker.submit_order(resting)
    stage.control.set_clock(is_open=False)
    try:
        ended = await look_up(broker, resting)
        is_day = kind.longest is TimeInForce.DAY
        assert ended.status is (OrderStatus.EXPIRED if is_day else OrderStatus.ACCEPTED)
        queued = an_order(stage)
        assert (await broker.submit_order(queued)).status is OrderStatus.ACCEPTED
        assert (await look_up(broker, queued)).filled_quantity == 0
    finally:
        stage.control.set_clock(is_open=True)
    assert (await look_up(broker, queued)).status is OrderStatus.FILLED
    await stage.close()


async def test_crypto_trades_on_and_options_refuse_market_orders_while_the_exchange_is_closed(
    alpaca_process: AlpacaProcess,
) -> None:
    pair, option = AlpacaStage(alpaca_process, CRYPTO), AlpacaStage(alpaca_process, OPTION)
    pair.control.set_clock(is_open=False)
    try:
        assert (await pair.open_broker().submit_order(an_order(pair))).status is OrderStatus.FILLED
        with pytest.raises(PermanentError, match="MARKET_CLOSED"):
            await option.open_broker().submit_order(an_order(option))
    finally:
        pair.control.set_clock(is_open=True)
    await pair.close()
    await option.close()


async def test_a_gap_through_a_stop_of_crypto_leaves_it_open_and_through_one_of_stocks_does_not(
    alpaca_process: AlpacaProcess,
) -> None:
    for kind, status in ((CRYPTO, OrderStatus.ACCEPTED), (WHOLE, OrderStatus.FILLED)):
        stage = AlpacaStage(alpaca_process, kind)
        broker = stage.open_broker()
        await broker.submit_order(an_order(stage, quantity=Decimal(2)))
        stop = a_stop(stage, Side.SELL, "90", reduce_only=True)
        await broker.submit_order(stop)
        # Beyond the limit, which lies 2 % below the stop.
        stage.set_price("80")
        assert (await look_up(broker, stop)).status is status
        await stage.close()


async def test_a_stop_of_whole_shares_can_trail_at_the_venue(alpaca_process: AlpacaProcess) -> None:
    stage = AlpacaStage(alpaca_process, WHOLE)
    broker = stage.open_broker()
    await broker.submit_order(an_order(stage))
    trailing = an_order(
        stage, side=Side.SELL, order_type=OrderType.TRAILING_STOP, trail_percent=Decimal(10), reduce_only=True
    )
    await broker.submit_order(trailing)
    for price, status in (
        ("120", OrderStatus.ACCEPTED),
        ("109", OrderStatus.ACCEPTED),
        ("107", OrderStatus.FILLED),
    ):
        stage.set_price(price)
        assert (await look_up(broker, trailing)).status is status
    await stage.close()
