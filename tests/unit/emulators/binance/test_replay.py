"""The log is the venue's memory: whatever was logged is there again after a kill, and nothing else."""

from collections import Counter
from pathlib import Path

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.book import Book
from tests.emulators.binance.control_side import ControlSide
from tests.emulators.binance.http import Answer, Connection, Request
from tests.emulators.binance.log import read_lines
from tests.emulators.binance.prices import next_prices
from tests.emulators.binance.server import Binance
from tests.emulators.binance.signing import signature_of
from tests.emulators.binance.summary import summarize

SELL = {"symbol": "BTCUSDT", "side": "SELL"}
STEPS = st.one_of(
    st.tuples(
        st.just("POST /api/v3/order"),
        st.fixed_dictionaries(
            {
                "symbol": st.sampled_from(["BTCUSDT", "ETHUSDT"]),
                "side": st.sampled_from(["BUY", "SELL"]),
                "type": st.just("LIMIT"),
                "timeInForce": st.sampled_from(["GTC", "IOC", "FOK"]),
                "quantity": st.sampled_from(["0.01", "0.2", "5"]),
                "price": st.sampled_from(["60000", "67300", "70000", "3400"]),
                "newClientOrderId": st.sampled_from(["a", "b", "c"]),
            }
        ),
    ),
    st.tuples(
        st.just("POST /api/v3/order"),
        st.sampled_from(["65000", "66000"]).map(
            lambda stop: {**SELL, "type": "STOP_LOSS", "quantity": "0.1", "stopPrice": stop}
        ),
    ),
    st.tuples(
        st.just("POST /api/v3/orderList/oco"),
        st.just(
            {
                **SELL,
                "quantity": "0.3",
                "aboveType": "LIMIT_MAKER",
                "abovePrice": "68000",
                "belowType": "STOP_LOSS",
                "belowStopPrice": "66000",
            }
        ),
    ),
    st.tuples(
        st.just("DELETE /api/v3/order"),
        st.sampled_from(["a", "b"]).map(lambda name: {"symbol": "BTCUSDT", "origClientOrderId": name}),
    ),
    st.tuples(
        st.just("POST /api/v3/order/cancelReplace"),
        st.just(
            {
                **SELL,
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": "0.05",
                "price": "69000",
                "cancelReplaceMode": "ALLOW_FAILURE",
                "cancelOrigClientOrderId": "a",
            }
        ),
    ),
    st.tuples(
        st.just("price"),
        st.sampled_from(["65000", "67250", "71000"]).map(lambda price: {"symbol": "BTCUSDT", "price": price}),
    ),
    st.tuples(st.just("partial"), st.just({"fraction": "0.5"})),
)


class Deaf(Connection):
    """A connection of which only the answers are looked at."""

    def __init__(self) -> None:
        self.address = "127.0.0.1"
        self.answers: list[Answer] = []

    def answer(self, answer: Answer) -> None:
        self.answers.append(answer)


def send(venue: Binance, name: str, params: dict[str, str]) -> Answer:
    """One signed request of the account `key`."""
    method, _, path = name.partition(" ")
    payload = "&".join(f"{k}={v}" for k, v in {**params, "timestamp": str(venue.now() // 1000)}.items())
    query = f"{payload}&signature={signature_of(b'secret', payload)}"
    connection = Deaf()
    venue.serve(Request(method, path, query, "", "key", "127.0.0.1", keeps_alive=True), connection)
    return connection.answers[0]


def started(folder: Path) -> tuple[Binance, ControlSide]:
    venue = Binance(folder)
    control = ControlSide(venue)
    if not venue.book.accounts:
        balances = {"BTC": "2", "USDT": "200000", "ETH": "10"}
        control.change("account", {"key": "key", "secret": "secret", "balances": balances})
    return venue, control


def picture(book: Book) -> dict[str, object]:
    """Everything that matters of a book, as plain values."""
    account = book.accounts["key"]
    return {
        "free": dict(account.free),
        "locked": dict(account.locked),
        "prices": {name: market.price for name, market in book.markets.items()},
        "numbers": {
            name: (market.last_order_id, market.last_trade_id) for name, market in book.markets.items()
        },
        "orders": [
            (
                order.listing.symbol,
                order.order_id,
                order.client_order_id,
                order.status,
                order.executed,
                order.at,
            )
            for ledger in account.ledgers.values()
            for order in ledger.orders
        ],
        "fills": [
            (fill.order.listing.symbol, fill.trade_id, fill.price, fill.quantity, fill.fee, fill.at)
            for ledger in account.ledgers.values()
            for fill in ledger.fills
        ],
        "pairs": [(pair.list_id, pair.client_id, pair.locked) for pair in account.pairs],
        "walks": book.walks,
    }


@given(steps=st.lists(STEPS, max_size=25))
def test_a_restart_comes_back_to_the_same_book(tmp_path_factory, steps) -> None:
    folder = tmp_path_factory.mktemp("venue")
    venue, control = started(folder)
    for name, params in steps:
        if " " in name:
            send(venue, name, params)
        else:
            control.change(name, params)
    before = picture(venue.book)
    again, _ = started(folder)
    assert picture(again.book) == before
    account = again.book.accounts["key"]
    assert min(account.free.values()) >= 0
    assert {asset: amount for asset, amount in account.locked.items() if amount} == held_by_orders(account)


def held_by_orders(account: Account) -> dict[str, int]:
    """What an account's open orders and pairs say they have locked."""
    held: Counter[str] = Counter()
    for ledger in account.ledgers.values():
        for order in ledger.open.values():
            held[order.locked_asset] += order.locked
    for pair in account.pairs:
        held[pair.orders[0].locked_asset] += pair.locked
    return {asset: amount for asset, amount in held.items() if amount}


def test_an_order_whose_line_is_torn_was_never_placed(tmp_path: Path) -> None:
    venue, _ = started(tmp_path)
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    assert send(venue, "POST /api/v3/order", order).status == 200
    before = picture(venue.book)
    send(venue, "POST /api/v3/order", order)
    whole = venue.log.path.read_bytes()
    venue.log.path.write_bytes(whole[:-20])
    again, _ = started(tmp_path)
    assert picture(again.book) == before
    send(again, "POST /api/v3/order", order)
    assert [line["outcome"] for line in again.log.lines()] == ["OK", "OK", "OK"]


def test_settings_rights_and_walked_prices_survive_too(tmp_path: Path) -> None:
    venue, control = started(tmp_path)
    control.change("settings", {"client_ids": "always", "clock_skew_seconds": -2.5})
    control.change("account", {"key": "key", "can_withdraw": True})
    venue.move_prices(next_prices(venue.book, seed=3))
    again, _ = started(tmp_path)
    assert (again.book.settings, again.book.accounts["key"].can_withdraw) == (venue.book.settings, True)
    assert picture(again.book) == picture(venue.book)
    assert next_prices(again.book, seed=3) == next_prices(venue.book, seed=3) != {}


def test_a_line_says_what_was_asked_what_was_answered_and_what_happened(tmp_path: Path) -> None:
    venue, control = started(tmp_path)
    order = {**SELL, "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.5", "price": "70000"}
    send(venue, "POST /api/v3/order", {**order, "newClientOrderId": "mine"})
    control.change("price", {"symbol": "BTC/USDT", "price": "71000"})
    placed, moved = venue.log.lines()[1:]
    assert "signature" not in placed["params"]
    assert (placed["status"], placed["outcome"], placed["client_order_ids"]) == (200, "OK", ["mine"])
    assert placed["accepted"] == [
        {
            "order_id": 1,
            "client_order_id": "mine",
            "symbol": "BTCUSDT",
            "side": "SELL",
            "type": "LIMIT",
            "quantity": "0.50000000",
            "status": "NEW",
            "price": "70000.00000000",
        }
    ]
    assert (moved["method"], moved["path"]) == ("CONTROL", "price")
    assert (moved["fills"][0]["client_order_id"], moved["fills"][0]["key"]) == ("mine", "key")
    assert moved["at"].endswith("+00:00")


def test_the_summary_finds_orders_that_were_accepted_twice(tmp_path: Path) -> None:
    venue, _ = started(tmp_path)
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    for name in ("once", "twice", "twice"):
        send(venue, "POST /api/v3/order", {**order, "newClientOrderId": name})
    send(venue, "POST /api/v3/order", {**order, "newClientOrderId": "never", "quantity": "1000"})
    found = summarize(read_lines(venue.log.path))
    assert (found["submits"], found["accepted"], found["doubles"]) == (4, 3, ["key:twice"])
    assert found["orders_by_client_id"] == {"key:once": 1, "key:twice": 2}
    assert found["submits_by_client_id"]["key:never"] == 1


def test_what_cannot_be_controlled_is_said_and_not_logged(tmp_path: Path) -> None:
    venue, control = started(tmp_path)
    for what, wish in (("price", {"symbol": "NONE"}), ("settings", {"nothing": 1}), ("storm", {})):
        request = Request(
            "POST", f"/_control/{what}", "", orjson.dumps(wish).decode(), "", "", keeps_alive=True
        )
        assert control.answer(request).status == 400
    assert len(venue.log.lines()) == 1
