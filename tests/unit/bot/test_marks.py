"""How far a channel is known to be complete decides where the backlog begins; a wrong answer loses messages."""

from datetime import UTC, datetime, timedelta

from bot.marks import Marks

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CHANNEL = "100"


def _marks(newest: datetime | None = NOON) -> Marks:
    marks = Marks(lambda _: newest)
    marks.load(CHANNEL, NOON + timedelta(hours=1))
    return marks


def _mark(marks: Marks) -> datetime:
    return marks.load(CHANNEL, NOON + timedelta(days=1))


def test_a_channel_begins_at_its_newest_recorded_message_and_counts_as_incomplete() -> None:
    marks = _marks()
    assert _mark(marks) == NOON
    assert marks.is_open(CHANNEL)


def test_a_channel_without_recorded_messages_begins_now() -> None:
    assert _mark(_marks(newest=None)) == NOON + timedelta(hours=1)


def test_the_database_is_asked_once_so_that_later_messages_cannot_hide_what_was_missed() -> None:
    asked: list[str] = []
    marks = Marks(lambda channel: asked.append(channel) or NOON)  # type: ignore[func-returns-value]
    for _ in range(3):
        marks.load(CHANNEL, NOON)
    assert asked == [CHANNEL]


def test_live_messages_move_the_mark_only_while_no_gap_is_open() -> None:
    marks = _marks()
    marks.advance(CHANNEL, NOON + timedelta(minutes=5))
    assert _mark(marks) == NOON
    marks.close(CHANNEL, marks.gap, NOON + timedelta(minutes=6))
    marks.advance(CHANNEL, NOON + timedelta(minutes=7))
    assert _mark(marks) == NOON + timedelta(minutes=7)


def test_a_mark_never_moves_back() -> None:
    marks = _marks()
    marks.close(CHANNEL, marks.gap, NOON - timedelta(minutes=1))
    marks.advance(CHANNEL, NOON - timedelta(minutes=2))
    assert _mark(marks) == NOON


def test_a_pass_that_began_before_a_gap_does_not_close_it() -> None:
    marks = _marks()
    began_at = marks.gap
    marks.open_gap()
    marks.close(CHANNEL, began_at, NOON + timedelta(minutes=1))
    assert marks.is_open(CHANNEL)
    marks.close(CHANNEL, marks.gap, NOON + timedelta(minutes=2))
    assert not marks.is_open(CHANNEL)


def test_a_pass_that_came_only_so_far_leaves_the_gap_open_behind_it() -> None:
    marks = _marks()
    marks.reach(CHANNEL, NOON + timedelta(minutes=1))
    assert marks.is_open(CHANNEL)
    assert _mark(marks) == NOON + timedelta(minutes=1)
