"""Closes by hand: each has its effect once, whatever is repeated, lost, killed or under way."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from shared.commands import Caller, record_command
from shared.domain.commands import OPERATOR, CommandKind, CommandStatus, Via
from shared.domain.cover import CoverTerms
from shared.domain.intents import first_attempt
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.protection import plan_cover
from shared.domain.trades import TradeStatus
from shared.local import PROJECT
from shared.models import orders, outbox, trades
from shared.models.audit import AuditEntry
from shared.models.commands import Command as CommandDocument
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from shared.models.orders import Order as OrderDocument
from shared.models.outbox import Outbox
from shared.models.trades import Trade as TradeDocument
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import (
    ask,
    assert_flat_once,
    end_of,
    exits,
    half_filled,
    sweep_and_answer,
)
from worker.pipeline.by_hand import carry_out
from worker.pipeline.ingest import ingest

CLOSE, MOVE_STOP, CANCEL_ENTRY = CommandKind.CLOSE, CommandKind.MOVE_STOP, CommandKind.CANCEL_ENTRY


def test_a_close_sells_all_and_leaves_no_order_behind(driver: Driver, opened: InboxMessage) -> None:
    command = ask(driver.trade(opened), CLOSE)
    driver.answer_bells()
    trade = assert_flat_once(driver, opened)
    assert trade.close_reason == "USER_CLOSED"
    ended = end_of(command)
    assert ended.status is CommandStatus.DONE
    assert ended.sentence.endswith("Nothing is left.")
    assert ended.ended_at is not None
    assert len(exits(driver, opened)) == 1


def test_a_part_is_closed_and_the_rest_stays_covered(driver: Driver, opened: InboxMessage) -> None:
    before = driver.trade(opened)
    command = ask(before, CLOSE, "25")
    driver.answer_bells()
    after = driver.trade(opened)
    [sold] = exits(driver, opened)
    assert sold.quantity == (before.coverable * Decimal("0.25")).quantize(Decimal("0.00001"), "ROUND_DOWN")
    assert after.status is TradeStatus.OPEN
    assert after.resting == after.coverable == before.coverable - sold.quantity
    assert end_of(command).status is CommandStatus.DONE


def test_two_parts_asked_for_at_once_follow_one_another_out_of_what_is_left(
    driver: Driver, opened: InboxMessage
) -> None:
    before = driver.trade(opened)
    first, second = (ask(before, CLOSE, "50", request=name) for name in ("one", "two"))
    driver.answer_bells()
    assert [end_of(command).status for command in (first, second)] == [CommandStatus.DONE] * 2
    after = driver.trade(opened)
    assert abs(after.held - before.held / 4) <= Decimal("0.00002")
    assert after.resting == after.coverable
    assert len(exits(driver, opened)) == 2


def test_a_double_click_is_one_command_and_one_exit(driver: Driver, opened: InboxMessage) -> None:
    trade = driver.trade(opened)
    first, again = ask(trade, CLOSE, "50"), ask(trade, CLOSE, "50.0")
    assert first.command_id == again.command_id
    driver.answer_bells()
    late = record_command(Caller(OPERATOR, Via.CLI, "click"), trade.trade_id, CLOSE, "50", datetime.now(UTC))
    assert not late.created
    assert late.command.status is CommandStatus.DONE
    driver.answer_bells()
    assert len(exits(driver, opened)) == 1


def test_a_command_that_is_heard_five_times_at_once_is_carried_out_once(
    driver: Driver, opened: InboxMessage
) -> None:
    command = ask(driver.trade(opened), CLOSE, "50")
    driver.lose_bells()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: carry_out(driver.context, [command.command_id]), range(5)))
    driver.answer_bells()
    assert len(exits(driver, opened)) == 1
    assert end_of(command).status is CommandStatus.DONE
    assert rows_of(AuditEntry).count_documents({"action": "trade.close"}) == 1


@pytest.mark.parametrize("answered", range(5))
def test_lost_bells_are_rung_again_by_the_sweep(driver: Driver, opened: InboxMessage, answered: int) -> None:
    command = ask(driver.trade(opened), CLOSE)
    for _ in range(answered):
        driver.answer_one_bell()
    driver.lose_bells()
    for _ in range(3):
        sweep_and_answer(driver)
    assert_flat_once(driver, opened)
    assert end_of(command).status is CommandStatus.DONE
    assert len(exits(driver, opened)) == 1


DIE_IN_IT = """
import sys
from shared.settings import read_settings
from worker.context import open_context
from worker.failpoints import arm_failpoints
from worker.pipeline.by_hand import carry_out
settings = read_settings()
arm_failpoints(settings)
carry_out(open_context(settings), sys.argv[1:])
"""


@pytest.mark.parametrize("point", ["after_command_begun", "after_command_cancel", "after_command_change"])
def test_a_worker_that_dies_between_two_steps_is_followed_by_the_sweep(
    driver: Driver, tmp_path: Path, point: str
) -> None:
    settings = driver.context.settings
    message = half_filled(driver)
    command = ask(driver.trade(message), CLOSE)
    driver.lose_bells()
    death = tmp_path / point / "1"
    death.parent.mkdir()
    death.touch()
    env = {"REDIS_URL": settings.redis_url, "MONGODB_URI": settings.mongodb_uri, "FAILPOINTS": str(tmp_path)}
    child = [sys.executable, "-c", DIE_IN_IT, command.command_id]
    died = subprocess.run(child, env={**os.environ, **env}, cwd=PROJECT, timeout=60, check=False)
    assert died.returncode == -9
    assert end_of(command).begun_at is not None
    driver.lose_bells()
    for _ in range(3):
        sweep_and_answer(driver)
    trade = assert_flat_once(driver, message)
    assert trade.entered > 0
    assert end_of(command).status is CommandStatus.DONE
    assert len(exits(driver, message)) == 1


def test_a_full_close_cancels_the_entries_that_wait_before_it_sells(driver: Driver) -> None:
    message = half_filled(driver)
    command = ask(driver.trade(message), CLOSE)
    driver.answer_bells()
    assert_flat_once(driver, message)
    codes = {order.status: order.code for order in driver.orders(message) if order.purpose is Purpose.ENTRY}
    assert set(codes) == {OrderStatus.CANCELED, OrderStatus.FILLED}
    assert end_of(command).status is CommandStatus.DONE


def test_a_part_leaves_the_entries_that_wait(driver: Driver) -> None:
    message = half_filled(driver)
    ask(driver.trade(message), CLOSE, "50")
    driver.answer_bells()
    alive = [o for o in driver.orders(message) if o.purpose is Purpose.ENTRY and o.status in LIVE]
    assert len(alive) == 1


def exit_under_way(driver: Driver, message: InboxMessage, fraction: str, *, live: bool) -> Order | None:
    """Another exit of the trade: wanted, and with an order that waits to be sent where it is live."""
    trade = driver.trade(message)
    wanted = {"exit_cause": "update:1", "exit_fraction": Decimal(fraction), "exit_reason": "PROVIDER_CLOSED"}
    assert trades.compare_and_set(trade, **wanted, needs_cover=True)
    if not live:
        # What a venue refuses all the time is tried again after a pause.
        refused = replace(
            _exit_order(driver, message), status=OrderStatus.REJECTED, sent_at=datetime.now(UTC)
        )
        orders.create_many_once([replace(refused, order_id=f"refused-{n}", leg=n) for n in range(6)])
        return None
    order = _exit_order(driver, message)
    orders.create_many_once([order])
    return order


def _exit_order(driver: Driver, message: InboxMessage) -> Order:
    trade = driver.trade(message)
    instrument = driver.context.instruments("paper", "paper", [trade.symbol])[trade.symbol]
    now = datetime.now(UTC)
    plan = plan_cover(trade, tuple(driver.orders(message)), instrument, now, CoverTerms())
    [intent] = [intent for intent in plan.place if intent.purpose is Purpose.EXIT]
    return first_attempt(trade, intent, now, now + timedelta(seconds=30))


@pytest.mark.parametrize("percent", ["50", "100"])
def test_a_close_waits_for_the_exit_under_way_and_takes_what_is_left(
    driver: Driver, opened: InboxMessage, percent: str
) -> None:
    before = driver.trade(opened)
    other = exit_under_way(driver, opened, "0.5", live=True)
    command = ask(before, CLOSE, percent)
    driver.answer_bells()
    assert [order.order_id for order in exits(driver, opened)] == [other.order_id if other else ""]
    assert end_of(command).status is CommandStatus.PENDING
    sweep_and_answer(driver)
    assert end_of(command).status is CommandStatus.DONE
    assert len(exits(driver, opened)) == 2
    after = driver.trade(opened)
    if percent == "100":
        assert_flat_once(driver, opened)
    else:
        assert abs(after.held - before.held / 4) <= Decimal("0.00002")
        assert after.resting == after.coverable


def test_a_full_close_enlarges_a_partial_exit_that_the_venue_keeps_refusing(
    driver: Driver, opened: InboxMessage
) -> None:
    exit_under_way(driver, opened, "0.5", live=False)
    command = ask(driver.trade(opened), CLOSE)
    driver.answer_bells()
    trade = driver.trade(opened)
    assert (trade.exit_cause, trade.exit_fraction) == ("update:1", 1)
    # Its pause is over.
    rows_of(OrderDocument).update_many(
        {"status": "REJECTED"}, {"$set": {"sent_at": datetime.now(UTC) - timedelta(hours=1)}}
    )
    sweep_and_answer(driver)
    sweep_and_answer(driver)
    assert assert_flat_once(driver, opened).close_reason == "USER_CLOSED"
    assert end_of(command).status is CommandStatus.DONE


def test_a_providers_partial_close_does_not_replace_the_users_exit_under_way(
    driver: Driver, opened: InboxMessage
) -> None:
    command = ask(driver.trade(opened), CLOSE)
    carry_out(driver.context, [command.command_id])
    driver.lose_bells()
    row_id = driver.post("close half here", reply_to=opened.message_id)
    ingest(driver.context, row_id)
    assert [r.code for r in driver.receipts(driver.message(row_id))] == ["ALREADY_CLOSING"]
    sweep_and_answer(driver)
    assert_flat_once(driver, opened)


def test_what_does_not_get_its_turn_within_ten_minutes_is_refused_with_a_sentence(
    driver: Driver, opened: InboxMessage
) -> None:
    exit_under_way(driver, opened, "0.5", live=True)
    command = ask(driver.trade(opened), CLOSE, "50")
    driver.answer_bells()
    old = datetime.now(UTC) - timedelta(minutes=11)
    rows_of(CommandDocument).update_one({"_id": command.command_id}, {"$set": {"at": old}})
    carry_out(driver.context, [command.command_id])
    refused = end_of(command)
    assert (refused.status, refused.code) == (CommandStatus.REFUSED, "NOT_IN_TIME")
    assert "PROVIDER_CLOSED" in refused.sentence


def test_a_share_that_the_venue_would_not_take_is_refused_and_not_rounded_up_to_everything(
    driver: Driver, opened: InboxMessage
) -> None:
    command = ask(driver.trade(opened), CLOSE, "1")
    driver.answer_bells()
    refused = end_of(command)
    assert (refused.status, refused.code) == (CommandStatus.REFUSED, "TOO_SMALL")
    assert "at least" in refused.sentence
    assert exits(driver, opened) == []


def test_a_command_tells_its_user_and_the_audit_log_how_it_ended(
    driver: Driver, opened: InboxMessage
) -> None:
    trade = driver.trade(opened)
    command = ask(trade, CLOSE, by=trade.user_id)
    driver.answer_bells()
    [told] = rows_of(Outbox).find({"kind": "job.progress"})
    assert told["user_id"] == trade.user_id
    assert told["data"]["command_id"] == command.command_id
    assert told["data"]["status"] == "done"
    [entry] = rows_of(AuditEntry).find({"action": "trade.close"})
    assert (entry["actor"], entry["subject"]) == (trade.user_id, trade.trade_id)
    assert entry["before"]["status"] == "open"
    assert entry["after"]["status"] == "closed"
    assert outbox.count_undelivered() == 0
    assert rows_of(TradeDocument).count_documents({"status": "closed"}) == 1
