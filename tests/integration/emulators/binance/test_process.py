"""The venue as a process: it survives kills, keeps its limits, and speaks plain HTTP."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import ccxt.async_support as ccxt
import pytest
import requests

from tests.emulators.binance.control import BinanceProcess
from tests.emulators.binance.load import order_request
from tests.integration.emulators.binance.conftest import Trader, client_of
from tests.waiting import wait_until


@pytest.fixture
def own(tmp_path: Path) -> Iterator[BinanceProcess]:
    """A venue that this test may kill."""
    process = BinanceProcess(tmp_path)
    process.start()
    yield process
    process.stop()


async def test_a_kill_and_a_restart_keep_the_book_the_port_and_the_log(own: BinanceProcess) -> None:
    own.control.create_account("key", "secret", USDT="100000", BTC="1")
    trader = Trader("key", client_of(own.url, "key", "secret"), own)
    await trader.buy("filled")
    await trader.client.create_order("BTC/USDT", "limit", "buy", 0.01, 60000, {"clientOrderId": "resting"})
    before = own.control.orders(), own.control.accounts(), own.url
    own.kill()
    with pytest.raises(ccxt.NetworkError):
        await trader.look_up("filled")
    with own.log_path.open("a") as log:
        log.write('{"at":"2026-01-01T00:00:00.000000+00:00","engine":tr')
    assert own.summary()["accepted"] == 2
    own.start()
    assert (own.control.orders(), own.control.accounts(), own.url) == before
    assert (await trader.look_up("resting"))["status"] == "open"
    own.control.set_price("BTC/USDT", "59000")
    assert (await trader.look_up("resting"))["status"] == "closed"
    await trader.client.close()


async def test_limits_are_kept_per_address_and_per_account(own: BinanceProcess) -> None:
    own.control.create_account("key", "secret", USDT="100000")
    trader = Trader("key", client_of(own.url, "key", "secret"), own)
    await trader.client.load_markets()
    own.control.settings(limits=True, order_limit=2)
    for number in range(2):
        await trader.client.create_order("BTC/USDT", "limit", "buy", 0.001, 60000 + number)
    with pytest.raises(ccxt.DDoSProtection, match="-1015"):
        await trader.client.create_order("BTC/USDT", "limit", "buy", 0.001, 60010)
    counts = await trader.client.private_get_ratelimit_order()
    assert [(row["interval"], row["count"]) for row in counts] == [("SECOND", 2), ("DAY", 2)]
    own.control.settings(weight_limit=30, ban_after=1)
    for status in ("429", "418", "418"):
        with pytest.raises(ccxt.DDoSProtection, match=status):
            await trader.client.fetch_balance()
        assert int(trader.client.last_response_headers["Retry-After"]) > 0
    await trader.client.close()


def test_prices_walk_by_themselves_with_a_seed(tmp_path: Path) -> None:
    process = BinanceProcess(tmp_path, "--prices-seed", "7", "--prices-seconds", "0.01")
    process.start()
    try:
        wait_until(lambda: len(process.lines()) >= 2, "two steps of the walk", seconds=10)
    finally:
        process.stop()
    first, second = process.lines()[:2]
    assert (first["path"], first["params"] != second["params"]) == ("walk", True)


def test_requests_of_one_connection_are_answered_in_their_order(own: BinanceProcess) -> None:
    parts = urlsplit(own.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as wire:
        sent = [order_request("venue", 1, f"S{number:03d}USDT", kind="limit") for number in range(5)]
        wire.sendall(b"".join(sent))
        answers = b""
        while answers.count(b'"symbol"') < 5:
            answers += wire.recv(65_536)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answers.split(b"HTTP/1.1 200 OK")[1:]]
    assert [json.loads(body)["symbol"] for body in bodies] == [f"S{number:03d}USDT" for number in range(5)]


def test_what_is_no_request_is_answered_and_logged(own: BinanceProcess) -> None:
    parts = urlsplit(own.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as wire:
        wire.sendall(b"GIVE ME MONEY\r\n\r\n")
        assert wire.recv(65_536).startswith(b"HTTP/1.1 400 Bad Request")
    assert [line["outcome"] for line in own.lines()] == ["MALFORMED"]
    assert requests.get(f"{own.url}/api/v3/ping", timeout=5).json() == {}


def test_lines_may_wait_to_be_written_together(tmp_path: Path) -> None:
    process = BinanceProcess(tmp_path, "--log-buffer")
    process.start()
    requests.get(f"{process.url}/api/v3/ping", timeout=5)
    process.stop()
    assert [line["path"] for line in process.lines()] == ["/api/v3/ping"]


def test_the_load_script_measures_what_an_order_costs() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.emulators.binance.load", "--orders", "200", "--connections", "4"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    figures = json.loads(run.stdout)
    assert figures["orders"] == 200
    assert 0 < figures["microseconds_of_cpu_per_order"] < 10_000
