"""What a provider says later: bound by what was alive then, carried out at stored prices, whenever we look."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.reference import MinuteCandle, ReferencePosition, ReferenceStatus
from shared.domain.reference_updates import Saying, SayingKind, follow, hear, meant_by
from shared.domain.signals import Action, Side, UpdateKind
from shared.domain.values import changed
from tests.unit.shared.domain.builders import make_signal
from tests.unit.shared.domain.reference_builders import (
    bars,
    make_opening,
    make_reference,
    minute,
    say,
    seen,
)

S, K, D = ReferenceStatus, UpdateKind, Decimal
PLACE = ("paper", "paper", "BTC/USDT")


def told(candles: list[MinuteCandle], *sayings: Saying, **signal: object) -> ReferencePosition:
    """Follow one position to the last candle."""
    (position,) = follow([make_reference(**signal)], {PLACE: candles}, sayings, candles[-1].minute)
    return position


def exits(position: ReferencePosition) -> list[tuple[Decimal, Decimal, str]]:
    return [(part.price, part.fraction, part.reason) for part in position.exits]


class TestUpdates:
    def test_a_close_sells_all_at_the_price_stored_in_its_minute_and_not_at_a_claimed_one(self):
        closing = say(K.CLOSE_ALL, 2, exit_price=D(150))
        position = told(bars(100, 101, (101, 104, 101, 103), 90), closing)
        assert exits(position) == [(103, 1, "PROVIDER_CLOSED")]
        assert (position.ended_at, position.ended_by) == (closing.at, closing.saying_id)

    def test_levels_reached_in_the_minute_of_a_close_come_first(self):
        position = told(bars(100, (100, 100, 94, 99)), say(K.CLOSE_ALL, 1))
        assert exits(position) == [(95, 1, "STOP_HIT")]

    def test_without_a_price_in_that_minute_the_newest_one_before_counts(self):
        candles = [*bars(100, 102), *bars(110, start=6)]
        assert exits(told(candles, say(K.CLOSE_ALL, 4))) == [(102, 1, "PROVIDER_CLOSED")]

    def test_a_share_leaves_and_targets_shrink_with_what_is_held(self):
        candles = bars(100, 102, (102, 111, 102, 111))
        position = told(candles, say(K.CLOSE_PARTIAL, 1), take_profits=(D(110), D(120)))
        assert exits(position) == [(102, D("0.5"), "PROVIDER_CLOSED"), (110, D("0.25"), "TARGET_HIT")]
        assert position.remaining == D("0.25")
        third = told(bars(100, 102), say(K.CLOSE_PARTIAL, 1, close_fraction=D("0.25")))
        assert third.remaining == D("0.75")

    def test_a_stop_moves_only_closer(self):
        candles = bars(100, 104, 104)
        assert told(candles, say(K.MOVE_STOP, 1, stop_loss=D(98))).stop_price == 98
        assert told(candles, say(K.MOVE_STOP, 1, stop_loss=D(90))).stop_price == 95
        assert told(candles, say(K.MOVE_STOP, 1, stop_loss_pct=D(2))).stop_price == 98
        assert told(candles, say(K.MOVE_STOP_TO_BREAKEVEN, 1)).stop_price == 100
        short = told(bars(100, 96), say(K.MOVE_STOP, 1, stop_loss=D(120)), side=Side.SELL, stop_loss=D(105))
        assert short.stop_price == 105

    @pytest.mark.parametrize(("asked", "kept"), [("89.99", 90), ("90.01", "90.01"), ("97.99", "97.99"), ("98", 90)])
    def test_before_the_entry_it_moves_closer_and_stays_behind_it(self, asked: str, kept: int | str):
        moving = say(K.MOVE_STOP, 1, stop_loss=D(asked))
        assert told(bars(100, 100), moving, entry=(D(98),), stop_loss=D(90)).stop_price == D(kept)

    def test_before_the_entry_a_stop_in_percent_counts_from_the_price_that_is_waited_for(self):
        waits = {"entry": (D(98),), "stop_loss": None, "stop_loss_pct": D(10)}
        assert told(bars(100, 100), say(K.MOVE_STOP, 1, stop_loss=D(88)), **waits).stop_price is None
        assert told(bars(100, 100), say(K.MOVE_STOP, 1, stop_loss=D(89)), **waits).stop_price == 89

    def test_a_stop_at_break_even_costs_the_fees_alone(self):
        position = told(bars(100, 104, (104, 104, 99, 99)), say(K.MOVE_STOP_TO_BREAKEVEN, 1))
        assert (exits(position), position.result) == ([(100, 1, "STOP_HIT")], D("-0.2"))
        assert position.r_multiple == D("-0.04")

    def test_new_targets_replace_the_old_ones(self):
        position = told(
            bars(100, 100, (100, 106, 100, 106)),
            say(K.SET_TAKE_PROFIT, 1, take_profits=(D(105), D(130))),
            take_profits=(D(103),),
            entry=(),
        )
        assert exits(position) == [(105, D("0.5"), "TARGET_HIT")]

    @pytest.mark.parametrize("kind", [K.TP_HIT, K.SL_HIT, K.ENTRY_FILLED, K.MOVE_STOP, K.SET_TAKE_PROFIT])
    def test_reports_and_updates_without_a_level_change_nothing(self, kind: UpdateKind):
        position = told(bars(100, 101), say(kind, 1))
        assert (position.status, position.stop_price, position.exits) == (S.OPEN, 95, ())

    @pytest.mark.parametrize("kind", [K.CLOSE_ALL, K.CANCEL])
    def test_an_entry_that_waits_is_withdrawn_and_an_open_position_is_not_cancelled(self, kind: UpdateKind):
        waiting = told(bars(100, 100, 97), say(kind, 1), entry=(D(98),))
        assert (waiting.status, waiting.close_reason) == (S.CANCELED, "WITHDRAWN")
        assert told(bars(100, 100), say(K.CANCEL, 1)).status is S.OPEN

    def test_a_share_of_an_entry_that_waits_is_nothing(self):
        assert told(bars(100, 100, 97), say(K.CLOSE_PARTIAL, 1), entry=(D(98),)).remaining == 1

    def test_an_entry_that_waits_takes_new_levels(self):
        sayings = (say(K.MOVE_STOP, 1, stop_loss=D(96)), say(K.SET_TAKE_PROFIT, 1, take_profits=(D(99),)))
        position = told(bars(100, "98.5", 98), *sayings, entry=(D(98),))
        assert (position.stop_price, [t.price for t in position.targets]) == (96, [99])


class TestEditsAndDeletes:
    def edit(self, at: int, before: object, after: object) -> Saying:
        return replace(
            say(K.CANCEL, at),
            kind=SayingKind.EDIT,
            message_id="message",
            reply_to=None,
            before=before,
            signal=after,
        )

    def test_an_edit_moves_what_it_changed(self):
        before = make_signal(take_profits=(D(110),))
        after = make_signal(stop_loss=D(97), take_profits=(D(120),))
        position = told(bars(100, 101), self.edit(1, before, after), take_profits=(D(110),))
        assert (position.stop_price, [t.price for t in position.targets]) == (97, [120])

    def test_an_edited_entry_gives_up_what_waits_and_leaves_what_is_open(self):
        before, after = make_signal(entry=(D(98),)), make_signal(entry=(D(90),))
        waiting = told(bars(100, 100), self.edit(1, before, after), entry=(D(98),))
        assert waiting.close_reason == "ENTRY_CHANGED"
        assert told(bars(100, 97), self.edit(1, before, after), entry=(D(98),)).status is S.OPEN

    def test_an_edit_to_something_else_gives_up_what_waits(self):
        waiting = told(bars(100, 100), self.edit(1, make_signal(), None), entry=(D(98),))
        assert waiting.close_reason == "EDITED_AWAY"
        assert told(bars(100, 100), self.edit(1, None, make_signal()), entry=(D(98),)).status is S.PENDING

    def test_a_delete_takes_no_loss_back(self):
        delete = replace(self.edit(1, None, None), kind=SayingKind.DELETE)
        assert told(bars(100, 100), delete, entry=(D(98),)).close_reason == "DELETED"
        assert told(bars(100, 99, 94), delete).close_reason == "STOP_HIT"


class TestBinding:
    def two(self) -> list[ReferencePosition]:
        first = make_reference(opening=make_opening("one"))
        second = make_reference(opening=make_opening("two"))
        return [seen(first, bars(100)), seen(second, bars(100))]

    def test_a_reply_means_its_parent(self):
        first, second = self.two()
        assert meant_by(say(K.CLOSE_ALL, 1, reply_to="two"), [first, second]) == [second]

    def test_a_symbol_that_two_messages_hold_means_neither(self):
        first, second = self.two()
        saying = say(K.CLOSE_ALL, 1, reply_to=None)
        assert meant_by(saying, [first, second]) == []
        assert meant_by(saying, [first]) == [first]
        assert meant_by(replace(saying, signal=make_signal(symbol="ETH/USDT")), [first]) == []
        assert meant_by(replace(saying, signal=make_signal(symbol=None)), [first]) == []

    def test_a_reply_to_what_has_ended_means_nothing_else(self):
        first, second = self.two()
        over = changed(first, status=S.CLOSED, ended_at=minute(0))
        assert meant_by(say(K.CLOSE_ALL, 1, reply_to="one"), [over, second]) == []

    def test_an_option_is_meant_by_its_underlying(self):
        option = make_reference(opening=make_opening(symbol="SPY261218C00600000"))
        saying = say(K.CLOSE_ALL, 1, reply_to=None, symbol="SPY")
        assert meant_by(saying, [option]) == [option]

    def test_what_was_posted_later_is_not_meant(self):
        later = make_reference(opening=make_opening(posted_at=minute(5)))
        assert meant_by(say(K.CLOSE_ALL, 1, reply_to=None), [later]) == []

    def test_a_saying_heard_twice_is_carried_out_once(self):
        half = say(K.CLOSE_PARTIAL, 1)
        once = hear(seen(make_reference(), bars(100, 100)), half)
        assert hear(once, half) == once
        assert once.remaining == D("0.5")

    def test_what_reaches_us_late_is_carried_out_when_it_is_heard(self):
        position = seen(make_reference(), bars(100, 100, 107))
        (after,) = follow([position], {PLACE: bars(100, 100, 107, 108)}, [say(K.CLOSE_ALL, 1)], minute(3))
        assert exits(after) == [(107, 1, "PROVIDER_CLOSED")]
        assert after.ended_at == minute(2)


SAID = st.lists(
    st.tuples(
        st.integers(0, 25),
        st.sampled_from([K.CLOSE_ALL, K.CLOSE_PARTIAL, K.MOVE_STOP_TO_BREAKEVEN, K.CANCEL]),
        st.sampled_from([None, "one", "two"]),
    ),
    max_size=6,
)


@given(
    st.lists(st.integers(-2, 2), min_size=26, max_size=26),
    SAID,
    st.integers(0, 25),
    st.tuples(st.booleans(), st.booleans()),
)
def test_where_a_pass_ends_or_dies_does_not_matter(
    steps: list[int], said: list[tuple[int, UpdateKind, str | None]], cut: int, written: tuple[bool, bool]
):
    prices = [100 + sum(steps[:number]) for number in range(26)]
    candles = {PLACE: bars(*((p, p + 1, p - 1, p) for p in prices))}
    sayings = [
        say(kind, at, f"{number:02d}", reply_to=parent) for number, (at, kind, parent) in enumerate(said)
    ]
    begun = [
        make_reference(opening=make_opening("one"), take_profits=(D(103), D(106))),
        make_reference(
            make_signal(entry=(D(99),), stop_loss=D(96)),
            make_opening("two", posted_at=minute(3) + timedelta(seconds=5)),
        ),
    ]
    at_once = follow(begun, candles, sayings, minute(25))
    half = follow(begun, candles, sayings, minute(cut))
    # A pass that dies has written some positions and not the others.
    left = [new if is_new else old for old, new, is_new in zip(begun, half, written, strict=True)]
    again = follow(left, candles, sayings, minute(25))
    assert [changed(p, seen_until=minute(0)) for p in again] == [
        changed(p, seen_until=minute(0)) for p in at_once
    ]


def test_only_closes_and_updates_are_commands():
    opening = replace(say(K.CANCEL, 1), signal=make_signal(action=Action.OPEN))
    assert told(bars(100, 100), opening).status is S.OPEN
    assert told(bars(100, 100), replace(opening, signal=make_signal(action=Action.CLOSE))).status is S.CLOSED
