"""A house whose every secret is a canary runs at DEBUG, is used, misused and struck: none of them is found anywhere."""

import base64
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import pymongo
import pytest
import requests
from redis import Redis

from shared.tasks import TaskName
from tests import canaries
from tests.canaries import CANARIES
from tests.house.house import House
from tests.house.venues import BINANCE
from tests.sample.hooks import message_body, sign
from tests.waiting import wait_until

PROCESSES = [
    "web",
    "beat",
    *(f"worker-{name}" for name in ("signals", "orders", "exits", "reconcile", "sync")),
]
ODD = 'BUY BTCUSDT\r\n\x1b[31mERROR\x1b[0m \u2028 {"event": "forged"}\x07'


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House(venues=[BINANCE], processes=PROCESSES, settings=canaries.settings()) as started:
        yield started


@pytest.fixture(scope="module")
def provider_id(house: House) -> str:
    """A provider with a hook, and a follower whose keys at the venue are canaries."""
    house.venue(BINANCE).create_account(CANARIES["broker-key"], CANARIES["broker-secret"], USDT="10000")
    made = house.cli(
        *("providers", "create", "--name", "alpha", "--guild-id", "1", "--channel-id", "channel-1"),
        *("--hook-secret-file", "-"),
        stdin=CANARIES["old-hook-secret"],
    )[-1]
    provider: str = made["provider_id"]
    house.cli(
        *(
            "providers",
            "hook-secret",
            "rotate",
            "--provider",
            provider,
            "--in-body",
            "--hook-secret-file",
            "-",
        ),
        stdin=CANARIES["hook-secret"],
    )
    user = house.cli("users", "create", "--discord-id", "1", "--name", "anna", "--tier", "premium")[-1]
    account = house.cli(
        *("accounts", "connect", "--user", user["user_id"], "--venue", "binance", "--environment", "sandbox"),
        *("--credentials-file", "-"),
        stdin=json.dumps({"api_key": CANARIES["broker-key"], "secret": CANARIES["broker-secret"]}),
    )[-1]
    house.cli(
        *("bots", "create", "--user", user["user_id"], "--provider", provider),
        *("--account", account["account_id"], "--sizing", "fixed:200"),
    )
    house.wait_until_ready()
    house.wait_for_balances()
    return provider


def post(house: House, provider_id: str, body: bytes, secret: str | None) -> requests.Response:
    headers = sign(secret, body, int(time.time())) if secret else {"Content-Type": "application/json"}
    url = f"{house.web_url}/hooks/signals/{provider_id}"
    return requests.post(url, data=body, headers=headers, timeout=20)


def all_secrets(house: House) -> dict[str, str]:
    """The canaries, and the secrets that the house made for itself."""
    names = ("CREDENTIAL_PRIVATE_KEYS", "DISCORD_BOT_TOKEN")
    return {**CANARIES, **{name: house.env[name] for name in names}}


def log_of(house: House) -> bytes:
    return (house.folder / "processes.log").read_bytes()


def found_anywhere(house: House, pages: list[str], secrets: Mapping[str, str]) -> set[str]:
    """Look through everything that the house leaves, by place."""
    found = {f"logs: {name}" for name in canaries.find_in(log_of(house), secrets)}
    found |= {f"pages: {name}" for name in canaries.find_in("\n".join(pages).encode(), secrets)}
    found |= canaries.find_in_files(house.folder / "servers" / "redis", secrets)
    with pymongo.MongoClient[dict[str, object]](house.env["MONGODB_URI"]) as client:
        found |= canaries.find_in_server(client, "test_house", secrets)
    return found


def test_of_all_the_secrets_of_a_house_none_is_found_in_what_it_leaves(
    house: House, provider_id: str
) -> None:
    now = datetime.now(UTC)
    pages: list[str] = []

    def ask(answer: requests.Response, status: int) -> None:
        assert answer.status_code == status, answer.text
        pages.append(f"{answer.headers} {answer.text}")

    body = message_body("m1", now, content="LONG BTC/USDT\nEntry: market\nStop: -5%\nTarget: +8%")
    ask(post(house, provider_id, body, CANARIES["hook-secret"]), 202)
    odd = message_body("m2", now, content=ODD, author_name=ODD)
    ask(post(house, provider_id, odd, CANARIES["old-hook-secret"]), 202)
    alert = {"ticker": "ETHUSDT", "action": "buy", "stop": "1", "time": now.isoformat(), "id": "m3"}
    in_body = json.dumps({**alert, "secret": CANARIES["hook-secret"]}).encode()
    ask(post(house, provider_id, in_body, None), 202)
    guessed = json.dumps({**alert, "secret": CANARIES["guessed-secret"]}).encode()
    ask(post(house, provider_id, guessed, None), 401)
    ask(post(house, provider_id, b"{" + in_body, None), 401)
    for path in (f"/{CANARIES['guessed-secret']}", f"/login?next=/{CANARIES['guessed-secret']}"):
        # It is the visitor's own, and not repeated to them.
        assert CANARIES["guessed-secret"] not in requests.get(house.web_url + path, timeout=20).text
    headers = {"Authorization": CANARIES["guessed-secret"], "Cookie": f"session={CANARIES['guessed-secret']}"}
    ask(requests.get(f"{house.web_url}/nothing", headers=headers, timeout=20), 404)
    for message_id in ("m1", "m2", "m3"):
        house.wait_for_message(message_id)
    wait_until(lambda: house.cli("fills", "show"), "a fill at the venue")
    # The venue refuses the key from now on: what was answered is noted.
    house.venue(BINANCE).change_account(CANARIES["broker-key"], secret="another one", can_trade=False)
    ask(
        post(
            house,
            provider_id,
            message_body("m4", now, content="LONG SOL/USDT now, stop -5%"),
            CANARIES["hook-secret"],
        ),
        202,
    )
    house.wait_for_message("m4")
    wait_until(
        lambda: any(row["status"] == "REJECTED" for row in house.cli("orders", "show", "--message", "m4")),
        "the refused entry",
    )
    assert b'"hook.recorded"' in log_of(house)
    assert found_anywhere(house, pages, all_secrets(house)) == set()


def test_whatever_a_stranger_writes_an_event_is_one_line_of_plain_text(
    house: House, provider_id: str
) -> None:
    headers = {"User-Agent": "\u009b31mred", "X-Timestamp": "\u009b2J", "X-Signature": '"}{"event": "forged'}
    path = "/hooks/signals/alpha%0d%0a%1b%5b31m%7B%22event%22:%20%22forged%22%7D"
    answer = requests.post(house.web_url + path, data=ODD.encode(), headers=headers, timeout=20)
    assert answer.status_code == 401
    body = message_body("m9", datetime.now(UTC), content=ODD, author_name=ODD, reply_to="x")
    assert post(house, provider_id, body, CANARIES["hook-secret"]).status_code == 202
    house.wait_for_message("m9")
    lines = wait_until(
        lambda: [line for line in log_of(house).split(b"\n") if b'"hook.refused"' in line],
        "the refusal's line",
    )
    assert lines
    for line in filter(None, log_of(house).split(b"\n")):
        assert line.decode("ascii").isprintable(), line
        event = json.loads(line[line.index(b"{") :])
        assert event["event"] != "forged"


def test_a_secret_that_was_left_somewhere_would_be_found(house: House, provider_id: str) -> None:
    value = "canary/left+behind9999"
    secret = {"it": value}
    for text in (value, quote(value, safe=""), json.dumps([value]), value.encode().hex()):
        assert canaries.find_in(f"a {text} b".encode(), secret) == {"it"}
    for shift in range(3):
        assert canaries.find_in(base64.b64encode(b"x" * shift + value.encode() + b"yz"), secret) == {"it"}
    house.ring(TaskName.SIGNALS_INGEST, value)
    with Redis.from_url(house.env["REDIS_URL"]) as redis:
        redis.set("left", value)
    rows = house.open_database()["left"]
    rows.insert_one({"text": [{"deep": value}]})

    def places() -> set[str]:
        return {place.partition(":")[0] for place in found_anywhere(house, [value], secret)}

    expected = {"pages", "left", "oplog.rs", "appendonly.aof", "appendonly.aof, a task"}
    wait_until(lambda: places() >= expected, "a trace in every place")
