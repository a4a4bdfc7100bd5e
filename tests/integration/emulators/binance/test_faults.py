"""Each fault once, as the unmodified client meets it, with its strike in the venue's log."""

import asyncio
from typing import Any

import ccxt.async_support as ccxt
import pytest

from tests.integration.emulators.binance.conftest import Connect, Trader
from tests.waiting import wait_until

ORDER = "/api/v3/order"


def strike(trader: Trader) -> dict[str, Any]:
    """The one line of this account that a fault has struck, as it came in."""
    struck = [line for line in trader.lines() if "faults" in line and not line.get("late")]
    assert len(struck) == 1
    return struck[0]


def accepted(trader: Trader, name: str) -> int:
    found: dict[str, int] = trader.control.summary()["orders_by_client_id"]
    return found.get(f"{trader.key}:{name}", 0)


@pytest.mark.parametrize(
    ("kind", "error", "status", "is_accepted"),
    [
        ("accept_then_500", ccxt.OperationFailed, 500, True),
        ("accept_then_504", ccxt.RequestTimeout, 504, True),
        ("accept_then_hang", ccxt.RequestTimeout, 0, True),
        ("accept_then_drop", ccxt.ExchangeNotAvailable, 0, True),
        ("cut_off", ccxt.ExchangeError, 200, True),
        ("drop_before", ccxt.ExchangeNotAvailable, 0, False),
        ("hang_before", ccxt.RequestTimeout, 0, False),
        ("hang_all", ccxt.RequestTimeout, 0, False),
        ("server_error", ccxt.OperationFailed, 500, False),
        ("unauthorized", ccxt.AuthenticationError, 401, False),
        ("rate_limit", ccxt.DDoSProtection, 429, False),
    ],
)
async def test_an_order_goes_wrong_in_every_way(
    connect: Connect, kind: str, error: type[Exception], status: int, is_accepted: bool
) -> None:
    trader = connect(timeout=250)
    await trader.client.load_markets()
    number = trader.control.add_fault(kind, key=trader.key, method="POST")
    with pytest.raises(error):
        await trader.buy("a")
    line = strike(trader)
    assert (line["faults"], line["status"]) == ([{"id": number, "kind": kind}], status)
    await agrees(trader, is_accepted=is_accepted)


@pytest.mark.parametrize(
    ("kind", "is_accepted"), [("garbage", True), ("truncated", True), ("garbage_before", False)]
)
async def test_an_answer_that_cannot_be_read_is_an_empty_order_to_the_client(
    trader: Trader, kind: str, is_accepted: bool
) -> None:
    await trader.client.load_markets()
    trader.control.add_fault(kind, key=trader.key, method="POST")
    order = await trader.buy("a")
    assert (order["id"], order["status"], order["clientOrderId"]) == (None, None, None)
    assert strike(trader)["status"] == 200
    await agrees(trader, is_accepted=is_accepted)


async def agrees(trader: Trader, *, is_accepted: bool) -> None:
    """Log and look-ups say the same of the order `a`."""
    trader.control.clear_faults()
    assert accepted(trader, "a") == int(is_accepted)
    if is_accepted:
        assert (await trader.look_up("a"))["status"] == "closed"
    else:
        with pytest.raises(ccxt.OrderNotFound):
            await trader.look_up("a")


async def test_a_failure_may_come_from_the_gateway(trader: Trader) -> None:
    await trader.client.load_markets()
    trader.control.add_fault("accept_then_500", key=trader.key, method="POST", status=502, body="html")
    with pytest.raises(ccxt.ExchangeNotAvailable, match="502"):
        await trader.buy("a")
    await agrees(trader, is_accepted=True)


async def test_a_refusal_says_when_to_come_again(trader: Trader) -> None:
    await trader.client.load_markets()
    trader.control.add_fault("rate_limit", key=trader.key, seconds=7, times=1)
    with pytest.raises(ccxt.DDoSProtection, match="-1003"):
        await trader.client.fetch_balance()
    assert trader.client.last_response_headers["Retry-After"] == "7"
    await trader.client.fetch_balance()


async def test_a_ban_meets_everything_from_an_address(trader: Trader) -> None:
    await trader.client.load_markets()
    trader.control.add_fault("ban", key=trader.key, seconds=120, times=1)
    for ask in (trader.client.fetch_balance, trader.client.fetch_time):
        with pytest.raises(ccxt.DDoSProtection, match="418"):
            await ask()
    assert 115 < int(trader.client.last_response_headers["Retry-After"]) <= 120
    trader.control.lift_bans()
    await trader.client.fetch_balance()


async def test_look_ups_are_down_while_orders_go_through(trader: Trader) -> None:
    await trader.client.load_markets()
    trader.control.add_fault("lookup_down", key=trader.key)
    await trader.buy("a")
    with pytest.raises(ccxt.ExchangeError, match="-1008"):
        await trader.look_up("a")
    with pytest.raises(ccxt.ExchangeError, match="-1008"):
        await trader.client.fetch_open_orders("BTC/USDT")
    assert [line["status"] for line in trader.lines() if "faults" in line] == [503, 503]


async def test_an_accepted_order_is_hidden_for_a_while(trader: Trader) -> None:
    await trader.client.load_markets()
    trader.control.add_fault("lookup_lag", key=trader.key, seconds=0.3)
    trader.control.add_fault("accept_then_500", key=trader.key, method="POST")
    with pytest.raises(ccxt.OperationFailed):
        await trader.buy("a")
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        await trader.look_up("a")
    assert await trader.client.fetch_orders("BTC/USDT") == []
    assert await trader.client.fetch_my_trades("BTC/USDT") == []
    assert [fault["kind"] for fault in strike(trader)["faults"]] == ["lookup_lag", "accept_then_500"]
    async with asyncio.timeout(5):
        while not (orders := await trader.client.fetch_orders("BTC/USDT")):
            continue
    assert [order["clientOrderId"] for order in orders] == ["a"]


@pytest.mark.parametrize(
    ("answer", "error"), [("504", ccxt.RequestTimeout), ("drop", ccxt.ExchangeNotAvailable)]
)
async def test_an_order_is_accepted_after_its_answer(
    connect: Connect, answer: str, error: type[Exception]
) -> None:
    trader = connect()
    await trader.client.load_markets()
    trader.control.add_fault("late_accept", key=trader.key, seconds=0.2, answer=answer)
    with pytest.raises(error):
        await trader.buy("a")
    assert (strike(trader)["outcome"], accepted(trader, "a")) == ("LATE", 0)
    await asyncio.to_thread(wait_until, lambda: accepted(trader, "a"), "the order is accepted", seconds=5)
    late = trader.lines()[-1]
    assert (late["late"], late["outcome"], late["accepted"][0]["status"]) == (True, "OK", "FILLED")
    assert trader.control.summary()["submits_by_client_id"][f"{trader.key}:a"] == 1


@pytest.mark.parametrize(("ignores", "outcome"), [(False, "-1021"), (True, "OK")])
async def test_an_order_that_is_late_for_its_window_is_not_accepted(
    trader: Trader, ignores: bool, outcome: str
) -> None:
    await trader.client.load_markets()
    trader.client.options["recvWindow"] = 100
    trader.control.add_fault("late_accept", key=trader.key, seconds=0.2, ignore_window=ignores)
    with pytest.raises(ccxt.RequestTimeout):
        await trader.buy("a")
    late = await asyncio.to_thread(
        wait_until, lambda: [line for line in trader.lines() if line.get("late")], "the late line", seconds=5
    )
    assert late[0]["outcome"] == outcome


async def test_an_order_fills_only_in_part(trader: Trader) -> None:
    await trader.client.load_markets()
    trader.control.add_fault("fill_partly", key=trader.key, fraction="0.3", times=1)
    order = await trader.client.create_order("BTC/USDT", "limit", "buy", 0.01, 68000, {"clientOrderId": "a"})
    assert (order["status"], order["filled"]) == ("open", 0.003)
    trader.control.tick("BTC/USDT")
    assert (await trader.look_up("a"))["status"] == "closed"


async def test_a_fill_is_there_before_the_answer_knows_it(trader: Trader) -> None:
    await trader.client.load_markets()
    trader.control.add_fault("fill_before_ack", key=trader.key, seconds=0.01)
    order = await trader.buy("a")
    assert (order["status"], order["filled"], order["trades"]) == ("open", 0.0, [])
    assert len(await trader.client.fetch_my_trades("BTC/USDT")) == 1


async def test_fills_come_twice_or_out_of_order(trader: Trader) -> None:
    await trader.client.load_markets()
    for name in "abcd":
        await trader.buy(name)
    request = {"symbol": "BTCUSDT"}
    inorder = [fill["id"] for fill in await trader.client.private_get_mytrades(request)]
    trader.control.add_fault("double_fills", key=trader.key, times=1)
    doubled = [fill["id"] for fill in await trader.client.private_get_mytrades(request)]
    assert doubled == [number for number in inorder for _ in range(2)]
    trader.control.add_fault("shuffle_fills", key=trader.key, times=1)
    shuffled = [fill["id"] for fill in await trader.client.private_get_mytrades(request)]
    assert (shuffled != inorder, sorted(shuffled)) == (True, sorted(inorder))


async def test_a_key_says_that_it_may_withdraw(trader: Trader) -> None:
    trader.control.add_fault("withdraw_permissions", key=trader.key, times=1)
    said = [(await trader.client.sapi_get_account_apirestrictions())["enableWithdrawals"] for _ in range(2)]
    assert said == [True, False]


async def test_an_answer_is_late(trader: Trader) -> None:
    await trader.client.load_markets()
    trader.control.add_fault("delay", key=trader.key, method="POST", seconds=0.1)
    begin = asyncio.get_running_loop().time()
    await trader.buy("a")
    assert asyncio.get_running_loop().time() - begin >= 0.1


async def test_the_nth_request_of_a_path_is_struck_and_counted(trader: Trader) -> None:
    await trader.client.load_markets()
    number = trader.control.add_fault("accept_then_500", key=trader.key, path=ORDER, method="POST", nth=2)
    await trader.buy("a")
    with pytest.raises(ccxt.OperationFailed):
        await trader.buy("b")
    await trader.buy("c")
    rule = next(rule for rule in trader.control.faults() if rule["id"] == number)
    assert (rule["seen"], rule["struck"]) == (3, 1)
