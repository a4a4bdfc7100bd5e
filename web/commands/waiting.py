"""Waiting for a worker's answer: the row is looked at until it says so, or the command's patience ends."""

import math
import time
from collections.abc import Callable
from typing import TypeVar

import click

from web.commands.frame import F

LOOK_SECONDS = 0.1
_MAX_SECONDS = 86_400

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], seconds: float) -> Found | None:
    """Return the first true answer of `look`, or None where there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() >= deadline:
            return None
        time.sleep(LOOK_SECONDS)
    return found


def wait_options(default_seconds: float) -> Callable[[F], F]:
    """Add `--timeout` and `--no-wait`."""

    def add(command: F) -> F:
        command = click.option("--no-wait", is_flag=True, help="Record it and answer at once.")(command)
        return click.option(
            "--timeout",
            "timeout_seconds",
            type=click.FloatRange(0, _MAX_SECONDS),
            default=default_seconds,
            show_default=True,
            metavar="SECONDS",
            callback=_check_finite,
        )(command)

    return add


def _check_finite(_context: click.Context, _parameter: click.Parameter, seconds: float) -> float:
    if not math.isfinite(seconds):
        raise click.BadParameter("must be a number of seconds")
    return seconds
