"""Events for Flower leave in bunches, after the task has been handed on, and none is lost when the worker ends."""

from collections.abc import Callable
from typing import Any

from worker.events import FLUSH_SECONDS, LaterEvents


class Dispatcher:
    """Counts what would be sent to Redis."""

    def __init__(self) -> None:
        self.on_send_buffered: Callable[[], None] | None = None
        self.flushed = 0

    def flush(self) -> None:
        self.flushed += 1


class Hub:
    """Holds what is to be called later."""

    def __init__(self) -> None:
        self.later: list[tuple[float, Callable[..., None], tuple[Any, ...]]] = []

    def call_later(self, seconds: float, call: Callable[..., None], *args: Any) -> None:
        self.later.append((seconds, call, args))

    def run(self) -> None:
        waiting, self.later = self.later, []
        for _, call, args in waiting:
            call(*args)


class Consumer:
    """A worker's consumer, as far as this step looks at it."""

    def __init__(self) -> None:
        self.hub, self.event_dispatcher = Hub(), Dispatcher()


def started() -> tuple[LaterEvents, Consumer]:
    consumer = Consumer()
    step = LaterEvents(consumer)
    step.start(consumer)
    return step, consumer


def test_many_events_are_sent_once_and_a_moment_later():
    _, consumer = started()
    for _ in range(5):
        consumer.event_dispatcher.on_send_buffered()
    assert consumer.event_dispatcher.flushed == 0
    assert [seconds for seconds, _, _ in consumer.hub.later] == [FLUSH_SECONDS]
    consumer.hub.run()
    assert consumer.event_dispatcher.flushed == 1


def test_after_a_bunch_the_next_event_is_put_off_again():
    _, consumer = started()
    for _ in range(2):
        consumer.event_dispatcher.on_send_buffered()
        consumer.hub.run()
    assert consumer.event_dispatcher.flushed == 2


def test_what_waits_is_sent_when_the_connection_ends():
    step, consumer = started()
    consumer.event_dispatcher.on_send_buffered()
    step.stop(consumer)
    assert consumer.event_dispatcher.flushed == 1


def test_a_new_connection_begins_anew():
    step, consumer = started()
    consumer.event_dispatcher.on_send_buffered()
    consumer.event_dispatcher = Dispatcher()
    step.start(consumer)
    consumer.event_dispatcher.on_send_buffered()
    consumer.hub.run()
    assert consumer.event_dispatcher.flushed >= 1
