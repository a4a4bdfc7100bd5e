"""Discord's ids as the emulator makes them."""

from datetime import UTC, datetime

from tests.emulators.discord.snowflakes import Snowflakes, snowflake_time


def test_an_id_carries_the_millisecond_it_was_made_in() -> None:
    assert snowflake_time(Snowflakes(clock=lambda: 1_700_000_000.123).next()) == datetime.fromtimestamp(
        1_700_000_000.123, tz=UTC
    )


def test_discords_own_example_is_read_as_discord_reads_it() -> None:
    assert snowflake_time("175928847299117063") == datetime(2016, 4, 30, 11, 18, 25, 796000, tzinfo=UTC)


def test_ids_grow_while_the_clock_stands_still_or_runs_backwards() -> None:
    moments = iter([1_700_000_000.0] * 5000 + [1_600_000_000.0] * 10)
    snowflakes = Snowflakes(clock=lambda: next(moments))
    ids = [int(snowflakes.next()) for _ in range(5010)]
    assert ids == sorted(set(ids))


def test_ids_for_an_earlier_moment_keep_their_order_and_never_meet_one_made_now() -> None:
    snowflakes = Snowflakes(clock=lambda: 1_700_000_000.0)
    now = snowflakes.next()
    moment = snowflake_time(now)
    past = [snowflakes.at(moment) for _ in range(100)]
    assert [int(one) for one in past] == sorted({int(one) for one in past} - {int(now)})
    assert {snowflake_time(one) for one in past} == {moment}
