"""Receipts: what every gate saw and said, for one signal and one trading bot."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What a gate said; gates after a denial are skipped and shown greyed."""

    PASSED = "passed"
    DENIED = "denied"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate: what it looked at, what it was held against, and its verdict; all as text for people."""

    name: str
    input: str
    threshold: str
    verdict: Verdict


@dataclass(frozen=True)
class Receipt:
    """The whole answer for one follower; `detail` is the sentence that the follower reads."""

    receipt_id: str
    signal_id: str
    trading_bot_id: str
    user_id: str
    account_id: str
    provider_id: str
    source: str
    channel_id: str
    message_id: str
    revision: int
    outcome: Verdict
    code: str
    detail: str
    gates: tuple[GateResult, ...]
    order_ids: tuple[str, ...]
    trade_id: str | None
    at: datetime
