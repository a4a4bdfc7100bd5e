"""Readings, contents and receipts on a real database: a content has one holder, a follower one receipt."""

from datetime import timedelta
from typing import Any

from shared.domain.receipts import GateResult, Receipt, Verdict
from shared.models import signals
from shared.models.signals import SignalRecord
from tests.integration.shared.models.at_once import all_at_once
from tests.unit.shared.domain.builders import NOW, make_signal

WINDOW = timedelta(minutes=10)


def receipt(receipt_id: str = "receipt", **changes: Any) -> Receipt:
    values: dict[str, Any] = {
        "receipt_id": receipt_id,
        "signal_id": "signal",
        "trading_bot_id": "bot",
        "user_id": "user",
        "account_id": "account",
        "provider_id": "provider",
        "source": "discord",
        "channel_id": "c",
        "message_id": "m",
        "revision": 0,
        "outcome": Verdict.PASSED,
        "code": "PASSED",
        "detail": "All gates passed.",
        "gates": (GateResult("halt", "active", "active", Verdict.PASSED),),
        "order_ids": ("o1",),
        "trade_id": "t1",
        "at": NOW,
    }
    return Receipt(**{**values, **changes})


def reading(revision: int = 0) -> SignalRecord:
    return SignalRecord(
        signal_id=f"signal{revision}",
        row_id=f"row{revision}",
        provider_id="provider",
        source="discord",
        channel_id="c",
        message_id="m",
        revision=revision,
        posted_at=NOW,
        read_at=NOW,
        signal=make_signal(),
        not_a_signal=None,
    )


class TestContent:
    def test_the_first_message_holds_its_content_through_the_window_to_its_last_instant(self):
        assert signals.claim_content("key", "first", NOW, WINDOW) == "first"
        assert signals.claim_content("key", "second", NOW, WINDOW) == "first"
        assert signals.claim_content("key", "third", NOW + WINDOW, WINDOW) == "first"

    def test_after_the_window_another_may_say_it_again(self):
        signals.claim_content("key", "first", NOW, WINDOW)
        later = NOW + WINDOW + timedelta(milliseconds=1)
        assert signals.claim_content("key", "second", later, WINDOW) == "second"
        assert signals.claim_content("key", "first", later, WINDOW) == "second"

    def test_a_repeated_pass_of_the_holder_still_holds_it(self):
        for _ in range(3):
            assert signals.claim_content("key", "first", NOW, WINDOW) == "first"

    def test_a_message_posted_before_the_holder_does_not_take_it_away(self):
        signals.claim_content("key", "first", NOW, WINDOW)
        assert signals.claim_content("key", "earlier", NOW - timedelta(minutes=5), WINDOW) == "first"

    def test_other_contents_are_free(self):
        signals.claim_content("key", "first", NOW, WINDOW)
        assert signals.claim_content("other", "second", NOW, WINDOW) == "second"

    def test_of_eight_at_once_all_are_told_the_same_holder(self):
        holders = all_at_once(lambda n: signals.claim_content("key", f"m{n}", NOW, WINDOW))
        assert len(set(holders)) == 1


class TestReceipts:
    def test_a_follower_has_one_receipt_for_a_signal_and_it_is_the_first(self):
        signals.create_receipts_once([receipt()])
        signals.create_receipts_once([receipt(code="LATER"), receipt("other", trading_bot_id="other")])
        assert signals.bots_told("signal") == {"bot", "other"}
        assert receipt() in signals.receipts_of_message("m")
        assert {found.code for found in signals.receipts_of_message("m")} == {"PASSED"}

    def test_two_ids_for_one_signal_and_bot_cannot_both_be_stored(self):
        signals.create_receipts_once([receipt("a")])
        signals.create_receipts_once([receipt("b")])
        assert [found.receipt_id for found in signals.receipts_of_message("m")] == ["a"]

    def test_eight_passes_at_once_leave_each_receipt_once(self):
        batch = [receipt(f"r{n}", trading_bot_id=f"bot{n}") for n in range(20)]
        all_at_once(lambda _: signals.create_receipts_once(batch))
        assert len(signals.receipts_of_message("m")) == 20


class TestReadings:
    def test_the_same_reading_again_changes_nothing_and_is_told_as_known(self):
        assert signals.record_reading(reading())
        assert not signals.record_reading(reading())
        assert signals.find("signal0") == reading()

    def test_the_newest_revision_is_found(self):
        for revision in (0, 7, 3):
            signals.record_reading(reading(revision))
        newest = signals.newest_of("discord", "c", "m")
        assert newest is not None
        assert newest.revision == 7
        assert signals.newest_of("discord", "c", "other") is None
