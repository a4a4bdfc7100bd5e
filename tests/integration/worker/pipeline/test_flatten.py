"""A flatten closes what is open in its scope, once, whatever dies, and touches nothing else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.commands import CommandKind, CommandStatus
from shared.domain.halts import HaltState
from shared.domain.order_status import LIVE
from shared.domain.orders import Purpose
from shared.domain.trades import TradeStatus
from shared.halting import begin_halt, deny_waiting, query_of, ring_denied
from shared.models import commands, flattens, orders, trades
from shared.models.commands import Command
from shared.models.flattens import FlattenState, FlattenStatus
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from shared.models.outbox import Outbox
from shared.models.providers import Provider
from shared.models.trades import Trade as TradeDocument
from shared.tasks import Queue, bell_list
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import ask, exits, sweep_and_answer
from worker.pipeline.ingest import ingest
from worker.pipeline.sweep import sweep


def open_trades(driver: Driver, count: int = 3) -> tuple[InboxMessage, str]:
    """One message that several followers hold; its provider."""
    provider = driver.add_provider()
    for _ in range(count):
        driver.add_follower(provider)
    price = driver.quote("BTC/USDT").ask
    return driver.say(f"LONG BTC/USDT\nEntry: market\nStop loss: {price * Decimal('0.95'):.2f}"), provider


def flatten(scope: str, *, at: datetime | None = None) -> str:
    asked = begin_halt(
        scope, HaltState.HALTED, "news", at or datetime.now(UTC), flatten_by=("operator", "cli")
    )
    assert asked is not None
    return asked


def state_of(halt_id: str) -> FlattenState:
    found = flattens.find(halt_id)
    assert found is not None
    return found


def statuses(message: InboxMessage) -> list[tuple[TradeStatus, str | None]]:
    found = trades.of_message(message.source, message.channel_id, message.message_id)
    return [(trade.status, trade.close_reason) for trade in found]


def test_every_open_trade_of_the_scope_is_closed_once(driver: Driver) -> None:
    message, _ = open_trades(driver)
    halt_id = flatten("global")
    driver.answer_bells()
    assert statuses(message) == [(TradeStatus.CLOSED, "FLATTENED")] * 3
    assert len(exits(driver, message)) == 3
    state = state_of(halt_id)
    assert (state.status, state.done, state.refused, state.pending) == (FlattenStatus.DONE, 3, 0, 0)
    assert state.ended_at is not None
    assert rows_of(Outbox).count_documents({"kind": "trade.closed"}) == 3
    assert not [order for order in driver.orders(message) if order.status in LIVE]


def test_entries_that_wait_at_the_venue_are_cancelled(driver: Driver, waiting: InboxMessage) -> None:
    halt_id = flatten("global")
    driver.answer_bells()
    assert driver.trade(waiting).status is TradeStatus.CANCELED
    [entry] = driver.orders(waiting)
    assert entry.purpose is Purpose.ENTRY
    assert entry.status not in LIVE
    assert state_of(halt_id).done == 1


@pytest.mark.parametrize("kind", ["account", "user", "provider", "community"])
def test_only_the_scope_is_closed(driver: Driver, kind: str) -> None:
    message, provider = open_trades(driver)
    rows_of(Provider).update_one({"_id": provider}, {"$set": {"community_id": "c"}})
    one, *_ = trades.of_message(message.source, message.channel_id, message.message_id)
    subjects = {"account": one.account_id, "user": one.user_id, "provider": provider, "community": "c"}
    flatten(f"{kind}:{subjects[kind]}")
    other = open_trades_elsewhere(driver)
    driver.answer_bells()
    closed = [status for status, _ in statuses(message)].count(TradeStatus.CLOSED)
    assert closed == (1 if kind in {"account", "user"} else 3)
    assert [status for status, _ in statuses(other)] == [TradeStatus.OPEN]


def open_trades_elsewhere(driver: Driver) -> InboxMessage:
    driver.add_follower(driver.add_provider(channel="other"))
    return driver.say("LONG ETH/USDT now", channel_id="other")


def test_a_flatten_whose_bells_are_lost_is_finished_by_the_sweep(driver: Driver) -> None:
    message, _ = open_trades(driver)
    halt_id = flatten("global")
    for answered in range(12):
        for _ in range(answered):
            driver.answer_one_bell()
        driver.lose_bells()
        driver.make_due()
        sweep(driver.context)
    for _ in range(3):
        sweep_and_answer(driver)
    assert statuses(message) == [(TradeStatus.CLOSED, "FLATTENED")] * 3
    assert len(exits(driver, message)) == 3
    assert state_of(halt_id).status is FlattenStatus.DONE


def test_a_trade_that_its_user_is_closing_is_closed_once(driver: Driver) -> None:
    message, _ = open_trades(driver, 1)
    command = ask(driver.trade(message), CommandKind.CLOSE, "50")
    flatten("global")
    for _ in range(3):
        sweep_and_answer(driver)
    trade = driver.trade(message)
    assert (trade.status, trade.held) == (TradeStatus.CLOSED, 0)
    assert trade.exited == trade.entered
    found = commands.find(command.command_id)
    assert found is not None
    assert found.status is not CommandStatus.PENDING


def test_what_opens_after_the_scope_trades_again_is_not_closed(driver: Driver) -> None:
    message, _ = open_trades(driver, 1)
    halt_id = flatten("global", at=datetime.now(UTC) - timedelta(minutes=1))
    begin_halt("global", HaltState.ACTIVE, "", datetime.now(UTC))
    driver.answer_bells()
    assert state_of(halt_id).done == 0
    assert [status for status, _ in statuses(message)] == [TradeStatus.OPEN]


def test_a_thousand_trades_are_closed_in_bounded_chunks(driver: Driver) -> None:
    message, _ = open_trades(driver, 1)
    template = rows_of(TradeDocument).find_one({"_id": driver.trade(message).trade_id})
    assert template is not None
    planned = {
        **template,
        "status": "pending",
        "held": Decimal(0),
        "coverable": Decimal(0),
        "opened_at": None,
    }
    rows_of(TradeDocument).insert_many(
        [{**planned, "_id": f"t{n}", "message_id": f"m{n}"} for n in range(1100)]
    )
    halt_id = flatten("global")
    driver.answer_one_bell()
    assert rows_of(Command).count_documents({}) == 500
    assert int(driver.redis.llen(bell_list(Queue.EXITS))) == 21
    driver.answer_bells()
    assert (state_of(halt_id).done, state_of(halt_id).refused) == (1101, 0)
    assert state_of(halt_id).status is FlattenStatus.DONE


def test_entries_that_a_halt_denied_are_settled_and_their_money_given_back(driver: Driver) -> None:
    provider = driver.add_provider()
    followers = [driver.add_follower(provider) for _ in range(3)]
    row_id = driver.post("LONG BTC/USDT now")
    ingest(driver.context, row_id)
    driver.lose_bells()
    assert all(driver.account(bot).reservations for bot in followers)
    begin_halt("global", HaltState.REDUCING, "news", datetime.now(UTC))
    denied, trade_ids = deny_waiting("global", "news")
    assert (denied, len(set(trade_ids))) == (3, 3)
    assert deny_waiting("global", "news") == (0, [])
    ring_denied(trade_ids)
    assert int(driver.redis.llen(bell_list(Queue.EXITS))) == 0
    driver.answer_bells()
    message = driver.message(row_id)
    assert statuses(message) == [(TradeStatus.CANCELED, "HALT")] * 3
    assert [order.code for order in driver.orders(message)] == ["HALT"] * 3
    assert not any(driver.account(bot).reservations for bot in followers)
    told = list(rows_of(Outbox).find({"kind": "order.changed"}))
    assert {(row["data"]["status"], row["data"]["code"]) for row in told} == {("DENIED", "HALT")}
    assert orders.count_unresolved() == 0


def test_a_scope_that_cannot_be_read_has_no_query() -> None:
    with pytest.raises(ValueError, match="scope must be"):
        query_of("planet:earth")
    assert query_of("global") == {}
    assert query_of("user:$ne") == {"user_id": "$ne"}
