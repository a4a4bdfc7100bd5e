"""A provider's record on real rows: recounted by other hands to the cent, and the same however often jobs run or die."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from shared.domain.bots import Sizing, SizingMethod
from shared.domain.receipts import Receipt
from shared.domain.record import Figures, ProviderRecord
from shared.domain.reference import MINUTE, ReferencePosition, ReferenceStatus, minute_of
from shared.domain.trades import TradeStatus
from shared.models import market, providers, references, trades
from shared.models.counters import Counter
from shared.models.mapping import rows_of
from shared.models.market import Candle
from shared.models.messages import Message
from shared.models.references import Reference
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.recount import recount
from tests.unit.shared.domain.builders import make_trade
from worker.pipeline import references as following
from worker.pipeline.references import SETTLED_AFTER, follow_all, follow_one, open_new
from worker.pipeline.score import score_all, score_one
from worker.task import app

S = ReferenceStatus
SYMBOLS = {"BTC/USDT": 64_000, "ETH/USDT": 3_200, "SOL/USDT": 160}
MINUTES = 420
UPDATES = (
    "Close this trade now",
    "close half here",
    "Move stop to break even",
    "cancel this one",
    "Close {symbol} now",
    "Move stop to {near:.2f}",
    "New target {far:.2f}",
    "Close half and move stop to break even",
)


def freeze_candles(begin: datetime, seed: int) -> dict[str, list[Decimal]]:
    """Store a walk of seven hours for each symbol, with some minutes missing; return the closes."""
    random = Random(seed)
    closes: dict[str, list[Decimal]] = {}
    for symbol, start in SYMBOLS.items():
        price, rows = Decimal(start), []
        closes[symbol] = []
        for number in range(MINUTES):
            after = price * (1 + Decimal(random.randint(-40, 40)) / 10_000)
            spread = price * Decimal(random.randint(0, 20)) / 10_000
            minute = begin + number * MINUTE
            row = {
                "_id": f"paper:paper:{symbol}:{int(minute.timestamp())}",
                "venue": "paper",
                "environment": "paper",
                "symbol": symbol,
                "minute": minute,
                "open": price,
                "high": max(price, after) + spread,
                "low": min(price, after) - spread,
                "close": after,
                "synthetic": False,
            }
            is_missing = random.random() < 0.05 or (symbol == "SOL/USDT" and 300 < number < 380)
            rows += [] if is_missing else [row]
            closes[symbol].append(after)
            price = after
        rows_of(Candle).insert_many(rows)
    return closes


def tell_a_story(driver: Driver, begin: datetime, seed: int) -> None:
    """Post signals and what follows on them over seven hours, all read by the real parser."""
    random, closes = Random(seed), freeze_candles(begin, seed)
    said: list[tuple[str, str, bool]] = []
    for number in range(5, MINUTES - 30, 7):
        at = begin + timedelta(minutes=number, seconds=random.randint(0, 59))
        if said and random.random() < 0.45:
            message_id, symbol, is_long = random.choice(said[-6:])
            price, sign = closes[symbol][number], 1 if is_long else -1
            near, far = price * (1 - sign * Decimal("0.003")), price * (1 + sign * Decimal("0.006"))
            text = random.choice(UPDATES).format(symbol=symbol, near=near, far=far)
            driver.say(text, posted_at=at, reply_to=None if symbol in text else message_id)
            continue
        symbol = random.choice(list(SYMBOLS))
        up, price = random.choice((1, -1)), closes[symbol][number]
        entry = "market" if random.random() < 0.4 else f"{price * (1 - up * Decimal('0.004')):.2f}"
        levels = [price * (1 + up * Decimal(step) / 1000) for step in (-15, 8, 14, 25)]
        text = "\n".join(
            [
                f"{'LONG' if up == 1 else 'SHORT'} {symbol}",
                f"Entry: {entry}",
                f"Stop loss: {levels[0]:.2f}",
                *(f"Target {k}: {level:.2f}" for k, level in enumerate(levels[1 : random.randint(2, 4)], 1)),
            ]
        )
        message = driver.say(text, posted_at=at)
        said.append((message.message_id, symbol, up == 1))
        if random.random() < 0.2:
            driver.say(text, posted_at=at + timedelta(minutes=3))
        if random.random() < 0.3:
            edited = text.replace(f"{levels[0]:.2f}", f"{price * (1 - up * Decimal('0.01')):.2f}")
            driver.say(
                edited,
                message_id=message.message_id,
                posted_at=at,
                edited_at=at + timedelta(minutes=4),
                event="edit",
                revision=1,
            )
        if random.random() < 0.15:
            gone = driver.say("", message_id=message.message_id, posted_at=at, event="delete")
            # It is heard of now and was deleted then.
            then = {"$set": {"recorded_at": at + timedelta(minutes=2)}}
            rows_of(Message).update_one({"_id": gone.row_id}, then)
    driver.say("good evening traders", posted_at=begin + timedelta(minutes=400))


def trade_as_followers(driver: Driver, provider_id: str) -> None:
    """Close one follower's trade by the provider's word, and store four that have closed before, one too long ago."""
    driver.add_follower(provider_id)
    opened = driver.say(f"LONG ADA/USDT\nEntry: market\nStop loss: {driver.quote('ADA/USDT').bid / 2:.4f}")
    driver.say("Close this trade now", reply_to=opened.message_id)
    now = datetime.now(UTC)
    for number, (pnl, multiple, days) in enumerate(
        (("12.345", "1.5", 1), ("-7.11", "-1.02", 40), ("3.3", None, 89), ("0", "0", 2), ("500", "9", 91))
    ):
        closed = make_trade(
            trade_id=f"closed-{number}",
            provider_id=provider_id,
            message_id=f"closed-{number}",
            status=TradeStatus.CLOSED,
            realised_pnl=Decimal(pnl),
            r_multiple=None if multiple is None else Decimal(multiple),
            closed_at=now - timedelta(days=days),
        )
        trades.create_many_once([closed])


def horizon_of(now: datetime) -> datetime:
    return minute_of(now - SETTLED_AFTER) - MINUTE


def positions() -> list[ReferencePosition]:
    ids = [row["_id"] for row in rows_of(Reference).find({}, {"_id": 1}).sort("_id", 1)]
    return [found for reference_id in ids if (found := references.find(reference_id)) is not None]


def facts() -> list[dict[str, Any]]:
    """All that is known of positions but for how often they were written."""
    written = ("version", "seen_until", "unscored")
    return [{k: v for k, v in asdict(p).items() if k not in written} for p in positions()]


def record_of(provider_id: str) -> ProviderRecord:
    terms = providers.find(provider_id)
    assert terms is not None
    assert terms.record is not None
    return terms.record


@pytest.fixture
def raw(mongodb_uri: str) -> Any:
    """The database as the driver gives it, without any of our mappings."""
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True) as client:
        yield client.get_default_database()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_record_recounted_from_raw_rows_is_equal_to_the_cent(
    driver: Driver, raw: Database[dict[str, Any]], seed: int
) -> None:
    provider_id = driver.add_provider()
    now = datetime.now(UTC)
    tell_a_story(driver, minute_of(now) - timedelta(hours=8), seed)
    trade_as_followers(driver, provider_id)
    now = datetime.now(UTC)
    follow_all(driver.context, now)
    record = score_one(provider_id, now)
    assert record_of(provider_id) == record
    told = asdict(record)
    recounted = recount(raw, provider_id, horizon_of(now), record.computed_at or now)
    assert {name: told[name] for name in recounted} == recounted
    # The story is worth recounting: all kinds of ends, on both sides of zero.
    assert record.whole.closed >= 10
    assert 0 < record.whole.wins < record.whole.closed
    assert record.counts.missed
    assert record.messages.edited
    assert record.messages.deleted
    assert (record.followers.closed, record.followers.wins) == (5, 2)
    ends = {position.close_reason for position in positions()}
    assert {"STOP_HIT", "TARGET_HIT", "PROVIDER_CLOSED"} <= ends


def test_jobs_that_run_twice_lose_their_place_or_die_between_writes_come_to_the_same(driver: Driver) -> None:
    provider_id = driver.add_provider()
    now = datetime.now(UTC)
    begin = minute_of(now) - timedelta(hours=8)
    tell_a_story(driver, begin, 4)
    follow_all(driver.context, now)
    at_once, record = facts(), score_one(provider_id, now)
    rows_of(Reference).delete_many({})
    rows_of(Counter).delete_many({"_id": following._READ})
    open_new(driver.context)
    for number in range(7, 470, 37):
        before = {p.reference_id: p for p in references.alive_of(provider_id)}
        follow_one(provider_id, begin + number * MINUTE)
        if number % 2:
            # The pass has died: of what it wrote, every other position is as it was.
            lost = [before[name] for name in sorted(before)[::2]]
            for position in lost:
                row = {**asdict(position), "_id": position.reference_id}
                row.pop("reference_id")
                rows_of(Reference).replace_one({"_id": position.reference_id}, row)
        rows_of(Counter).delete_many({"_id": following._READ})
        assert open_new(driver.context) == 0
    follow_all(driver.context, now)
    follow_all(driver.context, now)
    assert facts() == at_once
    assert score_one(provider_id, now) == score_one(provider_id, now) == record


def test_a_record_is_computed_when_something_closed_and_once_an_hour(driver: Driver) -> None:
    provider_id = driver.add_provider()
    now = datetime.now(UTC)
    assert score_all(now) == "1 records computed"
    assert score_all(now + timedelta(minutes=1)) == "0 records computed"
    driver.add_follower(provider_id)
    opened = driver.say(f"LONG BTC/USDT\nEntry: market\nStop loss: {driver.quote('BTC/USDT').bid / 2:.2f}")
    assert score_all(now + timedelta(minutes=2)) == "0 records computed"
    # A signal that is followed is news for the record.
    follow_all(driver.context, now)
    assert score_all(now + timedelta(minutes=3)) == "1 records computed"
    assert record_of(provider_id).counts.signals == 1
    assert score_all(now + timedelta(minutes=4)) == "0 records computed"
    driver.say("Close this trade now", reply_to=opened.message_id)
    assert score_all(now + timedelta(minutes=5)) == "1 records computed"
    assert record_of(provider_id).followers.closed == 1
    assert score_all(now + timedelta(hours=3)) == "1 records computed"


def test_an_older_record_never_replaces_a_newer_one(driver: Driver) -> None:
    provider_id = driver.add_provider()
    now = datetime.now(UTC)
    newer = score_one(provider_id, now)
    score_one(provider_id, now - timedelta(minutes=1))
    assert record_of(provider_id) == newer


def test_a_scorer_that_dies_before_its_last_write_leaves_the_work_to_the_next(driver: Driver) -> None:
    provider_id = driver.add_provider()
    now = datetime.now(UTC)
    driver.say("LONG BTC/USDT\nEntry: market\nStop loss: 60000")
    open_new(driver.context)
    record = score_one(provider_id, now)
    rows_of(Reference).update_many({}, {"$set": {"unscored": True}})
    assert score_all(now) == "1 records computed"
    assert record_of(provider_id) == record
    # What has moved on since it was read stays marked.
    rows_of(Reference).update_many({}, {"$set": {"unscored": True}})
    seen = references.unscored_of(provider_id)
    rows_of(Reference).update_many({}, {"$inc": {"version": 1}})
    references.mark_scored(seen)
    assert references.unscored_of(provider_id)


def test_half_kelly_sizes_by_the_stored_record_or_says_why_not(driver: Driver) -> None:
    provider_id = driver.add_provider()
    driver.add_follower(provider_id, sizing=Sizing(SizingMethod.KELLY))
    text = "LONG {0}\nEntry: market\nStop loss: {1:.2f}"

    def outcome_of(symbol: str) -> Receipt:
        said = text.format(symbol, driver.quote(symbol).bid * Decimal("0.95"))
        (receipt,) = driver.receipts(driver.say(said))
        return receipt

    assert outcome_of("BTC/USDT").code == "KELLY_SAMPLE"
    losing = Figures(closed=30, wins=10, average_win=Decimal(1), average_loss=Decimal(1))
    providers.store_record(provider_id, ProviderRecord(whole=losing, computed_at=datetime.now(UTC)))
    assert outcome_of("ETH/USDT").code == "KELLY_NEGATIVE"
    # (0.6 - 0.4 / 1) / 2 is a tenth of the equity, which is 10,000.
    winning = Figures(closed=30, wins=18, average_win=Decimal(1), average_loss=Decimal(1))
    providers.store_record(provider_id, ProviderRecord(whole=winning, computed_at=datetime.now(UTC)))
    receipt = outcome_of("SOL/USDT")
    (trade,) = trades.find_many([receipt.trade_id or ""])
    assert 995 < trade.planned_quantity * trade.planned_entry <= 1000


def test_a_symbol_that_is_followed_is_asked_for_though_nobody_trades_it(driver: Driver) -> None:
    driver.add_provider()
    driver.say("LONG SOL/USDT\nEntry: market\nStop loss: 1")
    app.tasks["providers.follow"]()
    app.tasks["prices.refresh"]()
    assert rows_of(Candle).find_one({"venue": "paper", "symbol": "SOL/USDT"}) is not None
    (position,) = positions()
    assert (position.status, position.symbol, position.venue) == (S.PENDING, "SOL/USDT", "paper")
    follow_all(driver.context, datetime.now(UTC) + timedelta(minutes=3))
    (position,) = positions()
    assert (position.status, position.synthetic) == (S.OPEN, True)


def test_without_a_stored_price_for_an_hour_it_is_unpriced_and_in_no_figure(driver: Driver) -> None:
    provider_id = driver.add_provider()
    now = datetime.now(UTC)
    driver.say("LONG SOL/USDT\nEntry: market\nStop loss: 1", posted_at=now - timedelta(hours=2))
    driver.say("LONG NOSUCHCOIN/USDT\nEntry: market\nStop loss: 1")
    follow_all(driver.context, now)
    assert {(p.status, p.close_reason) for p in positions()} <= {
        (S.UNPRICED, "NO_PRICE"),
        (S.UNPRICED, "NO_INSTRUMENT"),
    }
    record = score_one(provider_id, now)
    assert record.counts.unpriced == record.counts.signals > 0
    assert record.whole.closed == 0


def test_two_commands_of_one_message_are_carried_out_in_order_on_the_position_it_answers(
    driver: Driver,
) -> None:
    driver.add_provider()
    now = datetime.now(UTC)
    begin = minute_of(now) - timedelta(hours=1)
    for number, price in enumerate((100, 104, 106, 99)):
        at = begin + number * MINUTE
        market.record_prices("paper", "paper", {"SOL/USDT": Decimal(price)}, at, synthetic=False)
    opened = driver.say("LONG SOL/USDT\nEntry: market\nStop loss: 90", posted_at=begin)
    driver.say(
        "Close half and move stop to break even",
        reply_to=opened.message_id,
        posted_at=begin + timedelta(seconds=80),
    )
    follow_all(driver.context, now)
    (position,) = positions()
    assert [(part.price, part.fraction, part.reason) for part in position.exits] == [
        (104, Decimal("0.5"), "PROVIDER_CLOSED"),
        (99, Decimal("0.5"), "STOP_HIT"),
    ]
    # Four and minus one on a half each, less 0.1 on the way in and 0.1015 on the way out.
    assert position.result == Decimal("1.2985")
    assert position.r_multiple == Decimal("0.12985")


def test_one_content_and_one_message_is_one_signal(driver: Driver) -> None:
    driver.add_provider()
    text = "LONG BTC/USDT\nEntry: market\nStop loss: 60000"
    first = driver.say(text)
    driver.say(text)
    driver.say(text + "\nTarget: 99000", message_id=first.message_id, event="edit", revision=1)
    open_new(driver.context)
    assert [position.message_id for position in positions()] == [first.message_id]


def test_what_is_held_back_for_a_person_is_not_followed(driver: Driver) -> None:
    driver.add_provider()
    held = driver.say(
        "SAMPLE\nPair: ADA/USDT\nSide: Short\nEntry: 0.52\nStop loss: 0.56\nTarget 1: 0.48\nTarget 2: 0.45\nLeverage: 5x"
    )
    assert held.reason == "LOW_CONFIDENCE"
    open_new(driver.context)
    assert positions() == []
