"""How Binance says no, in all of its markets: codes and words, never an exception's class.

A code that proves a refusal is Permanent, one that proves that nothing was looked at is Retryable; every other
leaves a write in doubt. Each refusal carries a sentence for the follower.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import HttpAnswer, doubt
from shared.domain.errors import PermanentError, RetryableError, TradeError
from shared.domain.orders import OrderRequest

NO_SUCH_ORDER = frozenset({-2013, -2039})
CANCEL_REFUSED_CODE = -2011
CLOCK_CODE = -1021
_NOT_AUTHORIZED = frozenset({401, 403})

# Proofs that nothing was looked at: the same may be tried again.
NOT_NOW = {
    CLOCK_CODE: Doubt.CLOCK_SKEWED,
    -1003: Doubt.RATE_LIMITED,
    -1015: Doubt.RATE_LIMITED,
}
_KEY_REFUSED = "the account's key is unknown, comes from an address it is not made for, or may not trade"
PROOFS: dict[int, tuple[Refusal, str]] = {
    **dict.fromkeys((-1002, -2014, -2015), (Refusal.UNAUTHORIZED, _KEY_REFUSED)),
    -1022: (Refusal.UNAUTHORIZED, "the account's secret does not belong to its key"),
    -1121: (Refusal.UNKNOWN_SYMBOL, "it does not trade this symbol"),
}
_BANNED_UNTIL = re.compile(r"banned until (\d{13})")

ReadWrite = Callable[[int, str, OrderRequest | None], TradeError | None]


@dataclass(frozen=True, slots=True)
class Words:
    """What one market's codes mean.

    `not_now`: nothing was looked at. `proofs`: a refusal, whatever was asked. `of_write`: what a code and its words
    say of a write, None where they leave it in doubt.
    """

    not_now: Mapping[int, Doubt]
    proofs: Mapping[int, tuple[Refusal, str]]
    of_write: ReadWrite

    def failure(
        self, answer: HttpAnswer, *, is_write: bool, request: OrderRequest | None = None
    ) -> TradeError:
        """Make the error of an answer that says no; `request` is the order it is about, if it is about one."""
        return self.failure_of(answer.payload, answer.status, is_write=is_write, request=request)

    def failure_of(
        self, said: Any, status: int, *, is_write: bool, request: OrderRequest | None = None
    ) -> TradeError:
        """Make the error of a refusal that came with an HTTP status."""
        code, words = read_code(said)
        if code is None:
            return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {status} without a code")
        if code in self.not_now:
            return RetryableError(self.not_now[code], words)
        if code in self.proofs:
            return refused(*self.proofs[code])
        if is_write and (refusal := self.of_write(code, words, request)) is not None:
            return refusal
        if status in _NOT_AUTHORIZED:
            return refused(Refusal.UNAUTHORIZED, _KEY_REFUSED)
        return doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {status}, code {code}: {words[:150]}")


def code_of(answer: HttpAnswer) -> int | None:
    """Return the venue's code of an answer that says no; None where it has none."""
    return None if answer.is_ok else read_code(answer.payload)[0]


def read_code(said: Any) -> tuple[int | None, str]:
    """Read code and words of a refusal, whole or inside another answer."""
    if not isinstance(said, dict):
        return None, ""
    code = said.get("code")
    return (code if isinstance(code, int) else None), str(said.get("msg", ""))


def with_ban(error: RetryableError, now: datetime) -> RetryableError:
    """Complete an error of the venue's door with the wait that only its words tell."""
    found = _BANNED_UNTIL.search(error.detail)
    if error.retry_after_seconds is not None or found is None:
        return error
    until = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))
    return RetryableError(error.code, error.detail, max(-((now - until) // timedelta(seconds=1)), 1))


def refused(refusal: Refusal, why: str) -> PermanentError:
    """Make a refusal with a sentence for the follower."""
    return PermanentError(refusal, f"Binance refused: {why}.")


def in_its_words(words: str) -> str:
    """Return the venue's own words, short enough to be shown."""
    return words[:150].rstrip(".") or "the order is not written as it wants it"
