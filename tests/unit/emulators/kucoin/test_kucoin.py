"""KuCoin's door and its two families, without HTTP in between."""

import base64
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.binance.http import Request
from tests.emulators.binance.summary import summarize
from tests.emulators.kucoin.server import Kucoin
from tests.unit.emulators.exchange.market import Line

API = "/api/v1"
ORDERS, STOPS = f"{API}/hf/orders", f"{API}/stop-order"
LOGIN = ("k", "s", "p")


def mac(secret: str, text: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


class Client:
    """One account with money and coins."""

    def __init__(self, folder: Path, login: tuple[str, str, str] = LOGIN) -> None:
        self.venue = Kucoin(folder)
        self.login = login
        balances = {"USDT": "100000", "BTC": "1"}
        if not self.venue.book.accounts:
            self.control("account", key="k", secret="s", passphrase="p", balances=balances)

    def ask(
        self, method: str, path: str, query: str = "", headers: dict[str, str] | None = None, **body: str
    ) -> tuple[int, Any]:
        key, secret, phrase = self.login
        text, at = json.dumps(body) if body else "", str(time.time_ns() // 1_000_000)
        asked = f"{path}?{query}" if query else path
        signed = {"kc-api-key-version": "2", "kc-api-timestamp": at, "kc-api-passphrase": mac(secret, phrase)}
        signed["kc-api-sign"] = mac(secret, f"{at}{method}{asked}{text}")
        sent = {name: value for name, value in {**signed, **(headers or {})}.items() if value}
        line = Line()
        request = Request(method, path, query, text, key, "127.0.0.1", keeps_alive=True, headers=sent)
        self.venue.serve(request, line)
        return line.answered.status, json.loads(line.answered.body)

    def place(self, name: str, path: str = ORDERS, **more: str) -> Any:
        terms = {"clientOid": name, "symbol": "BTC-USDT", "side": "sell", "type": "market", "size": "0.1"}
        return self.ask("POST", path, **{**terms, **more})[1]

    def stop(self, name: str, **more: str) -> Any:
        return self.place(name, STOPS, **{"stop": "loss", "stopPrice": "60000", **more})

    def plain(self, name: str) -> Any:
        return self.ask("GET", f"{ORDERS}/client-order/{name}", "symbol=BTC-USDT")[1]

    def stops(self, name: str) -> Any:
        return self.ask("GET", f"{STOPS}/queryOrderByClientOid", f"clientOid={name}&symbol=BTC-USDT")[1][
            "data"
        ]

    def control(self, what: str, **wish: Any) -> None:
        self.venue._controls.change(what, wish)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


@pytest.mark.parametrize(
    ("login", "headers", "code"),
    [
        (("", "s", "p"), {}, "400001"),
        (LOGIN, {"kc-api-sign": ""}, "400001"),
        (LOGIN, {"kc-api-timestamp": "1790000000000"}, "400002"),
        (LOGIN, {"kc-api-timestamp": "now"}, "400002"),
        (("other", "s", "p"), {}, "400003"),
        (("k", "s", "other"), {}, "400004"),
        (LOGIN, {"kc-api-key-version": "1"}, "400004"),
        (LOGIN, {"kc-api-passphrase": "p"}, "400004"),
        (("k", "other", "p"), {}, "400004"),
        (LOGIN, {"kc-api-sign": "x"}, "400005"),
    ],
)
def test_nobody_gets_in_without_a_whole_and_fresh_login(
    client: Client, login: tuple[str, str, str], headers: dict[str, str], code: str
) -> None:
    client.login = login
    status, said = client.ask("GET", f"{API}/accounts", "type=trade", headers)
    assert (status, said["code"]) == (401, code)


def test_the_signature_covers_path_query_and_body(client: Client) -> None:
    client.ask("GET", f"{API}/accounts", "type=trade")
    assert client.place("a")["code"] == "200000"
    assert [line["outcome"] for line in client.venue.log.lines()[1:]] == ["OK", "OK"]


def test_accounts_for_load_have_a_login_of_their_own(client: Client) -> None:
    client.login = ("load-7", "load-secret-7", "load-passphrase-7")
    assert client.place("a", side="buy")["code"] == "200000"


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (ORDERS, {"clientOid": "x" * 41}),
        (ORDERS, {"clientOid": "a b"}),
        (ORDERS, {"side": "SELL"}),
        (ORDERS, {"size": "0"}),
        (ORDERS, {"price": "1"}),
        (ORDERS, {"type": "limit"}),
        (ORDERS, {"stop": "loss"}),
        (ORDERS, {"newClientOrderId": "a"}),
        (STOPS, {"stop": "loss"}),
        (STOPS, {"stop": "entry", "stopPrice": "1"}),
    ],
)
def test_what_the_venue_would_not_read_is_refused(client: Client, path: str, changes: dict[str, str]) -> None:
    assert client.place("a", path, **changes)["code"] == "400100"
    assert client.venue.book.accounts["k"].ledgers["BTC-USDT"].orders == []


def test_a_stop_stands_in_one_family_at_a_time_with_one_id_of_ours(client: Client) -> None:
    placed = client.stop("a")["data"]
    assert placed["orderId"].startswith("vs")
    assert client.plain("a")["code"] == "400100"
    assert [row["status"] for row in client.stops("a")] == ["NEW"]
    client.control("price", symbol="BTC/USDT", price="60000")
    assert [row["status"] for row in client.stops("a")] == ["TRIGGERED"]
    plain = client.plain("a")["data"]
    assert (plain["clientOid"], plain["active"], plain["dealSize"]) == ("a", False, "0.10000000")
    assert plain["id"] != placed["orderId"]
    assert client.stop("a")["code"] == "200000"  # its id is free again


def test_an_id_is_taken_in_both_families_while_its_order_is_open(client: Client) -> None:
    client.stop("a")
    assert client.place("a") == {"code": "400100", "msg": "clientOid duplicate"}
    assert client.stop("a")["msg"] == "clientOid duplicate"
    assert summarize(client.venue.log.lines())["submits_by_client_id"] == {"k:a": 3}


def test_a_cancelled_stop_is_shown_by_the_venues_id_alone(client: Client) -> None:
    placed = client.stop("a")["data"]
    answer = client.ask("DELETE", f"{STOPS}/cancelOrderByClientOid", "clientOid=a&symbol=BTC-USDT")[1]
    assert answer["data"] == {"clientOid": "a", "cancelledOrderId": placed["orderId"]}
    assert client.stops("a") == []
    assert client.ask("GET", f"{STOPS}/{placed['orderId']}")[1]["data"]["status"] == "CANCELLED"
    again = client.ask("DELETE", f"{STOPS}/cancelOrderByClientOid", "clientOid=a&symbol=BTC-USDT")[1]
    assert again["msg"] == "order_not_exist_or_not_allow_to_cancel"


def test_stops_lock_nothing_and_the_second_of_two_finds_nothing(client: Client) -> None:
    for name in ("a", "b"):
        client.stop(name, size="1")
    client.control("price", symbol="BTC-USDT", price="59000")
    assert client.plain("a")["data"]["dealSize"] == "1.00000000"
    assert client.plain("b")["code"] == "400100"
    (row,) = client.stops("b")
    assert (row["status"], row["stopTriggerTime"] is None) == ("TRIGGERED", False)


def test_a_restart_brings_both_families_back(client: Client, tmp_path: Path) -> None:
    for name in ("waits", "ends", "met"):
        client.stop(name, stopPrice={"waits": "50000"}.get(name, "60000"))
    client.ask("DELETE", f"{STOPS}/cancelOrderByClientOid", "clientOid=ends&symbol=BTC-USDT")
    client.control("price", symbol="BTC-USDT", price="59000")
    seen = [(client.plain(name), client.stops(name)) for name in ("waits", "ends", "met")]
    client.venue.log.close()
    again = Client(tmp_path)
    assert [(again.plain(name), again.stops(name)) for name in ("waits", "ends", "met")] == seen


def test_what_is_longer_than_a_week_is_answered_in_part_and_a_page_has_an_end(client: Client) -> None:
    for number in range(5):
        client.place(f"of-{number}", size="0.01")
    now = client.venue.now() // 1000
    span = f"symbol=BTC-USDT&startAt={now - 30 * 86_400_000}&endAt="

    def names(end: int, more: str = "") -> list[str]:
        said = client.ask("GET", f"{ORDERS}/done", f"{span}{end}{more}")[1]["data"]
        return [row["clientOid"] for row in said["items"]]

    assert names(now + 1000) == ["of-4", "of-3", "of-2", "of-1", "of-0"]
    assert names(now + 8 * 86_400_000) == []
    assert names(now + 1000, "&limit=2") == ["of-4", "of-3"]
    assert names(now + 1000, "&limit=2&lastId=4") == ["of-2", "of-1"]
