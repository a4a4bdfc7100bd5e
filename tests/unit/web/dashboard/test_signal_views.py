"""Messages become rows: spans, sentences, and what became of each."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instruments import OptionContract
from shared.domain.receipts import Receipt, Verdict
from shared.domain.signals import Action, Side, Signal, Span, Trigger, UpdateKind
from shared.domain.trades import TradeStatus
from shared.models.messages import InboxMessage, MessageStatus
from tests.unit.web.dashboard.test_trade_views import TRADE
from web.dashboard.reasons import explain_close, explain_message
from web.dashboard.signal_views import (
    Context,
    OutcomeKind,
    describe_reading,
    excerpt_of,
    outcome_of,
    segments_of,
    signal_rows,
)

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
MESSAGE = InboxMessage(
    row_id="r",
    source="discord",
    guild_id="g",
    channel_id="c",
    message_id="m",
    revision=0,
    event="create",
    author_id="a",
    author_name="Mira",
    is_webhook=False,
    content="BTC long",
    posted_at=NOON,
    recorded_at=NOON,
    next_check_at=NOON,
)
RECEIPT = Receipt(
    receipt_id="x",
    signal_id="s",
    trading_bot_id="b",
    user_id="u",
    account_id="a",
    provider_id="p",
    source="discord",
    channel_id="c",
    message_id="m",
    revision=0,
    outcome=Verdict.PASSED,
    code="PASSED",
    detail="All gates passed.",
    gates=(),
    order_ids=(),
    trade_id="t",
    at=NOON,
)
EMPTY = Context({}, {}, {}, {}, {}, {})


def opening(**changes: object) -> Signal:
    signal = Signal(
        Action.OPEN, "BTC/USDT", side=Side.BUY, entry=(Decimal(67000),), stop_loss=Decimal("66000.50")
    )
    return replace(signal, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("signal", "sentence"),
    [
        (opening(), "Buy BTC/USDT at 67,000, stop 66,000.5"),
        (opening(entry=(), stop_loss=None), "Buy BTC/USDT now, no stop named"),
        (opening(side=Side.SELL, trigger=Trigger.BELOW), "Sell BTC/USDT below 67,000, stop 66,000.5"),
        (
            opening(entry=(Decimal(1), Decimal(2)), stop_loss=None, stop_loss_pct=Decimal(5)),
            "Buy BTC/USDT at 1 – 2, stop 5 % away",
        ),
        (
            opening(take_profits=(Decimal(7), Decimal("8.5"))),
            "Buy BTC/USDT at 67,000, stop 66,000.5, targets 7 / 8.5",
        ),
        (
            opening(
                symbol="SPY",
                option=OptionContract("SPY", "12-18", Decimal(600), "C"),
                entry=(Decimal("1.20"),),
                stop_loss=None,
            ),
            "Buy SPY 600 call 12-18 at 1.2, no stop named",
        ),
        (Signal(Action.CLOSE, "SOL/USDT", update_kind=UpdateKind.CLOSE_ALL), "Close SOL/USDT"),
        (
            Signal(Action.CLOSE, None, update_kind=UpdateKind.CLOSE_PARTIAL, close_fraction=Decimal("0.5")),
            "Close 50 %",
        ),
        (
            Signal(Action.UPDATE, "SOL/USDT", update_kind=UpdateKind.MOVE_STOP, stop_loss=Decimal(150)),
            "Move the stop of SOL/USDT to 150",
        ),
        (
            Signal(Action.UPDATE, "SOL/USDT", update_kind=UpdateKind.MOVE_STOP_TO_BREAKEVEN),
            "Move the stop of SOL/USDT to the entry",
        ),
        (
            Signal(
                Action.UPDATE, "X/USDT", update_kind=UpdateKind.SET_TAKE_PROFIT, take_profits=(Decimal(9),)
            ),
            "Set targets X/USDT 9",
        ),
        (Signal(Action.UPDATE, None, update_kind=UpdateKind.CANCEL), "Cancel the entry"),
        (Signal(Action.CLOSE, "SOL/USDT", update_kind=UpdateKind.CLOSE_PARTIAL), "Close a part of SOL/USDT"),
    ],
)
def test_a_reading_is_a_sentence_of_its_parts(signal: Signal, sentence: str) -> None:
    assert describe_reading(signal) == sentence


def test_a_message_is_cut_at_the_spans_that_were_read() -> None:
    pieces = segments_of("BTC long now", [Span("side", 4, 8), Span("symbol", 0, 3)])
    assert [(piece.text, piece.role) for piece in pieces] == [
        ("BTC", "symbol"),
        (" ", ""),
        ("long", "side"),
        (" now", ""),
    ]


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=8))
def test_whatever_the_spans_the_text_is_never_changed(text: str, places: list[tuple[int, int]]) -> None:
    spans = [Span("symbol", start, end) for start, end in places]
    assert "".join(piece.text for piece in segments_of(text, spans)) == text


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (MessageStatus.PENDING, OutcomeKind.READING),
        (MessageStatus.NOISE, OutcomeKind.QUIET),
        (MessageStatus.QUARANTINED, OutcomeKind.LOOK),
        (MessageStatus.FAILED, OutcomeKind.FAILED),
        (MessageStatus.DONE, OutcomeKind.UPDATED),
    ],
)
def test_without_a_receipt_the_messages_own_end_counts(status: MessageStatus, kind: OutcomeKind) -> None:
    assert outcome_of(replace(MESSAGE, status=status), None, [], {}).kind is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (TradeStatus.PENDING, OutcomeKind.WAITING),
        (TradeStatus.OPEN, OutcomeKind.TRADED),
        (TradeStatus.CLOSED, OutcomeKind.CLOSED),
        (TradeStatus.CANCELED, OutcomeKind.CANCELED),
    ],
)
def test_with_a_trade_the_trades_state_counts(status: TradeStatus, kind: OutcomeKind) -> None:
    trade = replace(TRADE, status=status, realised_pnl=Decimal(7))
    outcome = outcome_of(MESSAGE, opening(), [RECEIPT], {"t": trade})
    assert outcome.kind is kind
    assert outcome.pnl == (7 if kind is OutcomeKind.CLOSED else None)


def test_a_denial_is_told_in_its_own_sentence() -> None:
    denied = replace(
        RECEIPT, outcome=Verdict.DENIED, code="STALE", detail="The signal was 300 s old.", trade_id=None
    )
    outcome = outcome_of(MESSAGE, opening(), [denied], {})
    assert (outcome.kind, outcome.label, outcome.sentence) == (
        OutcomeKind.DENIED,
        "Not traded",
        "The signal was 300 s old.",
    )


def test_one_bot_that_traded_counts_more_than_one_that_was_denied() -> None:
    denied = replace(RECEIPT, outcome=Verdict.DENIED, trade_id=None)
    assert outcome_of(MESSAGE, opening(), [denied, RECEIPT], {"t": TRADE}).kind is OutcomeKind.TRADED


def test_a_bot_that_asks_first_needs_a_look_of_its_owner() -> None:
    denied = replace(RECEIPT, outcome=Verdict.DENIED, trade_id=None)
    asking = replace(denied, code="AWAITS_CONFIRMATION", detail="Confirm it.")
    outcome = outcome_of(MESSAGE, opening(), [denied, asking], {})
    assert (outcome.kind, outcome.sentence) == (OutcomeKind.LOOK, "Confirm it.")


def test_an_update_is_never_called_a_trade_of_its_own() -> None:
    close = Signal(Action.CLOSE, "BTC/USDT", update_kind=UpdateKind.CLOSE_ALL)
    done = replace(RECEIPT, detail="The update was carried out.")
    assert outcome_of(MESSAGE, close, [done], {"t": TRADE}).kind is OutcomeKind.UPDATED
    refused = replace(done, outcome=Verdict.DENIED, detail="It would widen the stop.")
    outcome = outcome_of(MESSAGE, close, [refused], {"t": TRADE})
    assert (outcome.label, outcome.sentence) == ("Not carried out", "It would widen the stop.")


def test_several_reasons_of_an_end_are_all_told() -> None:
    assert explain_close("STOP_HIT") == "closed at its stop"
    assert (
        explain_close("INSUFFICIENT_FUNDS, SOME_CODE") == "the venue refused it for lack of funds, some code"
    )
    assert explain_close(None) == "closed"


def test_edits_of_a_message_are_one_row_that_shows_the_newest_text() -> None:
    edit = replace(MESSAGE, row_id="r2", revision=5, event="edit", content="BTC long, stop 66000")
    rows = signal_rows([edit, MESSAGE], EMPTY)
    assert len(rows) == 1
    assert rows[0].is_edited
    assert rows[0].segments[0].text == "BTC long, stop 66000"


def test_a_deleted_message_keeps_its_text_and_says_so() -> None:
    deleted = replace(MESSAGE, row_id="r2", revision=9, event="delete", content="")
    row = signal_rows([deleted, MESSAGE], EMPTY)[0]
    assert row.is_deleted
    assert row.segments[0].text == "BTC long"
    assert row.outcome.sentence == "Deleted by its author: what was not sent was withdrawn."


def test_a_message_of_embeds_alone_shows_their_text() -> None:
    embed = {"title": "New call", "fields": [{"name": "Entry", "value": "100"}]}
    assert excerpt_of(replace(MESSAGE, content="", embeds=(embed,))) == "New call\nEntry: 100"


def test_a_long_message_is_cut() -> None:
    assert len(excerpt_of(replace(MESSAGE, content="x" * 4000))) < 430


def test_an_unknown_reason_is_still_a_sentence() -> None:
    assert explain_message("SOMETHING_NEW", "why") == "Something new: why."
    assert explain_message("") == "No reason was recorded."
