"""Answers and last words on a real database: the first answer counts, and only what was held is replaced."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.commands import Via
from shared.domain.confirmations import AWAITS_CONFIRMATION, ConfirmationState
from shared.domain.receipts import Verdict
from shared.models import confirmations, signals
from tests.integration.shared.models.at_once import all_at_once
from tests.integration.shared.models.test_signals import receipt
from tests.unit.shared.domain.builders import NOW
from tests.unit.shared.domain.test_confirmations import ASKED

DENIED = receipt(outcome=Verdict.DENIED, code="NETTING", order_ids=(), trade_id=None)
HELD = replace(DENIED, code=AWAITS_CONFIRMATION)
PASSED = receipt()


def code_after(*words: str) -> str:
    """What is stored after these last words."""
    for word in words:
        signals.replace_held({"passed": PASSED, "denied": DENIED}[word])
    found = signals.find_receipt("receipt")
    assert found is not None
    return found.code


def test_a_held_receipt_is_replaced_once() -> None:
    signals.create_receipts_once([HELD])
    assert code_after("denied") == "NETTING"
    signals.create_receipts_once([HELD])
    assert code_after() == "NETTING"


def test_where_no_receipt_is_the_last_word_is_the_first() -> None:
    assert code_after("denied") == "NETTING"


def test_a_trade_that_is_there_outweighs_a_denial_and_never_the_other_way() -> None:
    signals.create_receipts_once([HELD])
    assert code_after("denied", "passed") == "PASSED"
    assert code_after("denied") == "PASSED"


def test_of_answers_that_come_at_once_one_counts() -> None:
    confirmations.create_many_once([ASKED])
    at = NOW + timedelta(seconds=1)
    states = [ConfirmationState.CONFIRMED, ConfirmationState.REFUSED] * 8

    def answer(number: int) -> bool:
        return confirmations.answer("q", states[number], "user", Via.WEB, at)

    assert sum(all_at_once(answer, len(states))) == 1
    assert confirmations.expire(["q"], "DELETED", at) == 0


def test_an_answer_after_the_questions_time_is_none() -> None:
    confirmations.create_many_once([ASKED])
    late = ASKED.expires_at
    assert not confirmations.answer("q", ConfirmationState.CONFIRMED, "user", Via.WEB, late)
    assert confirmations.expire(["q"], "CONFIRMATION_EXPIRED", late) == 1


def test_only_an_answered_question_ends_and_a_yes_ends_as_done() -> None:
    confirmations.create_many_once([ASKED])
    assert not confirmations.end(ASKED, "PASSED")
    confirmations.answer("q", ConfirmationState.CONFIRMED, "user", Via.WEB, NOW)
    assert confirmations.take_due(NOW + timedelta(seconds=6), 10) == ["q"]
    assert confirmations.end(ASKED, "PASSED")
    found = confirmations.find("q")
    assert found is not None
    assert (found.state, found.code, found.is_pending) == (ConfirmationState.DONE, "PASSED", False)
    assert confirmations.take_due(ASKED.expires_at, 10) == []
