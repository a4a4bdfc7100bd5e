"""The demo's rules: each finds what it is for, and nothing in a record that is right."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.models.mapping import Row
from tests.demo.accounting import Rule, judge
from tests.demo.record import Record
from tests.demo.steps import PASSED, Expected, Step
from tests.demo.story import Played

FOLLOWERS = {"u1": "Anna", "u2": "Bert"}
WANTED = Expected("done", frozenset({"PLANNED"}), {"Anna": PASSED, "Bert": "HALT"})


def played(**changes: Any) -> Played:
    step = Step("btc", "room", "text", WANTED)
    one = Played(step, "m1", "c1", 0, "text", (), datetime(2026, 1, 1, tzinfo=UTC), "p1")
    return replace(one, **changes)


def receipt(user: str, **changes: Any) -> Row:
    row = {"_id": f"r-{user}", "signal_id": "s1", "trading_bot_id": f"b-{user}", "user_id": user}
    return {**row, "outcome": "passed", "code": "", "order_ids": ["o1"], **changes}


def order(**changes: Any) -> Row:
    row = {"_id": "o1", "intent_id": "i1", "trade_id": "t1", "purpose": "entry", "symbol": "BTC/USDT"}
    return {**row, "status": "FILLED", **changes}


def clean_record() -> Record:
    message = {"message_id": "m1", "revision": 0, "status": "done", "reason": "PLANNED"}
    position = {"symbol": "BTC/USDT", "coverable": Decimal(2), "resting": Decimal(2), "managed": Decimal(0)}
    return Record(
        messages=[{**message, "signal_id": "s1", "provider_id": "p1"}],
        signals=[],
        receipts=[receipt("u1"), receipt("u2", outcome="denied", code="HALT", order_ids=[])],
        orders=[order()],
        trades=[{"_id": "t1", "symbol": "BTC/USDT", "planned_quantity": Decimal(2)}],
        fills=[],
        positions=[position],
        accounts=[{"reservations": {}}],
        bots=[{"_id": f"b-{user}", "provider_id": "p1", "state": "active"} for user in FOLLOWERS],
        paper_submits=[{"client_order_id": "o1", "outcome": "ACCEPTED"}],
        paper_fills=[{"client_order_id": "o1", "quantity": Decimal(2)}],
    )


def rules(record: Record, *steps: Played) -> list[Rule]:
    return [finding.rule for finding in judge(steps or (played(),), record, FOLLOWERS).findings]


def test_a_record_that_is_right_has_no_findings() -> None:
    judgement = judge([played()], clean_record(), FOLLOWERS)
    assert judgement.is_clean
    assert (judgement.as_expected, judgement.expected) == (1, 1)


def test_a_message_without_a_row_is_lost() -> None:
    assert Rule.LOST in rules(clean_record(), played(), played(message_id="m2"))


@pytest.mark.parametrize("change", [{"status": "pending", "reason": ""}, {"reason": ""}])
def test_a_message_without_an_end_or_a_reason_is_lost(change: Row) -> None:
    record = clean_record()
    record.messages[0] |= change
    assert Rule.LOST in rules(record)


def test_a_revision_that_is_recorded_twice_is_duplicated() -> None:
    record = clean_record()
    record.messages.append(record.messages[0])
    assert Rule.DUPLICATED in rules(record)


def test_a_row_that_nobody_posted_is_duplicated() -> None:
    # A redelivery is played with no revision: were it recorded as another one, it would show here.
    record = clean_record()
    record.messages.append({**record.messages[0], "revision": 7})
    assert rules(record, played(), played(revision=None)) == [Rule.DUPLICATED]


def test_two_submits_accepted_for_one_intent_are_duplicated() -> None:
    record = clean_record()
    record.orders.append(order(_id="o2"))
    record.paper_submits.append({"client_order_id": "o2", "outcome": "ACCEPTED"})
    assert rules(record) == [Rule.DUPLICATED]


def test_a_refused_submit_and_its_next_attempt_are_no_double() -> None:
    record = clean_record()
    record.orders.append(order(_id="o2", status="REJECTED"))
    record.paper_submits.append({"client_order_id": "o2", "outcome": "INVALID_TICK"})
    assert rules(record) == []


def test_an_order_at_the_venue_that_is_not_ours_is_duplicated() -> None:
    record = clean_record()
    record.paper_submits.append({"client_order_id": "elsewhere", "outcome": "ACCEPTED"})
    assert rules(record) == [Rule.DUPLICATED]


def test_more_filled_at_the_venue_than_was_planned_is_duplicated() -> None:
    record = clean_record()
    record.paper_fills.append({"client_order_id": "o1", "quantity": Decimal("0.001")})
    assert rules(record) == [Rule.DUPLICATED]


def test_an_active_follower_without_a_receipt_is_unanswered() -> None:
    record = clean_record()
    del record.receipts[1]
    assert Rule.UNANSWERED in rules(record)
    record.bots[1]["state"] = "paused"
    assert Rule.UNANSWERED not in rules(record)


@pytest.mark.parametrize("order_ids", [[], ["o1", "never-written"]])
def test_a_receipt_that_passed_without_its_orders_is_unfinished(order_ids: list[str]) -> None:
    record = clean_record()
    record.receipts[0]["order_ids"] = order_ids
    assert rules(record) == [Rule.UNFINISHED]


@pytest.mark.parametrize(
    ("status", "found"), [("UNKNOWN", True), ("SUBMITTED", True), ("ACCEPTED", False), ("EXPIRED", False)]
)
def test_an_order_must_have_ended_or_rest(status: str, *, found: bool) -> None:
    record = clean_record()
    record.orders[0]["status"] = status
    assert (Rule.UNFINISHED in rules(record)) is found


def test_a_position_whose_cover_is_short_is_uncovered() -> None:
    record = clean_record()
    record.positions[0]["resting"] = Decimal("1.9")
    assert rules(record) == [Rule.UNCOVERED]
    record.positions[0]["managed"] = Decimal("0.1")
    assert rules(record) == []


def test_money_held_for_an_order_that_ended_is_found() -> None:
    record = clean_record()
    record.accounts[0]["reservations"] = {"i1": {"notional": Decimal(200), "symbol": "BTC/USDT"}}
    assert rules(record) == [Rule.RESERVED]
    record.orders[0]["status"] = "ACCEPTED"
    assert rules(record) == []


def test_another_outcome_than_the_story_wants_is_unexpected() -> None:
    record = clean_record()
    record.receipts[1]["code"] = "STALE"
    judgement = judge([played()], record, FOLLOWERS)
    assert [finding.rule for finding in judgement.findings] == [Rule.UNEXPECTED]
    assert judgement.as_expected == 0
    assert "Bert STALE, expected Anna PASSED, Bert HALT" in judgement.findings[0].sentence


def test_any_reason_will_do_where_the_story_names_none_but_not_any_status() -> None:
    record = replace(clean_record(), receipts=[], bots=[])
    record.messages[0] |= {"status": "noise", "reason": "QUESTION", "signal_id": None}
    talk = Step("talk", "room", "text", Expected("noise"))
    assert rules(record, played(step=talk)) == []
    record.messages[0]["status"] = "quarantined"
    assert rules(record, played(step=talk)) == [Rule.UNEXPECTED]
