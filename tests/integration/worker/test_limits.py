"""Rate tokens on a real Redis: never beyond the venue's limit in any window, and the urgent first."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from shared.brokers.weights import Call, VenueLimits
from worker.limits import Pot, RateTokens, Urgency

# A venue whose minute is worth 60,000: what takes a minute there takes a blink here.
FAST = VenueLimits(60_000, 0, 0, {Call.SUBMIT: 1})
COUNTED = VenueLimits(60_000, 100, 200_000, {Call.SUBMIT: 1})
# A venue that counts each account's requests, and no address's.
APART = VenueLimits(0, 0, 0, {Call.SUBMIT: 1}, account_weight_per_minute=60)
_names = itertools.count()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def tokens(redis: Redis) -> RateTokens:
    return RateTokens(redis)


@pytest.fixture
def pot() -> Pot:
    return Pot("venue", "live", f"10.0.0.{next(_names)}")


def nobody(count: int) -> list[str]:
    return [""] * count


def test_what_is_taken_in_any_span_of_time_stays_below_the_limit(tokens: RateTokens, pot: Pot) -> None:
    began = time.monotonic()
    taken = 0
    while (seconds := time.monotonic() - began) < 0.5:
        taken += len(tokens.take(pot, FAST, Urgency.EXIT, nobody(25)).places)
        # The pot is full at first: burst and flow together are what a whole window may hold.
        assert taken <= FAST.weight_per_minute * (0.025 + seconds / 60) + 25
    assert taken > FAST.weight_per_minute * (0.9 * 0.5 / 60)


def test_a_fifth_is_left_to_exits_when_entries_have_taken_all_they_may(tokens: RateTokens, pot: Pot) -> None:
    while tokens.take(pot, FAST, Urgency.ENTRY, nobody(100)).places:
        pass
    assert not tokens.take(pot, FAST, Urgency.SNAPSHOT, nobody(1)).places
    exits = tokens.take(pot, FAST, Urgency.EXIT, nobody(1000)).places
    assert len(exits) >= 1500 * 0.2


def test_who_gets_none_is_told_how_long_to_wait(tokens: RateTokens, pot: Pot) -> None:
    while (grant := tokens.take(pot, FAST, Urgency.EXIT, nobody(500))).places:
        pass
    assert 0 < grant.wait_seconds < 0.1
    assert tokens.was_short(pot)
    assert not tokens.was_short(Pot("another", "live"))
    time.sleep(grant.wait_seconds)
    assert tokens.take(pot, FAST, Urgency.EXIT, nobody(1)).places == (0,)


def test_many_workers_at_once_take_no_more_than_there_is(tokens: RateTokens, pot: Pot) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        grants = list(threads.map(lambda _: tokens.take(pot, FAST, Urgency.EXIT, nobody(25)), range(400)))
    seconds = time.monotonic() - began
    assert sum(len(g.places) for g in grants) <= FAST.weight_per_minute * (0.025 + seconds / 60) + 25


def test_an_account_is_held_to_its_own_limit_and_the_others_go_on(tokens: RateTokens, pot: Pot) -> None:
    asked = ["busy", "calm"] * 60
    places = tokens.take(pot, COUNTED, Urgency.EXIT, asked).places
    busy = sum(asked[place] == "busy" for place in places)
    assert busy == 50
    assert tokens.take(pot, COUNTED, Urgency.EXIT, ["busy", "other"]).places == (1,)


def test_a_venue_that_told_us_to_wait_gets_nothing_from_anybody_until_then(
    tokens: RateTokens, pot: Pot, redis: Redis
) -> None:
    tokens.close(pot, 60)
    tokens.close(pot, 1)
    grant = RateTokens(redis).take(pot, FAST, Urgency.EXIT, nobody(5))
    assert grant.places == ()
    assert 59 < grant.wait_seconds <= 60


def test_another_address_has_a_limit_of_its_own(tokens: RateTokens, pot: Pot) -> None:
    tokens.close(pot, 60)
    elsewhere = Pot(pot.venue, pot.environment, "10.1.1.1")
    assert len(tokens.take(elsewhere, FAST, Urgency.ENTRY, nobody(5)).places) == 5


def test_what_others_used_of_our_address_is_ours_no_more(tokens: RateTokens, pot: Pot) -> None:
    tokens.take(pot, FAST, Urgency.EXIT, nobody(1))
    tokens.heed(pot, FAST, FAST.weight_per_minute)
    assert len(tokens.take(pot, FAST, Urgency.EXIT, nobody(1000)).places) < 100


def test_the_heaviest_request_of_the_least_urgent_kind_finds_room(tokens: RateTokens, pot: Pot) -> None:
    small = VenueLimits(1200, 0, 0, {Call.SUBMIT: 1, Call.OPEN_ORDERS: 80})
    assert tokens.take(pot, small, Urgency.SNAPSHOT, nobody(1), weight=80).places == (0,)


def test_a_redis_that_lost_everything_starts_anew(tokens: RateTokens, pot: Pot, redis: Redis) -> None:
    tokens.take(pot, FAST, Urgency.EXIT, nobody(100))
    redis.flushall()
    redis.script_flush()
    assert len(tokens.take(pot, FAST, Urgency.EXIT, nobody(10)).places) == 10


def test_where_accounts_are_counted_each_has_its_own_room(tokens: RateTokens, pot: Pot) -> None:
    asked = ["busy", "calm"] * 5
    places = tokens.take(pot, APART, Urgency.EXIT, asked).places
    taken = [asked[place] for place in places]
    assert taken.count("busy") == taken.count("calm") == 3
    assert tokens.take(pot, APART, Urgency.EXIT, ["busy", "third"]).places == (1,)


def test_reads_of_an_account_are_counted_with_its_orders_and_leave_a_fifth_to_its_exits(
    tokens: RateTokens, pot: Pot
) -> None:
    reads = tokens.take(pot, APART, Urgency.LOOK_UP, ["busy"] * 5, weight=2, are_orders=False)
    assert len(reads.places) == 1
    assert len(tokens.take(pot, APART, Urgency.EXIT, ["busy"] * 5).places) == 1


def test_an_account_that_was_told_to_wait_waits_alone(tokens: RateTokens, pot: Pot) -> None:
    tokens.close_account(pot, "told", 60)
    grant = tokens.take(pot, APART, Urgency.EXIT, ["told", "other"])
    assert grant.places == (1,)
    assert 59 < grant.wait_seconds <= 60
    assert tokens.closed_seconds(pot) == 0
