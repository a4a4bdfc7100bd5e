"""Jobs, usage, halts, events and trades on a real database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.halts import Halt, HaltState
from shared.models import halts, outbox, records, trades
from shared.models.mapping import rows_of
from shared.models.outbox import OutboxEvent
from shared.models.records import UsageEvent
from shared.models.users import User
from tests.integration.shared.models.at_once import THREADS, all_at_once
from tests.unit.shared.domain.builders import NOW, make_open_trade


class TestJobs:
    def test_a_slot_has_one_runner_however_many_begin(self):
        begun = all_at_once(lambda _: records.begin_job("sweep", NOW, 5))
        assert len([run for run in begun if run is not None]) == 1

    def test_the_next_slot_and_another_job_begin(self):
        slot = datetime.fromtimestamp(NOW.timestamp() // 5 * 5, UTC)
        assert records.begin_job("sweep", slot, 5)
        assert records.begin_job("sweep", slot + timedelta(seconds=4.9), 5) is None
        assert records.begin_job("sweep", slot + timedelta(seconds=5), 5)
        assert records.begin_job("prices", slot, 5)

    def test_the_newest_run_and_how_it_ended_are_found(self):
        for second in (0, 5):
            run = records.begin_job("sweep", NOW + timedelta(seconds=second), 5)
            assert run is not None
            records.finish_job(run, NOW + timedelta(seconds=second + 1), "done", f"run {second}")
        last = records.last_run("sweep")
        assert last is not None
        assert (last["detail"], last["outcome"]) == ("run 5", "done")
        assert records.last_run("never") is None


def test_the_same_usage_event_is_kept_once():
    all_at_once(lambda n: records.append_usage("event", "user", "filled", f"subject{n}", NOW))
    assert rows_of(UsageEvent).count_documents({}) == 1


class TestHalts:
    def test_a_scope_has_one_state_the_last_one_set(self):
        halts.set_halt("global", HaltState.REDUCING, "news", NOW)
        halts.set_halt("global", HaltState.HALTED, "worse news", NOW)
        halts.set_halt("user:u", HaltState.REDUCING, "asked", NOW)
        assert sorted(halts.in_force(), key=lambda halt: halt.scope) == [
            Halt("global", HaltState.HALTED, "worse news", NOW),
            Halt("user:u", HaltState.REDUCING, "asked", NOW),
        ]

    def test_resuming_takes_it_out_of_force(self):
        halts.set_halt("global", HaltState.HALTED, "news", NOW)
        halts.set_halt("global", HaltState.ACTIVE, "over", NOW)
        assert halts.in_force() == []


def event(event_id: str, user_id: str = "user", seconds: int = 0) -> OutboxEvent:
    at = NOW + timedelta(seconds=seconds)
    return OutboxEvent(event_id, user_id, "order.changed", {"order_id": "o"}, at, at)


def add_user(user_id: str) -> None:
    rows_of(User).insert_one(
        {"_id": user_id, "discord_id": user_id, "name": user_id, "tier": "free", "created_at": NOW}
    )


class TestOutbox:
    def test_events_are_numbered_without_a_repeat_under_eight_threads(self):
        add_user("user")
        events = [event(f"e{n:02}") for n in range(40)]
        outbox.record_events(events)
        given = all_at_once(lambda n: outbox.give_seqs(events[n:] + events[:n], NOW))
        numbers = [seq for each in given for seq in each.values()]
        assert len(numbers) == len(set(numbers)) == 40
        stored = {item.event_id: item.seq for item in outbox.find_many([item.event_id for item in events])}
        assert sorted(seq for seq in stored.values() if seq is not None) == sorted(numbers)

    def test_every_user_counts_for_itself_and_a_page_reads_on_from_its_last(self):
        for user in ("user", "other"):
            add_user(user)
        events = [event("a"), event("b", "other"), event("c"), event("d")]
        outbox.record_events(events)
        assert outbox.give_seqs(events, NOW) == {"a": 1, "b": 1, "c": 2, "d": 3}
        assert [item.event_id for item in outbox.after("user", 1, 10)] == ["c", "d"]
        assert [item.event_id for item in outbox.after("user", 0, 2)] == ["a", "c"]

    def test_the_same_event_is_kept_once_and_keeps_its_number(self):
        add_user("user")
        outbox.record_events([event("a")])
        assert outbox.give_seqs([event("a")], NOW) == {"a": 1}
        outbox.record_events([event("a"), event("b")])
        assert outbox.give_seqs([event("a")], NOW) == {}
        assert [item.seq for item in outbox.find_many(["a"])] == [1]

    def test_what_waits_is_listed_until_it_is_delivered(self):
        outbox.record_events([event("late", seconds=1), event("b"), event("a", seconds=-1)])
        again = NOW + timedelta(seconds=outbox.RING_AGAIN_SECONDS)
        assert outbox.take_undelivered(NOW, 10) == ["a", "b"]
        assert outbox.take_undelivered(NOW, 10) == []
        outbox.mark_delivered(["a", "b"])
        assert outbox.take_undelivered(again, 10) == ["late"]
        assert outbox.count_undelivered() == 1

    def test_an_event_of_nobody_gets_no_number(self):
        outbox.record_events([event("a", "nobody")])
        assert outbox.give_seqs([event("a", "nobody")], NOW) == {}


class TestTrades:
    def test_of_eight_that_read_the_same_version_one_changes_it(self):
        trade = make_open_trade(10)
        trades.create_many_once([trade])
        won = all_at_once(lambda n: trades.compare_and_set(trade, held=Decimal(n)))
        assert sorted(won) == [False] * (THREADS - 1) + [True]
        stored = trades.find("trade")
        assert stored is not None
        assert (stored.version, stored.held) == (1, won.index(True))

    def test_a_planned_trade_is_written_once_and_a_repeat_leaves_it(self):
        trade = make_open_trade(10)
        trades.create_many_once([trade])
        trades.compare_and_set(trade, errors=("E",))
        trades.create_many_once([trade, replace(trade, trade_id="other")])
        stored = trades.find("trade")
        assert stored == replace(trade, version=1, errors=("E",))

    def test_the_cover_version_never_falls_and_outdates_who_read_before(self):
        trade = make_open_trade(10)
        trades.create_many_once([trade])
        for version in (3, 2, 3):
            trades.raise_cover_versions({"trade": version})
        stored = trades.find("trade")
        assert stored is not None
        assert (stored.cover_version, stored.version) == (3, 1)
        assert not trades.compare_and_set(trade, held=Decimal(0))
