"""Orders on a real database: claimed once, moved by compare-and-set, one entry for a message."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.database import database_now
from shared.domain.order_status import IllegalTransition, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.models import claims, orders
from shared.models.mapping import millisecond, rows_of
from shared.models.orders import Order as OrderDocument
from tests.integration.shared.models.at_once import THREADS, all_at_once
from tests.unit.shared.domain.builders import make_order

S = OrderStatus


def claim(order_ids: Sequence[str], claim_id: str) -> list[Order]:
    """Claim as a sender does that has just looked who waits."""
    return claims.claim(claims.find_waiting(order_ids), claim_id, datetime.now(UTC))


def now() -> datetime:
    return millisecond(datetime.now(UTC))


def from_now(changes: dict[str, Any]) -> dict[str, Any]:
    """Turn every length of time into the moment so far ahead."""
    return {name: now() + value if isinstance(value, timedelta) else value for name, value in changes.items()}


def exit_order(order_id: str, **changes: Any) -> Order:
    values = {"purpose": Purpose.EXIT, "created_at": now(), "next_check_at": now()}
    return make_order(order_id, **{**values, **changes})


def stored(*given: Order) -> list[Order]:
    assert orders.create_many_once(given) == set()
    return list(given)


def found(order_id: str) -> Order:
    order = orders.find(order_id)
    assert order is not None
    return order


class TestBirth:
    def test_orders_are_inserted_once_however_many_write_them(self):
        given = [exit_order(f"o{n}", quantity=Decimal(n + 1)) for n in range(20)]
        assert all_at_once(lambda _: orders.create_many_once(given)) == [set()] * THREADS
        assert sorted(orders.find_many([o.order_id for o in given]), key=lambda o: o.quantity) == given

    def test_a_repeat_leaves_a_row_that_has_moved_meanwhile(self):
        (order,) = stored(exit_order("o"))
        claim(["o"], "c")
        stored(order)
        assert found("o").status is S.SUBMITTED

    def test_a_new_row_holds_its_birth_as_first_event(self):
        stored(exit_order("o"))
        (event,) = orders.events_of("o")
        assert (event["version"], event["status"]) == (0, "INITIALIZED")


class TestOneEntryPerMessage:
    """A unique row, not a query."""

    @pytest.mark.parametrize("count", [1, 2])
    def test_a_second_bots_entry_for_the_same_message_and_account_is_told_as_lost(self, count: int):
        stored(make_order("first", trading_bot_id="bot1"))
        others = [make_order(f"x{n}", account_id=f"a{n}") for n in range(count - 1)]
        assert orders.create_many_once([make_order("second", trading_bot_id="bot2"), *others]) == {"second"}
        assert orders.find("second") is None

    def test_of_eight_bots_at_once_one_enters(self):
        lost = all_at_once(lambda n: orders.create_many_once([make_order(f"o{n}", trading_bot_id=f"b{n}")]))
        assert sorted(map(len, lost)) == [0] + [1] * (THREADS - 1)
        assert rows_of(OrderDocument).count_documents({}) == 1

    def test_the_legs_of_one_ladder_and_other_accounts_and_messages_do_not_collide(self):
        stored(
            make_order("leg0", leg=0),
            make_order("leg1", leg=1),
            make_order("other account", account_id="other"),
            make_order("other message", message_id="other"),
            make_order("other channel", channel_id="other"),
        )

    def test_exits_of_one_message_are_not_bound_by_it(self):
        stored(exit_order("exit1"), exit_order("exit2"), make_order("entry"))


class TestClaim:
    def test_under_eight_threads_each_order_is_claimed_once(self):
        ids = [order.order_id for order in stored(*(exit_order(f"o{n:02}") for n in range(40)))]
        won = all_at_once(lambda n: [o.order_id for o in claim(ids, f"claim{n}")])
        assert sorted(order_id for each in won for order_id in each) == ids

    def test_under_eight_threads_a_single_order_has_one_winner(self):
        stored(exit_order("o"))
        won = all_at_once(lambda n: claim(["o"], f"claim{n}"))
        assert sorted(map(len, won)) == [0] * (THREADS - 1) + [1]

    def test_overlapping_waves_share_without_a_double(self):
        ids = [order.order_id for order in stored(*(exit_order(f"o{n:02}") for n in range(30)))]
        won = all_at_once(lambda n: [o.order_id for o in claim(ids[n * 3 : n * 3 + 9], f"claim{n}")])
        claimed = [order_id for each in won for order_id in each]
        assert len(claimed) == len(set(claimed))
        assert set(claimed) == set(ids)

    @pytest.mark.parametrize("others", [0, 1])
    def test_the_winner_reads_its_claim_with_the_databases_time(self, others: int):
        ids = [o.order_id for o in stored(*(exit_order(f"o{n}") for n in range(1 + others)))]
        before = database_now()
        claimed = claim(ids, "mine")
        assert {(o.status, o.claim_id, o.version) for o in claimed} == {(S.SUBMITTED, "mine", 1)}
        for order in claimed:
            kept = found(order.order_id)
            assert kept.sent_at is not None
            assert before <= kept.sent_at <= database_now()
            assert abs(kept.next_check_at - kept.sent_at - timedelta(seconds=1)) < timedelta(seconds=5)
            times = {"sent_at": kept.sent_at, "next_check_at": kept.next_check_at}
            assert replace(order, **times) == kept

    def test_of_eight_that_write_the_same_order_claimed_one_sends_it(self):
        wanted = [exit_order(f"o{n}") for n in range(3)]
        won = all_at_once(lambda n: claims.create_claimed(wanted, f"claim{n}", now()))
        assert sorted(order.order_id for each in won for order in each) == ["o0", "o1", "o2"]
        for order in (order for each in won for order in each):
            assert found(order.order_id) == order
            assert [event["status"] for event in orders.events_of(order.order_id)] == [
                "INITIALIZED",
                "SUBMITTED",
            ]

    @pytest.mark.parametrize("others", [0, 1])
    @pytest.mark.parametrize(
        "changes",
        [
            {"cancel_requested": True},
            {"send_by": timedelta(seconds=-1)},
            {"next_attempt_at": timedelta(seconds=30), "tries": 1},
            {"status": S.SUBMITTED},
            {"status": S.CANCELED},
            {"status": S.UNKNOWN},
            {"status": S.ACCEPTED},
        ],
        ids="-".join,
    )
    def test_what_may_not_go_is_not_claimed(self, changes: dict[str, Any], others: int):
        stored(exit_order("o", **from_now(changes)), *(exit_order(f"x{n}") for n in range(others)))
        before = found("o")
        assert [o.order_id for o in claim(["o", "x0"][: 1 + others], "c")] == ["x0"][:others]
        assert found("o") == before

    @pytest.mark.parametrize(
        "changes",
        [
            {"send_by": timedelta(seconds=30)},
            {"next_attempt_at": timedelta(seconds=-1), "tries": 1},
            # The sweep's next look is about rings and holds no send back.
            {"next_check_at": timedelta(seconds=30)},
        ],
        ids="-".join,
    )
    def test_what_may_go_is_claimed(self, changes: dict[str, Any]):
        stored(exit_order("o", **from_now(changes)))
        assert len(claim(["o"], "c")) == 1

    def test_a_claim_is_an_event(self):
        stored(exit_order("o"))
        claim(["o"], "c")
        assert [(e["version"], e["status"]) for e in orders.events_of("o")] == [
            (0, "INITIALIZED"),
            (1, "SUBMITTED"),
        ]

    def test_nothing_to_claim_is_nothing(self):
        assert claim([], "c") == []
        assert claim(["no such"], "c") == []


class TestCompareAndSet:
    def test_of_eight_that_read_the_same_version_one_moves_and_one_event_is_appended(self):
        (order,) = stored(exit_order("o", status=S.SUBMITTED))
        won = all_at_once(lambda n: orders.compare_and_set(order, S.ACCEPTED, now(), venue_order_id=f"v{n}"))
        assert sorted(won) == [False] * (THREADS - 1) + [True]
        moved = found("o")
        assert (moved.status, moved.version) == (S.ACCEPTED, 1)
        assert moved.venue_order_id == f"v{won.index(True)}"
        assert len(orders.events_of("o")) == 2

    @pytest.mark.parametrize("changes", [{"version": 1}, {"status": S.ACCEPTED}], ids=["version", "status"])
    def test_a_stale_reading_loses_and_leaves_no_trace(self, changes: dict[str, Any]):
        (order,) = stored(exit_order("o", status=S.SUBMITTED))
        assert not orders.compare_and_set(replace(order, **changes), S.FILLED, now(), code="X")
        assert found("o") == order
        assert len(orders.events_of("o")) == 1

    def test_every_move_appends_one_event_with_its_code_and_detail(self):
        (order,) = stored(exit_order("o", status=S.SUBMITTED))
        assert orders.compare_and_set(order, S.UNKNOWN, now(), code="NO_ANSWER", detail="5 s")
        assert orders.compare_and_set(found("o"), S.ACCEPTED, now())
        assert orders.compare_and_set(found("o"), S.ACCEPTED, now(), filled_quantity=Decimal("0.5"))
        events = orders.events_of("o")
        assert [(e["version"], e["status"], e["code"], e["detail"]) for e in events[1:]] == [
            (1, "UNKNOWN", "NO_ANSWER", "5 s"),
            (2, "ACCEPTED", None, ""),
            (3, "ACCEPTED", None, ""),
        ]
        moved = found("o")
        assert (moved.code, moved.filled_quantity) == ("NO_ANSWER", Decimal("0.5"))

    def test_a_move_that_is_not_in_the_table_is_an_error_before_anything_is_written(self):
        (order,) = stored(exit_order("o"))
        with pytest.raises(IllegalTransition):
            orders.compare_and_set(order, S.FILLED, now())
        assert found("o") == order


class TestLists:
    def test_due_orders_are_picked_oldest_first_and_moved_on(self):
        moment = now()
        ages = {"old": 20, "older": 30, "young": -5}
        stored(
            *(exit_order(name, next_check_at=moment - timedelta(seconds=age)) for name, age in ages.items())
        )
        due = orders.take_due({S.INITIALIZED}, moment, 10)
        assert [order.order_id for order in due] == ["older", "old"]
        assert orders.take_due({S.INITIALIZED}, moment, 10) == []
        assert found("old").next_check_at == moment + timedelta(seconds=orders.RING_SECONDS)
        assert found("old").version == 0

    def test_no_more_are_picked_than_asked_for(self):
        stored(*(exit_order(f"o{n}", next_check_at=now() - timedelta(seconds=n)) for n in range(5)))
        assert len(orders.take_due({S.INITIALIZED}, now(), 2)) == 2

    def test_only_the_version_that_was_settled_is_marked(self):
        stored(exit_order("a", unsettled=True), exit_order("b", unsettled=True, version=4))
        orders.mark_settled([exit_order("a"), exit_order("b", version=3)])
        assert [o.order_id for o in orders.unsettled(now() + timedelta(seconds=1), 10)] == ["b"]

    def test_a_cancel_is_asked_of_what_lives_and_listed_where_it_rests(self):
        statuses = [S.INITIALIZED, S.SUBMITTED, S.UNKNOWN, S.ACCEPTED, S.PENDING_CANCEL, S.FILLED, S.CANCELED]
        ids = [o.order_id for o in stored(*(exit_order(f"{s}", status=s) for s in statuses))]
        orders.request_cancel(ids, "WITHDRAWN")
        asked = {order.status for order in orders.find_many(ids) if order.cancel_requested}
        assert asked == set(statuses) - {S.FILLED, S.CANCELED}
        assert {o.status for o in orders.cancels_wanted(10)} == {S.ACCEPTED, S.PENDING_CANCEL}

    def test_entries_whose_time_is_over_are_listed_and_exits_never_are(self):
        past, ahead = now() - timedelta(seconds=1), now() + timedelta(seconds=60)
        stored(
            make_order("unsent", message_id="1", send_by=past),
            make_order("unsent in time", message_id="2", send_by=ahead),
            make_order("resting", message_id="3", status=S.ACCEPTED, expires_at=past),
            make_order("resting in time", message_id="4", status=S.ACCEPTED, expires_at=ahead),
            make_order("going", message_id="5", status=S.ACCEPTED, expires_at=past, cancel_requested=True),
            exit_order("exit", send_by=past, expires_at=past),
        )
        assert {o.order_id for o in orders.entries_past(now(), 10)} == {"unsent", "resting"}
