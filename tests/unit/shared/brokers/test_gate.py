"""The send gate closes for good, travels into tasks and threads, and is never widened from inside."""

import asyncio
import time

import pytest

from shared.brokers.gate import SendGate, check_send_gate, sending_until
from shared.brokers.http import read_retry_after
from shared.domain.errors import RetryableError


def test_a_gate_closes_at_its_moment() -> None:
    now = [10.0]
    gate = SendGate(closes_at=11.0, clock=lambda: now[0])
    gate.check()
    now[0] = 11.0
    with pytest.raises(RetryableError, match="SEND_WINDOW_CLOSED"):
        gate.check()


def test_without_a_window_everything_may_go() -> None:
    check_send_gate()


def test_an_inner_window_never_outlasts_the_outer_one() -> None:
    with (
        sending_until(time.monotonic() - 1),
        sending_until(time.monotonic() + 60),
        pytest.raises(RetryableError),
    ):
        check_send_gate()
    check_send_gate()


async def test_the_window_reaches_tasks_and_threads_begun_within_it() -> None:
    with sending_until(time.monotonic() - 1):
        task = asyncio.create_task(asyncio.to_thread(check_send_gate))
    with pytest.raises(RetryableError):
        await task
    await asyncio.to_thread(check_send_gate)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("1.5", 2), ("2.0", 2), (" 3 ", 3), (None, None), ("", None), ("soon", None),
     ("-1", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)  # fmt: skip
def test_retry_after_is_read_in_seconds_and_rounded_up(header: str | None, seconds: int | None) -> None:
    assert read_retry_after(header) == seconds
