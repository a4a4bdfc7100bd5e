"""What each fault does to a request at the emulated Alpaca; the rules that pick requests are every venue's."""

import asyncio
import json
import random
from typing import Any

from aiohttp import web

from tests.emulators.alpaca.orders import Refused
from tests.emulators.binance.faults import FaultRule

HTML = "<html><head><title>Just a moment</title></head><body>upstream says hello</body></html>"
_REFUSALS = {
    "rate_limit": (429, 42910000, "too many requests."),
    "unauthorized": (401, 40110000, "request is not authorized"),
    "server_error": (500, 50010000, "internal server error"),
    "lookup_down": (503, 50310000, "service unavailable"),
}
_UNKNOWN = {
    "accept_then_500": (500, 50010000, "internal server error"),
    "accept_then_504": (504, None, "gateway timeout"),
}


async def at_door(rule: FaultRule, request: web.Request) -> web.StreamResponse:
    """Answer a request of which nothing is accepted; raises Refused."""
    if rule.kind in {"hang_before", "hang_all"}:
        await asyncio.sleep(rule.length)
    if rule.kind in {"drop_before", "hang_before", "hang_all"}:
        return drop(request)
    if rule.kind == "garbage_before":
        return garbage()
    status, code, words = _REFUSALS[rule.kind]
    raise Refused(rule.status or status, code, words)


async def at_answer(rule: FaultRule, request: web.Request, answer: Any) -> web.StreamResponse:
    """Spoil the answer to a request that was done."""
    if rule.kind in _UNKNOWN:
        status, code, words = _UNKNOWN[rule.kind]
        return refused(Refused(rule.status or status, code, words))
    if rule.kind in {"accept_then_hang", "delay", "fill_before_ack"}:
        await asyncio.sleep(rule.length)
    if rule.kind in {"accept_then_drop", "accept_then_hang"}:
        return drop(request)
    if rule.kind == "garbage":
        return garbage()
    if rule.kind in {"truncated", "cut_off"}:
        return await _cut(request, answer, keeps_length=rule.kind == "cut_off")
    if rule.kind == "double_fills" and isinstance(answer, list):
        answer = [fill for fill in answer for _ in range(2)]
    if rule.kind == "shuffle_fills" and isinstance(answer, list):
        mixed = list(answer)
        random.Random(rule.seed + rule.struck).shuffle(mixed)
        answer = mixed if mixed != answer else mixed[::-1]
    return respond(answer)


def respond(answer: Any) -> web.Response:
    """Answer well."""
    return web.Response(status=204) if answer is None else web.json_response(answer)


def refused(refusal: Refused, headers: dict[str, str] | None = None) -> web.Response:
    """Answer no."""
    return web.json_response(refusal.public(), status=refusal.status, headers=headers)


def garbage() -> web.Response:
    """Answer with what is no JSON."""
    return web.Response(text=HTML, content_type="text/html")


def drop(request: web.Request) -> web.Response:
    """Close the connection without a byte."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut(request: web.Request, answer: Any, *, keeps_length: bool) -> web.StreamResponse:
    """Send half of an answer: as if it were the whole, or with the length that the whole would have."""
    whole = json.dumps(answer).encode()
    half = whole[: len(whole) // 2]
    if not keeps_length:
        return web.Response(body=half, content_type="application/json")
    response = web.StreamResponse(headers={"Content-Length": str(len(whole))})
    response.content_type = "application/json"
    await response.prepare(request)
    await response.write(half)
    if request.transport is not None:
        request.transport.close()
    return response
