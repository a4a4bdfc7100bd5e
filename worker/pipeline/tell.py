"""Tell followers what became of a message: receipts, their events and the message's end, durable together.

A fan-out's orders are on their way while this is written, and every wait for the journal is one they share.
"""

from collections.abc import Sequence

from shared.domain.receipts import Receipt
from shared.models import outbox, signals
from shared.models.durable import Write, write_all
from worker.context import utc_now
from worker.notify.events import receipt_events, ring_for


def tell(receipts: Sequence[Receipt], end: Write | None = None) -> None:
    """Write receipts and their events, then `end`, then ring for delivery; safe to repeat."""
    events = receipt_events(receipts, utc_now())
    told: tuple[Write, ...] = (
        lambda wait: signals.create_receipts_once(receipts, wait=wait),
        lambda wait: outbox.record_events(events, wait=wait),
    )
    write_all(*(told if receipts else ()), *([end] if end else ()))
    ring_for(events)
