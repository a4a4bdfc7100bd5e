"""What a hook's body says: a message as the inbox takes it, or an alert of TradingView's as JSON or text.

An alert becomes the text of a message, because there is one reader of signals and it reads text.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from shared.domain.money import to_plain

_TEXT_HEAD: Final = re.compile(r"(secret|time|id)\s*[:=]\s*(\S+)\s*", re.ASCII)
_ACTION: Final = re.compile(r"[A-Za-z][A-Za-z _-]{0,30}", re.ASCII)
_PLAIN: Final = re.compile(r"[A-Za-z0-9.:_/\-!]{1,60}", re.ASCII)
_PRICE: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_MAX_TARGETS: Final = 10


class BadBody(ValueError):
    """Raised with the sentence that tells the sender what cannot be read."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body taken apart, without its secret.

    `message` is set for the inbox's object; otherwise `content` is an alert's text. `alert_id` and `time` where given.
    """

    secret: str = field(default="", repr=False)
    message: Mapping[str, Any] | None = None
    content: str = ""
    alert_id: str = ""
    time: datetime | None = None


def read_body(raw: bytes, *, is_text: bool) -> Body:
    """Take a body apart.

    Raises
    ------
    BadBody
        If it is neither of the two; says what is wrong and repeats nothing of it.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadBody("the body is not UTF-8") from None
    return _text_alert(text) if is_text else _json_body(text)


def _json_body(text: str) -> Body:
    try:
        # Numbers keep the text they came in: no price passes through a float.
        data = json.loads(text, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise BadBody("the body is not JSON") from None
    if not isinstance(data, dict):
        raise BadBody("the body must be one JSON object")
    given = data.pop("secret", "")
    secret = given if isinstance(given, str) else ""
    if "ticker" not in data:
        return Body(secret=secret, message=data, time=_time_of(data.get("posted_at")))
    return Body(secret, None, _alert_content(data), _id_of(data.get("id")), _time_of(data.get("time")))


def _text_alert(text: str) -> Body:
    """Read an alert that is text: lines `secret:`, `time:` and `id:` first, then the message."""
    head: dict[str, str] = {}
    lines = text.splitlines()
    while lines and (found := _TEXT_HEAD.fullmatch(lines[0])) and found[1] not in head:
        head[found[1]] = found[2]
        del lines[0]
    content = "\n".join(lines).strip()
    if not content:
        raise BadBody("the alert says nothing")
    return Body(head.get("secret", ""), None, content, _id_of(head.get("id")), _time_of(head.get("time")))


def _alert_content(data: Mapping[str, Any]) -> str:
    ticker = _field(data, "ticker", _PLAIN)
    action = _field(data, "action", _ACTION)
    # BINANCE:BTCUSDT.P: where it is charted, and that it is perpetual.
    symbol = ticker.rpartition(":")[2]
    if symbol.endswith(".P"):
        symbol = f"{symbol[:-2]} perp"
    lines = [f"{action.upper()} {symbol}"]
    for name, label in (("price", "Entry"), ("stop", "SL")):
        given = data.get(name)
        if given is not None and given != "":
            lines.append(f"{label}: {_price(given, name)}")
    lines += [f"TP{k}: {_price(target, 'targets')}" for k, target in enumerate(_targets(data), start=1)]
    comment = data.get("comment")
    if isinstance(comment, str) and comment.strip():
        lines.append(comment.strip())
    return "\n".join(lines)


def _targets(data: Mapping[str, Any]) -> list[Any]:
    given = data.get("targets")
    if isinstance(given, str):
        given = [part for part in re.split(r"[,;\s]+", given) if part]
    elif isinstance(given, int):
        given = [given]
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > _MAX_TARGETS:
        raise BadBody(f"targets must be a list of at most {_MAX_TARGETS} prices")
    return given


def _field(data: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    given = data.get(name)
    if not isinstance(given, str) or not shape.fullmatch(given.strip()):
        raise BadBody(f"{name} is missing or cannot be read")
    return given.strip()


def _price(given: object, name: str) -> str:
    text = str(given).strip() if isinstance(given, str | int) and not isinstance(given, bool) else ""
    if not _PRICE.fullmatch(text):
        raise BadBody(f"{name} must hold plain numbers")
    return to_plain(Decimal(text))


def _id_of(given: object) -> str:
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    return text if len(text) <= 100 and text.isprintable() else ""


def _time_of(given: object) -> datetime | None:
    if not isinstance(given, str):
        return None
    try:
        moment = datetime.fromisoformat(given)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
