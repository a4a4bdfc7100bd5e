"""Celery's events for Flower, sent in bunches a moment later: a signal on its way does not wait for who only watches.

Celery sends "received" before it hands the task to a process, and waits for Redis to say that it has it: a
millisecond on each of the two ways from a message to its order.
"""

from typing import Any

from celery import bootsteps
from celery.worker.consumer.events import Events

FLUSH_SECONDS = 0.1


class LaterEvents(bootsteps.StartStopStep):
    """Puts off the sending of task events by a tenth of a second; beats and what is sent in fork children stay as they are."""

    requires = (Events,)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self._is_due = False
        super().__init__(parent, **kwargs)

    def start(self, parent: Any) -> None:
        """Take over from Celery's own way; called at every connection, each of which has a dispatcher of its own."""
        self._is_due = False
        if parent.hub is not None and parent.event_dispatcher is not None:
            parent.event_dispatcher.on_send_buffered = lambda: self._put_off(parent)

    def stop(self, parent: Any) -> None:
        """Send what waits, while there is a connection."""
        self._flush(parent)

    def _put_off(self, parent: Any) -> None:
        if not self._is_due:
            self._is_due = True
            parent.hub.call_later(FLUSH_SECONDS, self._flush, parent)

    def _flush(self, parent: Any) -> None:
        self._is_due = False
        if parent.event_dispatcher is not None:
            parent.event_dispatcher.flush()
