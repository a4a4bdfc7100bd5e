"""Ids that gather: one bell for all that wait, each taken once, none stuck when a bell is lost."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

import shared.settings
import shared.tasks
from shared import gathering
from shared.gathering import count_gathered, is_behind, ring_gathered, ring_left_over, take_gathered
from shared.local import LocalServers
from shared.tasks import QUEUE_OF, TaskName, bell_list

NAME = TaskName.NOTIFICATIONS_DELIVER


@pytest.fixture
def redis(redis_url: str, mongodb_uri: str) -> Iterator[Redis]:
    with pytest.MonkeyPatch.context() as environment, Redis.from_url(redis_url) as client:
        environment.setenv("REDIS_URL", redis_url)
        environment.setenv("MONGODB_URI", mongodb_uri)
        _forget()
        client.flushall()
        yield client
        client.flushall()
    _forget()


def _forget() -> None:
    shared.settings.load_settings.cache_clear()
    shared.tasks._producer.cache_clear()
    gathering._redis.cache_clear()


def bells(redis: Redis) -> int:
    return int(redis.llen(bell_list(QUEUE_OF[NAME])))


def test_what_comes_while_a_bell_is_on_its_way_joins_it(redis: Redis):
    for number in range(20):
        ring_gathered(NAME, [f"a{number}", f"b{number}"])
    assert bells(redis) == 1
    assert is_behind(NAME, 39)
    assert not is_behind(NAME, 40)
    assert len(take_gathered(NAME, 100)) == 40
    ring_gathered(NAME, ["later"])
    assert bells(redis) == 2


def test_nothing_to_tell_rings_nobody(redis: Redis):
    ring_gathered(NAME, [])
    assert bells(redis) == 0
    assert take_gathered(NAME, 100) == []


def test_an_id_that_was_asked_for_often_is_taken_once_and_in_order(redis: Redis):
    ring_gathered(NAME, ["b", "a"])
    ring_gathered(NAME, ["a", "c", "b"])
    assert take_gathered(NAME, 100) == ["b", "a", "c"]


def test_what_is_more_than_one_task_takes_is_rung_for_again(redis: Redis):
    ring_gathered(NAME, [str(number) for number in range(5)])
    assert take_gathered(NAME, 3) == ["0", "1", "2"]
    assert (bells(redis), count_gathered(NAME)) == (2, 2)
    assert take_gathered(NAME, 3) == ["3", "4"]
    assert bells(redis) == 2


def test_of_eight_that_take_at_once_no_two_get_the_same(redis: Redis):
    ring_gathered(NAME, [str(number) for number in range(400)])
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: take_gathered(NAME, 50), range(8)))
    assert sorted(int(one) for part in taken for one in part) == list(range(400))


def test_ids_whose_bell_was_lost_are_rung_for(redis: Redis):
    ring_gathered(NAME, ["a"])
    redis.delete(bell_list(QUEUE_OF[NAME]))
    ring_gathered(NAME, ["b"])
    assert bells(redis) == 0
    ring_left_over()
    assert bells(redis) == 1
    assert take_gathered(NAME, 100) == ["a", "b"]


def test_a_redis_that_is_away_holds_nobody_up_and_raises_nothing(mongodb_uri: str):
    with LocalServers(mongodb_uri=mongodb_uri) as own, pytest.MonkeyPatch.context() as environment:
        environment.setenv("REDIS_URL", own.redis_url)
        environment.setenv("MONGODB_URI", mongodb_uri)
        _forget()
        own.redis.kill()
        began = time.monotonic()
        ring_gathered(NAME, ["a"])
        assert not is_behind(NAME, 0)
        assert time.monotonic() - began < 5
    _forget()
