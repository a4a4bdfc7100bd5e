"""The inbox on a real database: recorded once, rung for in growing pauses, ended once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.models import messages
from shared.models.mapping import millisecond
from shared.models.messages import MAX_HEARD, RING_SECONDS, InboxMessage, MessageStatus
from tests.integration.shared.models.at_once import THREADS, all_at_once

NOW = millisecond(datetime.now(UTC))


def message(row_id: str = "row", **changes: Any) -> InboxMessage:
    values: dict[str, Any] = {
        "row_id": row_id,
        "source": "discord",
        "guild_id": "g",
        "channel_id": "c",
        "message_id": row_id,
        "revision": 0,
        "event": "create",
        "author_id": "a",
        "author_name": "n",
        "is_webhook": False,
        "content": "Buy BTC",
        "posted_at": NOW,
        "recorded_at": NOW,
        "next_check_at": NOW,
    }
    return InboxMessage(**{**values, **changes})


def found(row_id: str = "row") -> InboxMessage:
    row = messages.find(row_id)
    assert row is not None
    return row


def test_of_eight_that_record_the_same_revision_one_creates_it():
    created = all_at_once(lambda _: messages.create_once(message()))
    assert sorted(created) == [False] * (THREADS - 1) + [True]
    assert found() == message()


def test_the_revision_is_unique_whatever_the_rows_id():
    assert messages.create_once(message("row", message_id="m"))
    assert not messages.create_once(message("another", message_id="m"))
    assert messages.create_once(message("edit", message_id="m", revision=1))


def test_due_messages_are_rung_for_in_growing_pauses_for_as_long_as_no_worker_hears():
    messages.create_once(message())
    moment, pauses = NOW, []
    for _ in range(2 * len(RING_SECONDS)):
        assert messages.take_due(moment, 10) == (["row"], [])
        assert messages.take_due(moment, 10) == ([], [])
        pauses.append((found().next_check_at - moment).total_seconds())
        moment = found().next_check_at
    assert tuple(pauses) == RING_SECONDS + RING_SECONDS[-1:] * len(RING_SECONDS)
    assert (found().rings, found().heard) == (2 * len(RING_SECONDS), 0)


def test_a_message_whose_rings_were_heard_without_an_end_is_spent():
    messages.create_once(message())
    moment = NOW
    for _ in range(MAX_HEARD):
        assert messages.take_due(moment, 10) == (["row"], [])
        # A ring that is heard by three workers, or three times by one, counts once.
        for _ in range(3):
            messages.begin("row")
        moment = found().next_check_at
    assert found().heard == MAX_HEARD
    assert messages.take_due(moment, 10) == ([], ["row"])


def test_who_knows_what_it_waits_for_starts_again_to_count():
    messages.create_once(message())
    for _ in range(2 * MAX_HEARD):
        moment = found().next_check_at
        assert messages.take_due(moment, 10) == (["row"], [])
        messages.begin("row")
        messages.postpone("row", moment + timedelta(seconds=1))
    assert found().heard == 0


def test_what_is_not_due_or_has_ended_is_not_rung_for_and_the_oldest_come_first():
    messages.create_once(message("late", next_check_at=NOW + timedelta(seconds=1)))
    messages.create_once(message("done", status=MessageStatus.DONE))
    for name, age in (("old", 1), ("older", 2), ("oldest", 3)):
        messages.create_once(message(name, next_check_at=NOW - timedelta(seconds=age)))
    assert messages.take_due(NOW, 2)[0] == ["oldest", "older"]


def test_a_message_that_was_postponed_waits_without_a_ring_counted():
    messages.create_once(message())
    messages.postpone("row", NOW + timedelta(seconds=3))
    assert messages.take_due(NOW, 10) == ([], [])
    assert found().rings == 0


def test_of_eight_ends_at_once_one_counts():
    messages.create_once(message())
    ended = all_at_once(lambda n: messages.finish("row", MessageStatus.DONE, f"R{n}", notes=["note"]))
    assert sorted(ended) == [False] * (THREADS - 1) + [True]
    assert (found().reason, found().notes) == (f"R{ended.index(True)}", ("note",))
    messages.postpone("row", NOW + timedelta(days=1))
    assert found().next_check_at == NOW


def test_only_a_failed_message_can_be_replayed():
    messages.create_once(message(rings=5, heard=5, heard_ring=5))
    assert not messages.replay("row", NOW)
    messages.finish("row", MessageStatus.FAILED, "NO_PROGRESS")
    assert messages.replay("row", NOW)
    again = found()
    assert (again.status, again.reason) == (MessageStatus.PENDING, "")
    assert (again.rings, again.heard, again.heard_ring) == (0, 0, 0)


def test_revisions_come_oldest_first_and_of_one_message_alone():
    for revision in (5, 0, 3):
        messages.create_once(message(f"r{revision}", message_id="m", revision=revision))
    messages.create_once(message("other"))
    assert [row.revision for row in messages.revisions("discord", "c", "m")] == [0, 3, 5]


def test_the_newest_recorded_message_of_a_channel_is_by_its_time():
    for name, age in (("new", 0), ("old", 60)):
        messages.create_once(message(name, posted_at=NOW - timedelta(seconds=age)))
    messages.create_once(message("elsewhere", channel_id="d", posted_at=NOW + timedelta(seconds=60)))
    assert messages.newest_id("c") == ("new", NOW)
    assert messages.newest_id("nowhere") is None


def test_retention_takes_old_noise_and_nothing_else():
    old = NOW - timedelta(days=100)
    messages.create_once(message("old noise", status=MessageStatus.NOISE, next_check_at=old))
    messages.create_once(message("new noise", status=MessageStatus.NOISE))
    messages.create_once(message("old signal", status=MessageStatus.DONE, next_check_at=old))
    assert messages.delete_noise(NOW - timedelta(days=90)) == 1
    assert messages.count_by_status(MessageStatus) == 2
