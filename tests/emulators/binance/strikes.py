"""What each fault does to a request: at the door, and to an answer."""

import random
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tests.emulators.binance.calls import Call
from tests.emulators.binance.faults import FaultRule
from tests.emulators.binance.http import Answer
from tests.emulators.binance.limits import Limits
from tests.emulators.binance.refusals import OUTCOME_UNKNOWN, OVERLOADED, UNKNOWN_ERROR, Refusal
from tests.emulators.binance.reports import ZERO
from tests.emulators.binance.signing import bad_key

HTML = b"<html><head><title>Just a moment</title></head><body>upstream says hello</body></html>"


class Voice(Protocol):
    """How a venue says something: what was asked for, and no."""

    def say(self, payload: Any) -> bytes:
        """Write the body of an answer."""
        ...

    def say_no(self, refusal: Refusal) -> Answer:
        """Write the answer that refuses."""
        ...


Effect = Callable[[FaultRule, Answer, Any, Voice], Answer]


def at_door(rule: FaultRule, call: Call, limits: Limits, voice: Voice) -> Answer:
    """The answer to a request of which nothing is accepted; refusals are raised."""
    if rule.kind == "drop_before":
        return Answer(0, how="drop")
    if rule.kind in {"hang_before", "hang_all"}:
        return Answer(0, after=rule.length, how="drop")
    if rule.kind == "garbage_before":
        return Answer(200, HTML, content_type="text/html")
    if rule.kind == "rate_limit":
        raise Refusal(
            -1003, "Too many requests queued.", status=429, headers={"Retry-After": f"{rule.length:g}"}
        )
    if rule.kind == "ban":
        limits.ban(call.request.address, call.second, int(rule.length))
        limits.check_ban(call.request.address, call.second)
    if rule.kind == "unauthorized":
        raise bad_key()
    return (
        failed(rule, 503, OVERLOADED, voice)
        if rule.kind == "lookup_down"
        else failed(rule, 500, UNKNOWN_ERROR, voice)
    )


def failed(rule: FaultRule, status: int, said: tuple[int, str], voice: Voice) -> Answer:
    """The answer of a server that fails, with the status and in the form that the rule asks for."""
    status = rule.status or status
    if rule.body == "html":
        return Answer(status, HTML, content_type="text/html")
    return voice.say_no(Refusal(*said, status=status))


def unknown_outcome(voice: Voice) -> Answer:
    """A gateway's timeout."""
    return voice.say_no(Refusal(*OUTCOME_UNKNOWN, status=504))


def _delay(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    answer.after = rule.length
    return answer


def _truncate(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    answer.body = answer.body[: len(answer.body) // 2]
    return answer


def _cut(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    answer.how = "cut"
    return answer


def _acknowledge_only(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    if isinstance(payload, dict) and "executedQty" in payload:
        counted = ("executedQty", "cummulativeQuoteQty", "cumQuote", "cumQty")
        early = {**payload, "status": "NEW", **{name: ZERO for name in counted if name in payload}}
        if "fills" in early:
            early["fills"] = []
        answer.body = voice.say(early)
    answer.after = rule.length
    return answer


def _double(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    if isinstance(payload, list):
        answer.body = voice.say([fill for fill in payload for _ in range(2)])
    return answer


def _shuffle(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    if isinstance(payload, list):
        mixed = list(payload)
        random.Random(rule.seed + rule.struck).shuffle(mixed)
        # Two in order would say nothing.
        answer.body = voice.say(mixed if mixed != payload else mixed[::-1])
    return answer


def _allow_withdrawals(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    if isinstance(payload, dict):
        said = {name: True for name in ("enableWithdrawals", "canWithdraw") if name in payload}
        answer.body = voice.say({**payload, **said})
    return answer


EFFECTS: Mapping[str, Effect] = {
    "accept_then_500": lambda rule, answer, payload, voice: failed(rule, 500, UNKNOWN_ERROR, voice),
    "accept_then_504": lambda rule, answer, payload, voice: unknown_outcome(voice),
    "accept_then_hang": lambda rule, answer, payload, voice: Answer(0, after=rule.length, how="drop"),
    "accept_then_drop": lambda rule, answer, payload, voice: Answer(0, how="drop"),
    "delay": _delay,
    "garbage": lambda rule, answer, payload, voice: Answer(200, HTML, content_type="text/html"),
    "truncated": _truncate,
    "cut_off": _cut,
    "fill_before_ack": _acknowledge_only,
    "double_fills": _double,
    "shuffle_fills": _shuffle,
    "withdraw_permissions": _allow_withdrawals,
}
