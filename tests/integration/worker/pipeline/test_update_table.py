"""Every kind of update against every state of a trade: what the follower is told, and what it comes to in the end."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.order_status import LIVE, RESTING
from shared.domain.orders import Purpose
from shared.domain.signals import UpdateKind
from shared.domain.trades import StopSource
from shared.models.messages import InboxMessage
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.trade_states import Staged, State, go_on, stage

CLOSE, DELETE = "close by symbol", "delete"
EDIT_STOP, EDIT_TARGETS, EDIT_ENTRY = "edit of the stop", "edit of the targets", "edit of the entry"
KINDS = (*map(str, UpdateKind), CLOSE, DELETE, EDIT_STOP, EDIT_TARGETS, EDIT_ENTRY)
ALL, HALF, NONE, ANY = "all", "half", "none", "any"
SAME, MOVED, EVEN, GONE = "same", "moved", "at the entry", "no stop"


@dataclass(frozen=True, slots=True)
class End:
    """The code of the answer; then the part of the position left, its stop, and whether an entry waits."""

    code: str
    left: str
    stop: str
    waits: bool = False


def row(cells: str, *, waits: bool = False) -> dict[State, End]:
    """Read a line of the table: for each state `CODE left stop`, and whether the rest of a part-filled entry waits."""
    ends = {}
    for state, cell in zip(State, cells.split("|"), strict=True):
        code, left, stop = cell.split()
        wanted = {"same": SAME, "moved": MOVED, "even": EVEN, "-": GONE}[stop]
        ends[state] = End(code, left, wanted, waits and state is State.PARTLY_FILLED)
    return ends


# fmt: off
#        not sent            | open               | partly filled      | covered            | closing                | closed              | unknown
TABLE: dict[str, dict[State, End]] = {
    "close_all": row(
        "UPDATED none -      | UPDATED none -     | UPDATED none -     | UPDATED none -     | ALREADY_CLOSING none - | ALREADY_OVER none - | PARKED none -"),
    CLOSE: row(
        "UPDATED none -      | UPDATED none -     | UPDATED none -     | UPDATED none -     | ALREADY_CLOSING none - | NOTHING_OPEN none - | PARKED none -"),
    "close_partial": row(
        "PARKED half same    | PARKED half same   | UPDATED half same  | UPDATED half same  | ALREADY_CLOSING none - | ALREADY_OVER none - | PARKED half same", waits=True),
    "move_stop": row(
        "UPDATED all moved   | UPDATED all moved  | UPDATED all moved  | UPDATED all moved  | UPDATED none -         | ALREADY_OVER none - | UPDATED all moved", waits=True),
    "move_stop_to_breakeven": row(
        "PARKED any even     | PARKED any even    | UPDATED any even   | UPDATED any even   | UPDATED none -         | ALREADY_OVER none - | PARKED any even"),
    "set_take_profit": row(
        "UPDATED all same    | UPDATED all same   | UPDATED all same   | UPDATED all same   | UPDATED none -         | ALREADY_OVER none - | UPDATED all same", waits=True),
    "cancel": row(
        "UPDATED none -      | UPDATED none -     | UPDATED all same   | NO_ENTRY all same  | NO_ENTRY none -        | ALREADY_OVER none - | CANCEL_ASKED all same"),
    **dict.fromkeys(("tp_hit", "sl_hit", "entry_filled"), row(
        "STATUS_REPORT all same | STATUS_REPORT all same | STATUS_REPORT all same | STATUS_REPORT all same | STATUS_REPORT none - | STATUS_REPORT none - | STATUS_REPORT all same", waits=True)),
    DELETE: row(
        "DELETED none -      | DELETED all same   | DELETED all same   | DELETED all same   | DELETED none -         | DELETED none -      | DELETED all same", waits=True),
    EDIT_STOP: row(
        "UPDATED all moved   | UPDATED all moved  | UPDATED all moved  | UPDATED all moved  | UPDATED none -         | EDIT_APPLIED none - | UPDATED all moved", waits=True),
    EDIT_TARGETS: row(
        "UPDATED all same    | UPDATED all same   | UPDATED all same   | UPDATED all same   | UPDATED none -         | EDIT_APPLIED none - | UPDATED all same", waits=True),
    EDIT_ENTRY: row(
        "ENTRY_CHANGED none -| ENTRY_CHANGED none -| ENTRY_CHANGED all same | ENTRY_CHANGED all same | ENTRY_CHANGED none - | EDIT_APPLIED none - | ENTRY_CHANGED all same"),
}
# fmt: on
TEXTS = {
    "close_all": "close all",
    CLOSE: "Close BTC/USDT now",
    "close_partial": "close half here",
    "move_stop": "SL to {stop:.2f}",
    "move_stop_to_breakeven": "SL to breakeven",
    "set_take_profit": "TP to {target:.2f}",
    "cancel": "cancel the order",
    "tp_hit": "TP1 hit ✅",
    "sl_hit": "Stop hit, out",
    "entry_filled": "Entry filled",
}


def nearer_stop(staged: Staged) -> Decimal:
    return (staged.said.stop * Decimal("1.05")).quantize(Decimal("0.01"), "ROUND_HALF_EVEN")


def further_target(staged: Staged) -> Decimal:
    return (staged.said.target * Decimal("1.05")).quantize(Decimal("0.01"), "ROUND_HALF_EVEN")


def send(driver: Driver, kind: str, staged: Staged) -> InboxMessage:
    """Post what a provider would, and return what became of it."""
    stop, target = nearer_stop(staged), further_target(staged)
    if kind in TEXTS:
        reply_to = None if kind == CLOSE else staged.message.message_id
        return driver.say(TEXTS[kind].format(stop=stop, target=target), reply_to=reply_to)
    if kind == DELETE:
        return driver.say("", message_id=staged.message.message_id, event="delete")
    text = {
        EDIT_STOP: staged.said.text(stop=stop),
        EDIT_TARGETS: staged.said.text(target=target),
        EDIT_ENTRY: staged.said.text(entry=f"{staged.said.stop * Decimal('1.1'):.2f}"),
    }[kind]
    same = {"message_id": staged.message.message_id, "posted_at": staged.message.posted_at}
    return driver.say(text, revision=1, event="edit", edited_at=datetime.now(UTC), **same)


def told(driver: Driver, message: InboxMessage) -> str:
    """The code that the follower reads; where nobody is told anything, what the message came to."""
    codes = [r.code for r in driver.receipts(message) if r.revision == message.revision]
    assert len(codes) <= 1
    return codes[0] if codes else message.reason


def part_left(driver: Driver, message: InboxMessage) -> str:
    trade = driver.trade(message)
    if trade.held == 0:
        return NONE
    is_half = abs(trade.held * 2 - trade.entered) <= trade.entered / 50
    return HALF if is_half else ALL if trade.exited == 0 else f"{trade.held} of {trade.entered}"


def stop_of(driver: Driver, staged: Staged, end: End) -> str:
    trade = driver.trade(staged.message)
    if end.stop == EVEN:
        # A stop at the entry may be met at once: what was wanted is in the trade.
        assert trade.entry_average is not None
        assert trade.stop_source is StopSource.UPDATE
        return EVEN if trade.stop_price == trade.entry_average.quantize(Decimal("0.01"), "ROUND_HALF_EVEN") else MOVED
    live = {
        o.stop_price
        for o in driver.orders(staged.message)
        if o.purpose is Purpose.STOP and o.status in RESTING
    }
    assert trade.resting == trade.coverable
    if not live:
        return GONE
    names = {nearer_stop(staged): MOVED, staged.said.stop.quantize(Decimal("0.01"), "ROUND_HALF_EVEN"): SAME}
    return " and ".join(names.get(price or Decimal(0), str(price)) for price in live)


def test_the_table_has_an_answer_for_every_kind_in_every_state() -> None:
    assert set(TABLE) == set(KINDS)
    assert all(set(ends) == set(State) for ends in TABLE.values())


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", KINDS)
def test_an_update_comes_to_what_the_table_says(driver: Driver, kind: str, state: State) -> None:
    end = TABLE[kind][state]
    staged = stage(driver, state)
    answer = send(driver, kind, staged)
    assert told(driver, answer) == end.code
    go_on(driver, state, staged.message)
    assert end.left in {ANY, part_left(driver, staged.message)}
    assert stop_of(driver, staged, end) == end.stop
    entries = [o for o in driver.orders(staged.message) if o.purpose is Purpose.ENTRY]
    assert any(o.status in LIVE for o in entries) is end.waits
    trade = driver.trade(staged.message)
    assert not [note for note in trade.updates if str(note.state) == "waiting"]
    if kind in {"set_take_profit", EDIT_TARGETS} and end.left == ALL:
        assert [target.price for target in trade.targets] == [further_target(staged)]
