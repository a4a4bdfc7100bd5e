"""Jobs, usage, halts, events and trades on a real database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.halts import Halt, HaltState
from shared.models import halts, outbox, records, trades
from shared.models.counters import Counter
from shared.models.mapping import rows_of
from shared.models.outbox import OutboxEvent
from shared.models.records import UsageEvent
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


class TestOutbox:
    def test_events_are_numbered_without_a_repeat_under_eight_threads(self):
        all_at_once(lambda n: outbox.record_events([event(f"e{n}-{i}") for i in range(5)]))
        numbers = [item.seq for item in outbox.after("user", 0, 100)]
        assert len(numbers) == len(set(numbers)) == 5 * THREADS

    def test_numbers_grow_for_everybody_together_and_a_page_reads_on_from_its_last(self):
        outbox.record_events([event("a"), event("b", "other"), event("c"), event("d")])
        numbers = {item.event_id: item.seq for item in outbox.find_many(list("abcd"))}
        assert [numbers[name] - numbers["a"] for name in "abcd"] == [0, 1, 2, 3]
        assert [item.event_id for item in outbox.after("user", numbers["a"], 10)] == ["c", "d"]
        assert [item.event_id for item in outbox.after("user", 0, 2)] == ["a", "c"]
        assert (outbox.newest_seq("user"), outbox.newest_seq("other")) == (numbers["d"], numbers["b"])
        assert outbox.newest_seq("nobody") == 0

    def test_the_same_event_is_kept_once_and_keeps_its_number(self):
        outbox.record_events([event("a")])
        (first,) = outbox.find_many(["a"])
        outbox.record_events([event("a"), event("b")])
        assert outbox.find_many(["a"]) == [first]

    def test_a_counter_that_was_lost_begins_above_what_it_gave_before(self):
        outbox.record_events([event("a")])
        rows_of(Counter).delete_many({})
        outbox.record_events([event("b")])
        (a,), (b,) = outbox.find_many(["a"]), outbox.find_many(["b"])
        assert b.seq > a.seq

    def test_what_waits_is_listed_until_it_is_delivered(self):
        outbox.record_events([event("late", seconds=1), event("b"), event("a", seconds=-1)])
        again = NOW + timedelta(seconds=outbox.RING_AGAIN_SECONDS)
        assert outbox.take_undelivered(NOW, 10) == ["a", "b"]
        assert outbox.take_undelivered(NOW, 10) == []
        outbox.mark_delivered(["a", "b"])
        assert outbox.take_undelivered(again, 10) == ["late"]
        assert outbox.count_undelivered() == 1


class TestTrades:
    def test_of_eight_that_read_the_same_version_one_changes_it(self):
        trade = make_open_trade(10)
        trades.create_many_once([trade])
        won = all_at_once(lambda n: trades.compare_and_set(trade, held=Decimal(n)))
        assert sorted(won) == [False] * (THREADS - 1) + [True]
        stored = trades.find("trade")
        assert stored is not None
        assert (stored.version, stored.held) == (1, won.index(True))

    def test_of_eight_waves_that_read_the_same_versions_each_trade_is_changed_by_one(self):
        read = [make_open_trade(10, trade_id=f"t{n}") for n in range(3)]
        trades.create_many_once(read)

        def change(n: int) -> set[str]:
            wanted = {trade.trade_id: (trade, {"held": Decimal(n)}) for trade in read}
            return trades.compare_and_set_many(wanted, f"mark{n}", NOW)

        won = [trade_id for each in all_at_once(change) for trade_id in each]
        assert sorted(won) == ["t0", "t1", "t2"]
        assert {trade.version for trade in trades.find_many(["t0", "t1", "t2"])} == {1}

    def test_a_planned_trade_is_written_once_and_a_repeat_leaves_it(self):
        trade = make_open_trade(10)
        trades.create_many_once([trade])
        trades.compare_and_set(trade, errors=("E",))
        trades.create_many_once([trade, replace(trade, trade_id="other")])
        stored = trades.find("trade")
        assert stored == replace(trade, version=1, errors=("E",))
