"""Commands that look: whole rows with the fields of DESIGN 11 as JSON, tables for people."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.accounts import Reservation
from shared.domain.fills import Fill
from shared.domain.receipts import GateResult, Receipt, Verdict
from shared.domain.signals import Side
from shared.models import accounts, fills, messages, outbox, records, signals
from shared.models.messages import MessageStatus
from shared.models.outbox import OutboxEvent
from tests.integration.web.commands.conftest import Run
from tests.integration.web.commands.rows import AT, make_order, post
from tests.integration.web.commands.test_creates import connect, make_user

pytestmark = pytest.mark.usefixtures("empty_servers")


def test_messages_are_shown_with_status_and_reason(run: Run):
    noise = post("1")
    post("1", "BUY ETH", event="edit", revision=7, edited_at=AT)
    post("2")
    messages.finish(noise, MessageStatus.NOISE, "NO_INTENT", detail="chat")
    rows = run("messages", "show", "--message", "1", "--json").rows
    assert [(row["message_id"], row["revision"], row["status"], row["reason"]) for row in rows] == [
        ("1", 0, "noise", "NO_INTENT"),
        ("1", 7, "pending", ""),
    ]
    assert run("messages", "show", "--message", noise, "--json").row["id"] == noise
    assert len(run("messages", "show", "--json").rows) == 3
    table = run("messages", "show").out
    assert "NO_INTENT" in table
    assert run("messages", "show", "--message", "none").out == "No messages.\n"
    assert run("messages", "show", "--message", "none", "--json").out == ""


def test_what_a_stranger_wrote_cannot_move_the_operators_cursor(run: Run):
    post("1", "\x1b[2J\x07[red]BUY[/red]\r\nnext")
    shown = run("messages", "show").out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[red]BUY[/red]" in shown


def test_only_a_failed_message_is_replayed(run: Run):
    row_id = post("1")
    assert run("messages", "replay", "--message", "1").refused("this one is pending")
    messages.finish(row_id, MessageStatus.FAILED, "RINGS_USED_UP")
    assert run("messages", "replay", "--message", "1", "--json").row == {
        "id": row_id,
        "message_id": "1",
        "revision": 0,
        "rung": True,
    }
    found = messages.find(row_id)
    assert found is not None
    assert (found.status, found.rings) == (MessageStatus.PENDING, 0)
    assert run("messages", "replay", "--message", "9").refused("no message has the id '9'")


def test_orders_have_the_fields_of_the_design_and_are_found_by_account_and_message(run: Run):
    make_user(run)
    account_id = connect(run).row["id"]
    order = make_order(account_id=account_id, message_id="77", filled_quantity=Decimal("0.10"))
    make_order()
    (row,) = run("orders", "show", "--account", account_id, "--json").rows
    assert run("orders", "show", "--message", "77", "--json").rows == [row]
    assert len(run("orders", "show", "--json").rows) == 2
    expected = {
        "id": order.order_id,
        "trade_id": order.trade_id,
        "purpose": "entry",
        "attempt": 1,
        "tries": 0,
        "status": "INITIALIZED",
        "code": None,
        "client_order_id": order.client_order_id,
        "venue_order_id": None,
        "side": "buy",
        "order_type": "limit",
        "time_in_force": "gtc",
        "quantity": "0.25",
        "limit_price": "67000.1",
        "stop_price": None,
        "filled_quantity": "0.1",
        "average_fill_price": None,
        "created_at": "2026-11-23T12:00:00+00:00",
    }
    assert expected.items() <= row.items()
    assert order.order_id in run("orders", "show").out
    assert run("orders", "show", "--account", "nobody's").refused("no account")


def test_receipts_show_every_gate(run: Run):
    gates = (
        GateResult("halt", "active", "active", Verdict.PASSED),
        GateResult("staleness", "500 s", "120 s", Verdict.DENIED),
    )
    receipt = Receipt(
        *("receipt-1", "signal-1", "bot-1", "user-1", "account-1", "provider-1", "discord", "21", "77"),
        revision=0,
        outcome=Verdict.DENIED,
        code="STALE",
        detail="The signal was old.",
        gates=gates,
        order_ids=(),
        trade_id=None,
        at=AT,
    )
    signals.create_receipts_once([receipt])
    row = run("receipts", "show", "--message", "77", "--json").row
    assert (row["signal_id"], row["trading_bot_id"], row["outcome"], row["code"]) == (
        *("signal-1", "bot-1", "denied", "STALE"),
    )
    assert row["gates"][1] == {
        "name": "staleness",
        "input": "500 s",
        "threshold": "120 s",
        "verdict": "denied",
    }
    assert row["order_ids"] == []
    assert run("receipts", "show").refused("--message", status=2)
    told = run("receipts", "show", "--message", "77").out
    assert "bot-1, revision 0: denied (STALE). The signal was old." in told
    assert "  Fresh: denied. Seen: 500 s; held against: 120 s." in told


def test_fills_positions_and_reservations_are_shown(run: Run):
    make_user(run)
    account_id = connect(run).row["id"]
    fill = Fill(
        *("fill-1", "trade-1", "order-1", "BTC/USDT", Side.BUY, True),
        quantity=Decimal("0.5"),
        price=Decimal("67000"),
        commission=Decimal("0.0005"),
        commission_asset="BTC",
        at=AT,
    )
    fills.create_many_once([fills.StoredFill(fill, account_id, "user-1", "P1", "F1")])
    naked_since = datetime.now(UTC) - timedelta(seconds=5)
    fills.write_positions(
        [
            fills.PositionState(
                *(f"{account_id}:BTC/USDT", account_id, "user-1", "trade-1", "BTC/USDT"),
                held=Decimal("0.4995"),
                coverable=Decimal("0.4995"),
                resting=Decimal("0.2"),
                managed=Decimal(0),
                naked_since=naked_since,
                naked_seconds=Decimal("1.5"),
                entry_average=Decimal("67000"),
                updated_at=AT,
            )
        ]
    )
    held = Reservation("trade-1", "BTC/USDT", notional=Decimal("100.5"), risk=Decimal("2"), at=AT)
    assert accounts.reserve({account_id: (0, {"intent-1": held})}) == {account_id}

    shown = run("fills", "show", "--account", account_id, "--json").row
    assert (shown["quantity"], shown["price"], shown["side"], shown["venue_fill_id"]) == (
        "0.5",
        "67000",
        "buy",
        "F1",
    )
    position = run("positions", "show", "--json").row
    assert (position["held"], position["coverable"], position["resting"], position["managed"]) == (
        *("0.4995", "0.4995", "0.2", "0"),
    )
    assert 6.5 <= position["naked_seconds"] < 60
    reserved = run("reservations", "show", "--account", account_id, "--json").row
    assert (reserved["intent_id"], reserved["notional"], reserved["risk"]) == ("intent-1", "100.5", "2")
    for noun in ("fills", "positions", "reservations"):
        assert "BTC/USDT" in run(noun, "show").out


def test_jobs_show_last_run_duration_next_and_lateness(run: Run):
    started = datetime.now(UTC) - timedelta(seconds=100)
    run_id = records.begin_job("maintenance.sweep", started, 5)
    assert run_id is not None
    records.finish_job(run_id, started + timedelta(seconds=0.25), "done", "2 rung")
    jobs = {row["job"]: row for row in run("jobs", "--json").rows}
    sweep = jobs["sweep"]
    assert (sweep["queue"], sweep["period_seconds"], sweep["outcome"]) == ("sync", 5.0, "done")
    assert sweep["duration_seconds"] == pytest.approx(0.25, abs=0.002)
    assert datetime.fromisoformat(sweep["next_at"]) - datetime.fromisoformat(
        sweep["last_run_at"]
    ) == timedelta(seconds=5)
    assert 95 <= sweep["lateness_seconds"] < 120
    assert jobs["prices"]["last_run_at"] is None
    assert "maintenance" not in run("jobs").err


def test_wait_ends_when_nothing_is_on_its_way(run: Run):
    assert run("wait", "--idle", "--timeout", "5", "--json").row["idle"] is True


def test_wait_names_what_still_moves(run: Run):
    post("1")
    make_order()
    event = OutboxEvent("event-1", "user-1", "order.changed", {}, AT, AT)
    outbox.record_events([event])
    answer = run("wait", "--idle", "--timeout", "0.5")
    assert answer.refused("1 messages_pending, 1 orders_unresolved, 1 events_undelivered")
    answer = run("wait", "--idle", "--timeout", "0", "--json")
    assert answer.status == 1
    assert answer.rows == [
        {
            "idle": False,
            "messages_pending": 1,
            "orders_unresolved": 1,
            "commands_pending": 0,
            "rotations_pending": 0,
            "events_undelivered": 1,
        }
    ]
    assert run("wait").refused("--idle", status=2)
    assert run("wait", "--idle", "--timeout", "nan").refused("number of seconds", status=2)
