"""The paper venue's books on MongoDB: races, refusals in the log, proofs of absence, and matching in bulk."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import mongoengine
import pytest

from shared.brokers import paper_book
from shared.brokers.base import NotFound, Quote
from shared.brokers.paper import PaperBroker
from shared.brokers.paper_matcher import PaperMatcher
from shared.brokers.paper_state import BookChange, PaperBook, PaperRules
from shared.database import connect, ensure_indexes
from shared.domain.errors import DuplicateOrderId, PermanentError, RetryableError
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderLookup, OrderRequest, OrderType, TimeInForce
from shared.domain.signals import Side
from shared.models.mapping import rows_of
from shared.models.paper import PAPER_DOCUMENTS, PaperFill, PaperOrder, PaperSubmit
from tests.integration.brokers.stages import DeskQuotes, utc_now
from worker.paper_store import MongoPaperStore

COIN = Instrument(
    "RACE/USDT", AssetClass.CRYPTO, "RACE", "USDT", Decimal("0.01"), Decimal("0.001"), Decimal(5)
)
RULES = PaperRules()


@pytest.fixture
def store(mongodb_uri: str) -> Iterator[MongoPaperStore]:
    connect(mongodb_uri)
    ensure_indexes(PAPER_DOCUMENTS)
    yield MongoPaperStore()
    mongoengine.disconnect()


@pytest.fixture
def account(store: MongoPaperStore) -> str:
    account_id = uuid.uuid4().hex
    assert store.create_account(account_id, Decimal(10_000), utc_now())
    return account_id


def a_buy(client_order_id: str | None = None, quantity: str = "1") -> OrderRequest:
    return OrderRequest(
        client_order_id=client_order_id or uuid.uuid4().hex,
        symbol=COIN.symbol,
        side=Side.BUY,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(quantity),
        send_before=utc_now() + timedelta(seconds=5),
    )


def a_resting_buy(client_order_id: str) -> OrderRequest:
    return OrderRequest(
        client_order_id=client_order_id,
        symbol=COIN.symbol,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1),
        limit_price=Decimal(90),
    )


def send(
    store: MongoPaperStore, account: str, request: OrderRequest, at: datetime | None = None
) -> BookChange:
    quote = Quote(COIN.symbol, Decimal("99.99"), Decimal("100.01"), utc_now())

    def decide(book: PaperBook) -> BookChange:
        return paper_book.submit(book, request, COIN, quote, RULES, at or utc_now())

    return store.submit(account, request, utc_now(), decide)


def logged(account: str) -> Counter[str]:
    return Counter(row["outcome"] for row in rows_of(PaperSubmit).find({"account_id": account}))


def test_an_account_is_created_once_and_keeps_its_first_balance(store: MongoPaperStore, account: str) -> None:
    assert not store.create_account(account, Decimal(1), utc_now())
    assert store.find_book(account).cash == 10_000


def test_an_account_that_was_never_created_is_refused_by_name(store: MongoPaperStore) -> None:
    for ask in (
        lambda: store.find_book("nobody"),
        lambda: send(store, "nobody", a_buy()),
        lambda: store.find_order("nobody", OrderLookup("x", COIN.symbol)),
    ):
        with pytest.raises(PermanentError, match="UNKNOWN_ACCOUNT"):
            ask()


def test_submits_at_once_never_spend_the_same_money_twice(store: MongoPaperStore, account: str) -> None:
    def attempt(_: int) -> str:
        try:
            send(store, account, a_buy(quantity="30"))
        except (PermanentError, RetryableError) as error:
            return error.code
        return "ACCEPTED"

    with ThreadPoolExecutor(6) as pool:
        outcomes = Counter(pool.map(attempt, range(6)))
    assert outcomes == {"ACCEPTED": 3, "INSUFFICIENT_FUNDS": 3}
    assert logged(account) == outcomes
    book = store.find_book(account)
    assert book.positions == {COIN.symbol: Decimal(90)}
    fills = list(rows_of(PaperFill).find({"account_id": account}))
    spent = sum(fill["quantity"] * fill["price"] + fill["commission"] for fill in fills)
    assert book.cash == 10_000 - spent


def test_one_id_sent_at_once_by_many_rests_once_and_every_submit_is_logged(
    store: MongoPaperStore, account: str
) -> None:
    request = a_resting_buy("same")

    def attempt(_: int) -> str:
        try:
            send(store, account, request)
        except DuplicateOrderId as error:
            return error.code
        return "ACCEPTED"

    with ThreadPoolExecutor(5) as pool:
        outcomes = Counter(pool.map(attempt, range(5)))
    assert outcomes == {"ACCEPTED": 1, "DUPLICATE_ORDER_ID": 4}
    assert logged(account) == outcomes
    assert rows_of(PaperOrder).count_documents({"account_id": account}) == 1


def test_a_refusal_is_in_the_log_and_changes_nothing_else(store: MongoPaperStore, account: str) -> None:
    before = store.find_book(account)
    with pytest.raises(PermanentError):
        send(store, account, a_buy(quantity="1000"))
    assert logged(account) == {"INSUFFICIENT_FUNDS": 1}
    assert store.find_book(account) == before


def test_a_submit_paused_before_its_commit_cannot_land_behind_a_not_found(
    store: MongoPaperStore, account: str
) -> None:
    began, go_on = threading.Event(), threading.Event()
    times = iter([utc_now(), utc_now() + timedelta(seconds=6)])
    request = a_buy("paused")
    quote = Quote(COIN.symbol, Decimal("99.99"), Decimal("100.01"), utc_now())

    def decide(book: PaperBook) -> BookChange:
        change = paper_book.submit(book, request, COIN, quote, RULES, next(times))
        began.set()
        assert go_on.wait(10)
        return change

    with ThreadPoolExecutor(1) as pool:
        submit = pool.submit(store.submit, account, request, utc_now(), decide)
        assert began.wait(10)
        assert store.find_order(account, OrderLookup("paused", COIN.symbol)) is None
        go_on.set()
        with pytest.raises(PermanentError, match="EXPIRED_BEFORE_ARRIVAL"):
            submit.result(10)
    assert store.find_order(account, OrderLookup("paused", COIN.symbol)) is None
    assert store.find_book(account).cash == 10_000


def test_a_server_that_is_away_is_retryable(mongodb_uri: str) -> None:
    connect("mongodb://127.0.0.1:9/gone?directConnection=true", answer_within_seconds=0.2)
    try:
        with pytest.raises(RetryableError, match="STORE_UNAVAILABLE"):
            send(MongoPaperStore(), "a", a_buy())
        with pytest.raises(RetryableError, match="STORE_UNAVAILABLE"):
            MongoPaperStore().find_order("a", OrderLookup("x", COIN.symbol))
    finally:
        mongoengine.disconnect()


def test_the_venues_id_chooses_among_orders_of_one_client_id(store: MongoPaperStore, account: str) -> None:
    request = a_buy("twice")
    first = send(store, account, request).orders[0]
    second = send(store, account, request).orders[0]
    found = [
        store.find_order(account, OrderLookup("twice", COIN.symbol, venue_id))
        for venue_id in (first.venue_order_id, second.venue_order_id, None)
    ]
    assert found == [first, second, second]


async def test_a_round_of_quotes_fills_every_account_that_waits_and_touches_no_other(
    store: MongoPaperStore,
) -> None:
    # Orders of this module's other tests wait on RACE/USDT.
    quotes = DeskQuotes(replace(COIN, symbol="ROUND/USDT"))
    accounts = [uuid.uuid4().hex for _ in range(6)]
    for index, account_id in enumerate(accounts):
        store.create_account(account_id, Decimal(10_000), utc_now())
        broker = PaperBroker(account_id, store, quotes, RULES, utc_now)
        request = replace(a_resting_buy("waiting"), symbol="ROUND/USDT")
        if index % 2:
            await broker.submit_order(request)
    matcher = PaperMatcher(store, quotes, RULES, utc_now)
    near = await matcher.match_quotes(await quotes.fetch_quotes(("ROUND/USDT",)))
    assert (near.moves, near.failed) == ((), ())
    quotes.price = Decimal(80)
    (quote,) = await quotes.fetch_quotes(("ROUND/USDT",))
    outcome = await matcher.match_quotes((quote,))
    assert {move.account_id for move in outcome.moves} == set(accounts[1::2])
    for move in outcome.moves:
        assert (move.report.status, move.report.average_fill_price) == (OrderStatus.FILLED, Decimal(90))
        assert len(move.report.fills) == 1
    again = await matcher.match_quotes((quote,))
    assert again.moves == ()


async def test_an_unknown_symbol_is_refused_and_logged_and_a_missing_quote_is_neither(
    store: MongoPaperStore, account: str
) -> None:
    quotes = DeskQuotes(COIN)
    broker = PaperBroker(account, store, quotes, RULES, utc_now)
    unknown = OrderRequest("u1", "NOPE/USDT", Side.BUY, OrderType.MARKET, TimeInForce.GTC, Decimal(1))
    with pytest.raises(PermanentError, match="UNKNOWN_SYMBOL"):
        await broker.submit_order(unknown)
    assert logged(account) == {"UNKNOWN_SYMBOL": 1}
    assert isinstance(await broker.fetch_order(OrderLookup("u1", "NOPE/USDT")), NotFound)


def test_every_query_of_the_store_has_an_index(store: MongoPaperStore, account: str) -> None:
    send(store, account, a_resting_buy("indexed"))
    orders, fills, submits = rows_of(PaperOrder), rows_of(PaperFill), rows_of(PaperSubmit)
    queries = [
        orders.find({"account_id": account, "is_open": True}),
        orders.find({"account_id": account, "client_order_id": "indexed"}).sort("number", -1),
        orders.find({"account_id": account, "symbol": COIN.symbol, "updated_at": {"$gte": utc_now()}}),
        orders.find({"is_open": True, "symbol": {"$in": [COIN.symbol]}}),
        fills.find({"account_id": account, "symbol": COIN.symbol, "at": {"$gte": utc_now()}}),
        fills.find({"account_id": account, "symbol": COIN.symbol, "venue_order_id": "P1"}),
        submits.find({"account_id": account}),
    ]
    for query in queries:
        assert "IXSCAN" in str(query.explain()["queryPlanner"]["winningPlan"])
