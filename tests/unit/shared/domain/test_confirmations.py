"""Questions to followers: their life, and what a receipt says of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.commands import Via
from shared.domain.confirmations import (
    CONFIRMATION_EXPIRED,
    TRANSITIONS,
    Confirmation,
    ConfirmationState,
    asking_sentence,
    describe_gate,
)
from shared.domain.receipts import Verdict
from shared.domain.risk import run_gates
from shared.domain.signals import Side
from tests.unit.shared.domain.builders import NOW, SYMBOL, make_facts

ASKED = Confirmation(
    confirmation_id="q",
    signal_id="signal",
    trading_bot_id="bot",
    user_id="user",
    account_id="account",
    provider_id="provider",
    source="discord",
    channel_id="channel",
    message_id="message",
    symbol=SYMBOL,
    side=Side.BUY,
    state=ConfirmationState.ASKED,
    asked_at=NOW,
    expires_at=NOW + timedelta(minutes=5),
    next_check_at=NOW + timedelta(minutes=5),
)


def answered(state: ConfirmationState) -> Confirmation:
    return replace(ASKED, state=state, via=Via.WEB, by="user", answered_at=NOW + timedelta(seconds=67))


def test_a_question_is_answered_once_and_only_a_yes_goes_on() -> None:
    assert set(TRANSITIONS) == set(ConfirmationState)
    ended = {state for state, following in TRANSITIONS.items() if not following}
    assert ended == set(ConfirmationState) - {ConfirmationState.ASKED, ConfirmationState.CONFIRMED}
    assert TRANSITIONS[ConfirmationState.CONFIRMED] == {ConfirmationState.DONE}


def test_the_sentence_says_until_when() -> None:
    assert "by 2026-07-20 14:05:00 UTC" in asking_sentence(ASKED.expires_at)


def test_a_question_without_an_answer_denies() -> None:
    line = describe_gate(ASKED)
    assert (line.name, line.input, line.verdict) == ("confirmation", "asked", Verdict.DENIED)
    assert line.threshold == "a yes by 2026-07-20 14:05:00 UTC"
    ended = replace(ASKED, state=ConfirmationState.EXPIRED, answered_at=ASKED.expires_at)
    assert (describe_gate(ended).input, describe_gate(ended).verdict) == ("no answer", Verdict.DENIED)


@pytest.mark.parametrize("state", [ConfirmationState.CONFIRMED, ConfirmationState.DONE])
def test_a_yes_passes_and_says_through_which_door_and_when(state: ConfirmationState) -> None:
    line = describe_gate(answered(state))
    assert (line.input, line.verdict) == ("confirmed via web at 2026-07-20 14:01:07 UTC", Verdict.PASSED)


def test_a_no_denies() -> None:
    line = describe_gate(answered(ConfirmationState.REFUSED))
    assert (line.input, line.verdict) == ("refused via web at 2026-07-20 14:01:07 UTC", Verdict.DENIED)


def test_a_yes_is_as_old_as_its_question_and_not_as_the_signal() -> None:
    old = make_facts(posted_at=NOW - timedelta(hours=5), confirmed_until=NOW)
    results, denial = run_gates(old)
    assert denial is None
    [age] = [line for line in results if line.name == "staleness"]
    assert (age.input, age.threshold) == ("confirmed, 0 s left", "the time to confirm")


def test_a_yes_that_could_not_be_planned_in_time_is_denied_with_its_own_code() -> None:
    late = make_facts(confirmed_until=NOW - timedelta(seconds=3))
    results, denial = run_gates(late)
    assert denial is not None
    assert denial.code == CONFIRMATION_EXPIRED
    assert "confirmed, 3 s too late" in {line.input for line in results}
