"""By hand on real processes and a venue of its own: closes, stops, rotation and a flatten under kills, judged by its log."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from shared.local import PROJECT
from shared.vault import PrivateKeys, PublicKeys, credential_record, generate_key_pair
from tests.emulators.venue.control import VenueControl
from tests.house.house import House
from tests.house.population import Provider
from tests.house.venues import TEST_VENUE

FOLLOWERS = 30
WORKERS = ["signals", "orders", "exits", "reconcile", "prices", "sync", "notify", "analytics"]
# Not between a claim and its send: that one costs the venue's window of 30 s, and `make faults` has it.
POINTS = (
    "after_flatten_page", "after_command_begun", "after_command_change", "after_cover_intents", "after_send",
)  # fmt: skip
OLD, NEW = generate_key_pair(), generate_key_pair()
KEYS = {
    "CREDENTIAL_PUBLIC_KEYS": f"{OLD.public_key},{NEW.public_key}",
    "CREDENTIAL_PRIVATE_KEYS": f"{OLD.private_key.get_secret_value()},{NEW.private_key.get_secret_value()}",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Workers without the bot: a file feeds the inbox."""
    processes = ["beat", *(f"worker-{name}" for name in WORKERS)]
    settings = {**KEYS, "FAILPOINTS": str(tmp_path_factory.mktemp("deaths"))}
    with House(venues=[TEST_VENUE], processes=processes, settings=settings) as started:
        yield started


@pytest.fixture(scope="module")
def provider(house: House) -> Provider:
    """Whom all follow; each follower has coins of his own too: where too much is sold, the venue takes it."""
    terms = {"max_open_positions": "100", "max_signal_age_seconds": "600"}
    people = house.populate(followers=FOLLOWERS, venue="testvenue", settings=terms)
    for number in range(FOLLOWERS):
        coins = {"S005": "500", "S006": "500"}
        venue_of(house).create_account(f"load-{number}", f"load-secret-{number}", USDT="10000", **coins)
    house.wait_until_ready()
    house.wait_for_balances()
    return people.provider


def open_all(house: House, provider: Provider, number: int) -> list[dict[str, Any]]:
    """Let every follower buy the venue's n-th coin; their trades."""
    message = {
        "guild_id": provider.guild_id,
        "channel_id": provider.channel_id,
        "message_id": str(number),
        "author_id": provider.author_id,
        "content": f"LONG S{number:03d}/USDT\nEntry: market\nSL: {(10 + number) * Decimal('0.9'):.2f}",
        "posted_at": datetime.now(UTC).isoformat(),
    }
    told, line = [sys.executable, "-m", "shared.inbox"], json.dumps(message)
    subprocess.run(told, input=line, env=house.env, cwd=PROJECT, text=True, check=True, timeout=60)
    house.wait_idle(60)
    opened = house.cli("trades", "show", "--message", str(number), "--status", "open")
    assert len(opened) == FOLLOWERS
    return opened


def venue_of(house: House) -> VenueControl:
    control: VenueControl = house.venue(TEST_VENUE)
    return control


def holdings(house: House, symbol: str) -> dict[str, Decimal]:
    """What each key has bought less what it has sold, by the venue's own log."""
    left: dict[str, Decimal] = {}
    for order in venue_of(house).orders():
        if order["symbol"] == symbol:
            filled = Decimal(order["executed_quantity"]) * (1 if order["side"] == "buy" else -1)
            left[order["key"]] = left.get(order["key"], Decimal(0)) + filled
    return left


def test_what_is_done_by_hand_is_at_the_venue_when_the_command_answers(
    house: House, provider: Provider
) -> None:
    trade, other, *_ = open_all(house, provider, 5)
    half = house.cli("trades", "close", "--trade", trade["id"], "--percent", "50")[-1]
    assert (half["status"], half["trade"]["status"]) == ("done", "open")
    assert Decimal(half["trade"]["held"]) < Decimal(trade["held"]) * Decimal("0.51")
    moved = house.cli("trades", "move-stop", "--trade", other["id"], "--price", "14.251")[-1]
    assert moved["trade"]["stop_price"] == "14.25"
    assert moved["trade"]["resting"] == moved["trade"]["coverable"]
    refused = house.run("trades", "move-stop", "--trade", other["id"], "--price", "99")
    assert refused.status == 1
    assert "must be below the market price of" in refused.err
    where = ("--account", other["account_id"], "--symbol", "S005/USDT")
    assert house.cli("trades", "close", *where)[-1]["trade"]["status"] == "closed"


def test_every_credential_is_sealed_anew_while_everything_runs(house: House, provider: Provider) -> None:
    seal_with_the_old_key(house)
    counts = {row["key_id"]: row["count"] for row in house.cli("credentials", "show")}
    assert counts == {OLD.key_id: FOLLOWERS, NEW.key_id: 0}
    answer = house.cli("credentials", "rotate")[-1]
    assert (answer["rotated"], answer["already"], answer["failed"]) == (FOLLOWERS, 0, {})
    private = PrivateKeys.parse(NEW.private_key)
    for row in house.open_database()["credentials"].find():
        opened = private.unseal(credential_record(row["account_id"], row["_id"]), row["sealed"])
        assert json.loads(opened.get_secret_value())["api_key"].startswith("load-")


def seal_with_the_old_key(house: House) -> None:
    credentials = house.open_database()["credentials"]
    private = PrivateKeys.parse(SecretStr(KEYS["CREDENTIAL_PRIVATE_KEYS"]))
    public = PublicKeys.parse([OLD.public_key])
    for row in credentials.find():
        record = credential_record(row["account_id"], row["_id"])
        box = public.seal(record, private.unseal(record, row["sealed"]))
        credentials.update_one({"_id": row["_id"]}, {"$set": {"key_id": box.key_id, "sealed": box.data}})


def test_a_flatten_under_kills_sells_what_is_held_and_not_a_lot_more(
    house: House, provider: Provider
) -> None:
    open_all(house, provider, 6)
    folder = Path(house.env["FAILPOINTS"])
    for point in POINTS:
        (folder / point).mkdir()
        (folder / point / "1").touch()
    halted = ("halt", "--scope", "global", "--state", "halted", "--reason", "drill", "--flatten")
    assert house.run(*halted, "--no-wait").status == 0
    ended = house.run(*halted, "--timeout", "120")
    assert ended.status == 0, ended.err
    assert ended.rows[-1]["step"] == "flattened"
    house.wait_idle(90)
    left = [path for path in folder.glob("*/*") if path.is_file() and path.parent.name != "fired"]
    assert not left, "every worker died that was to die"
    assert house.cli("trades", "show", "--status", "open") == []
    closed = house.cli("trades", "show", "--message", "6")
    assert Counter(row["close_reason"] for row in closed) == {"FLATTENED": FOLLOWERS}
    # Nobody has sold more than was bought, and what is left is what no venue would take.
    left = holdings(house, "S006/USDT")
    assert len(left) == FOLLOWERS
    assert all(0 <= quantity * 16 < 5 for quantity in left.values()), left
    assert not venue_of(house).summary()["doubles"]
    house.cli("resume", "--scope", "global")
