"""The send gate: until when a first byte may leave, known to every transport beneath the caller.

Between a claim and a send, anything may pause a process. The sender opens a window once it has read
halts and rights; a transport that reaches its first byte after the window refuses, and nothing was
sent. The window travels in a context variable, because client libraries stand between the two; it
follows into the tasks and threads (`asyncio.to_thread`) that are started within it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from shared.brokers.codes import Doubt
from shared.domain.errors import RetryableError


@dataclass(frozen=True, slots=True)
class SendGate:
    """A window that closes at `closes_at`, in seconds of the monotonic `clock`."""

    closes_at: float
    clock: Callable[[], float] = time.monotonic

    def check(self) -> None:
        """Raise RetryableError(SEND_WINDOW_CLOSED) once the window has closed."""
        late = self.clock() - self.closes_at
        if late >= 0:
            raise RetryableError(Doubt.SEND_WINDOW_CLOSED, f"{late:.3f} s after the window closed")


_gate: ContextVar[SendGate | None] = ContextVar("send_gate", default=None)


@contextmanager
def sending_until(closes_at: float) -> Iterator[SendGate]:
    """Let writes begin only before `closes_at` (time.monotonic) within this block and what it starts.

    An inner block never widens the window of an outer one.
    """
    outer = _gate.get()
    gate = SendGate(closes_at if outer is None else min(closes_at, outer.closes_at))
    token = _gate.set(gate)
    try:
        yield gate
    finally:
        _gate.reset(token)


def check_send_gate() -> None:
    """Raise RetryableError(SEND_WINDOW_CLOSED) if a write may no longer begin here."""
    gate = _gate.get()
    if gate is not None:
        gate.check()
