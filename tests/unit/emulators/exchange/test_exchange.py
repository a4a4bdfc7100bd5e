"""Another venue over the same core: its own paths, words, ids, fees and stops."""

from pathlib import Path

import pytest

from tests.emulators.binance.amounts import UNIT
from tests.emulators.binance.summary import summarize
from tests.emulators.exchange.control import ExchangeProcess
from tests.unit.emulators.exchange.market import Client

PRICE = 67_250


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path, EUR="200000")


def test_an_order_is_found_by_the_venues_id_and_by_ours_in_a_path(client: Client) -> None:
    status, said = client.order("a/b", "BUY", "1")
    assert (status, said["ok"]) == (200, True)
    for name in (said["result"]["id"], "a%2Fb"):
        assert client.ask("GET", f"/orders/{name}")[1]["result"] == {
            "id": said["result"]["id"],
            "name": "a/b",
            "status": "FILLED",
        }


def test_what_the_core_refuses_is_said_in_the_venues_words(client: Client) -> None:
    assert client.order("a", "SELL", "1") == (200, {"ok": False, "why": ["E17", "no money"]})
    assert client.ask("GET", "/orders/none") == (404, {"ok": False, "why": ["E18", "no order"]})
    assert client.order("a", "BUY", "1", odd="1")[1]["why"][0] == "E00"
    assert client.ask("GET", "/nowhere")[1]["why"][0] == "E00"
    assert client.ask("GET", "/orders/a", secret="x")[1]["why"] == ["E01", "who are you?"]
    assert [line["outcome"] for line in client.venue.log.lines()][1:] == ["E17", "E18", "E00", "E00", "E01"]


def test_an_id_is_taken_while_its_order_is_open(client: Client) -> None:
    assert client.order("a", "BUY", "1", price="60000")[0] == 200
    assert client.order("a", "BUY", "1", price="60000")[1]["why"][0] == "E19"
    assert client.ask("DELETE", "/orders/a")[1]["ok"]
    assert client.order("a", "BUY", "1", price="60000")[1]["ok"]
    summary = summarize(client.venue.log.lines())
    assert summary["submits_by_client_id"] == {"k:a": 3}
    assert summary["orders_by_client_id"] == {"k:a": 2}


def test_a_fee_in_the_quote_asset_is_locked_with_the_cost_and_paid_from_it(client: Client) -> None:
    client.order("a", "BUY", "1", price="60000")
    assert client.money("EUR") == ((200_000 - 60_060) * UNIT, 60_060 * UNIT)
    client.control("price", symbol="BTC/EUR", price="59000")
    assert client.status("a") == "FILLED"
    assert client.money("EUR") == ((200_000 - 60_060) * UNIT, 0)
    assert client.money("BTC") == (UNIT, 0)
    client.control("price", symbol="BTC-EUR", price="70000.01")
    client.order("b", "SELL", "1")
    assert client.money("EUR") == ((200_000 - 60_060 + 70_000 - 70) * UNIT, 0)


def test_a_stop_that_locks_nothing_finds_its_money_when_it_is_reached_or_ends(client: Client) -> None:
    client.order("buy", "BUY", "1")
    for name in ("one", "two"):
        client.order(name, "SELL", "1", stop="60000")
    assert client.money("BTC") == (UNIT, 0)
    client.control("price", symbol="BTC/EUR", price="60000")
    assert (client.status("one"), client.status("two")) == ("FILLED", "EXPIRED")


def test_a_stop_that_the_price_has_passed_is_reached_at_once(client: Client) -> None:
    client.order("buy", "BUY", "1")
    client.order("stop", "SELL", "1", stop="70000")
    assert client.status("stop") == "FILLED"


def test_faults_strike_answers_in_the_venues_form(client: Client) -> None:
    for name in ("a", "b", "c"):
        client.order(name, "BUY", "0.1")
    client.venue.faults.add({"kind": "double_fills", "times": 1})
    assert client.ask("GET", "/fills")[1]["result"]["rows"] == [1, 1, 2, 2, 3, 3]
    client.venue.faults.add({"kind": "shuffle_fills", "times": 1})
    assert client.ask("GET", "/fills")[1]["result"]["rows"] != [1, 2, 3]
    client.venue.faults.add({"kind": "accept_then_500", "status": 502, "path": "/orders"})
    assert client.order("d", "BUY", "0.1") == (502, {"ok": False, "why": ["E99", "broken"]})
    client.venue.faults.clear()
    assert client.status("d") == "FILLED"


def test_the_log_alone_brings_a_venue_back(client: Client, tmp_path: Path) -> None:
    first = client.order("a", "BUY", "1", price="60000")[1]["result"]["id"]
    client.order("b", "BUY", "1")
    client.ask("DELETE", f"/orders/{first}")
    before = client.money("EUR")
    client.venue.log.close()
    again = Client(tmp_path)
    assert again.money("EUR") == before
    assert again.ask("GET", f"/orders/{first}")[1]["result"]["status"] == "CANCELED"


def test_an_account_for_load_has_the_venues_money(client: Client) -> None:
    client.key = "load-7"
    assert client.order("a", "BUY", "1")[1]["ok"]


def test_a_venue_names_its_own_module(tmp_path: Path) -> None:
    assert ExchangeProcess(tmp_path).pid == 0
