"""Finds that travel together, and writes that are made for many at once, on a real database."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from shared.domain.halts import HaltState
from shared.domain.order_status import OrderStatus
from shared.models import fills, halts, orders, trades
from shared.models.orders import Move
from shared.models.together import run_together
from tests.integration.shared.models.at_once import THREADS, all_at_once
from tests.unit.shared.domain.builders import NOW, make_open_trade, make_order

LATER = NOW + timedelta(seconds=5)


def test_each_find_gets_its_own_rows_in_the_order_asked():
    trade = make_open_trade(10)
    trades.create_many_once([trade, replace(trade, trade_id="other")])
    orders.create_many_once([make_order("o1"), make_order("o2", message_id="2", trade_id="other")])
    halts.set_halt("global", HaltState.REDUCING, "news", NOW)
    in_force, filled, made, found = run_together(
        halts.finding_in_force(),
        fills.finding_of_trades(["trade"]),
        orders.finding_of_trades(["trade", "other"]),
        trades.finding_many(["trade", "gone"]),
    )
    assert [halt.scope for halt in in_force] == ["global"]
    assert filled == []
    assert {order.order_id for order in made} == {"o1", "o2"}
    assert found == [trade]


def test_more_rows_than_one_batch_of_the_database_arrive_whole():
    trade = make_open_trade(10)
    ids = [f"t{number}" for number in range(400)]
    trades.create_many_once([replace(trade, trade_id=trade_id) for trade_id in ids])
    found, in_force = run_together(trades.finding_many(ids), halts.finding_in_force())
    assert sorted(item.trade_id for item in found) == sorted(ids)
    assert in_force == []


class TestManyTrades:
    def test_whoever_lost_one_of_many_knows_which(self):
        stale, fresh = make_open_trade(10), replace(make_open_trade(10), trade_id="fresh")
        trades.create_many_once([stale, fresh])
        trades.compare_and_set(stale, held=Decimal(9))
        changes = {item.trade_id: (item, {"held": Decimal(3)}) for item in (stale, fresh)}
        assert trades.compare_and_set_many(changes, "mark", LATER) == {"fresh"}
        assert [trades.find(name).held for name in ("trade", "fresh")] == [Decimal(9), Decimal(3)]  # type: ignore[union-attr]

    def test_of_eight_that_change_the_same_trades_each_has_one_winner(self):
        given = [replace(make_open_trade(10), trade_id=f"t{number}") for number in range(10)]
        trades.create_many_once(given)

        def change(number: int) -> set[str]:
            changes = {item.trade_id: (item, {"held": Decimal(number)}) for item in given}
            return trades.compare_and_set_many(changes, f"mark {number}", LATER)

        won = all_at_once(change)
        assert len(won) == THREADS
        assert sorted(name for names in won for name in names) == sorted(item.trade_id for item in given)

    def test_cover_is_looked_at_again_only_when_its_time_has_come(self):
        trade = replace(make_open_trade(10), needs_cover=True)
        trades.create_many_once([trade])
        assert trades.take_needing_cover(NOW, LATER, 10) == ["trade"]
        assert trades.take_needing_cover(NOW, LATER, 10) == []
        assert trades.take_needing_cover(LATER, LATER, 10) == ["trade"]
        trades.compare_and_set_many({"trade": (trade, {"held": Decimal(1)})}, "mark", LATER)
        assert trades.take_needing_cover(NOW, LATER, 10) == []


class TestManyMoves:
    def test_all_move_with_their_events_or_it_is_told(self):
        first, second = make_order("a"), make_order("b", message_id="2")
        orders.create_many_once([first, second])
        moves = [
            Move(order, OrderStatus.DENIED, NOW, {"unsettled": True}, "HALT") for order in (first, second)
        ]
        assert orders.move_all(moves)
        assert [event["status"] for event in orders.events_of("b")] == ["INITIALIZED", "DENIED"]
        assert not orders.move_all(moves)
        assert len(orders.events_of("a")) == 2

    def test_nothing_to_move_is_done(self):
        assert orders.move_all([])
