"""Tell followers what became of a message: receipts, their events and the message's end, durable together.

A fan-out's orders are on their way while this is written, and every wait for the journal is one they share.
"""

from collections.abc import Sequence

from shared.domain.confirmations import Confirmation
from shared.domain.receipts import Receipt
from shared.models import outbox, signals
from shared.models.durable import Write, write_all
from worker.context import utc_now
from worker.notify.events import confirmation_events, receipt_events, ring_for


def tell(receipts: Sequence[Receipt], end: Write | None = None) -> None:
    """Write receipts and their events, then `end`, then ring for delivery; safe to repeat."""
    events = receipt_events(receipts, utc_now())
    told: tuple[Write, ...] = (
        lambda wait: signals.create_receipts_once(receipts, wait=wait),
        lambda wait: outbox.record_events(events, wait=wait),
    )
    write_all(*(told if receipts else ()), *([end] if end else ()))
    ring_for(events)


def tell_last_word(receipt: Receipt, question: Confirmation) -> None:
    """Replace a receipt that awaited a confirmation, and tell how the question ended; safe to repeat."""
    now = utc_now()
    events = [*receipt_events([receipt], now, version=1), *confirmation_events([question], now)]
    # The events first: where the receipt says its last word, nobody looks whether they are there.
    write_all(
        lambda wait: outbox.record_events(events, wait=wait),
        lambda wait: signals.replace_held(receipt, wait=wait),
    )
    ring_for(events)
