"""Reference positions, candles and sayings for tests, each changed by name where a test needs it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.instruments import Instrument
from shared.domain.reference import MinuteCandle, Opening, ReferencePosition, open_reference
from shared.domain.reference_prices import see_until
from shared.domain.reference_updates import Saying, SayingKind
from shared.domain.signals import Action, Signal, UpdateKind
from tests.unit.shared.domain.builders import NOW, SYMBOL, make_instrument, make_signal

Bar = tuple[int | str, int | str, int | str, int | str]


def minute(number: int) -> datetime:
    """The n-th minute after the post, which is minute 0."""
    return NOW + timedelta(minutes=number)


def make_opening(message_id: str = "message", **changes: Any) -> Opening:
    """A message of the provider's in its channel, posted at `NOW`."""
    values: dict[str, Any] = {
        "provider_id": "provider",
        "signal_id": f"signal-of-{message_id}",
        "source": "discord",
        "channel_id": "channel",
        "message_id": message_id,
        "posted_at": NOW,
        "content_key": "content",
        "venue": "paper",
        "environment": "paper",
        "symbol": SYMBOL,
    }
    return Opening(**{**values, **changes})


def make_reference(
    signal: Signal | None = None,
    opening: Opening | None = None,
    instrument: Instrument | None = None,
    **changes: Any,
) -> ReferencePosition:
    """A buy at market with its stop at 95, not followed yet."""
    said = make_signal(**changes) if signal is None else signal
    return open_reference(said, opening or make_opening(), instrument or make_instrument())


def bars(*given: Bar | int | str, start: int = 0) -> list[MinuteCandle]:
    """Candles minute by minute: (open, high, low, close), or one price that stood still."""
    candles = []
    for number, bar in enumerate(given):
        listed = bar if isinstance(bar, tuple) else (bar,) * 4
        candles.append(MinuteCandle(minute(start + number), *(Decimal(price) for price in listed)))
    return candles


def seen(position: ReferencePosition, candles: Sequence[MinuteCandle]) -> ReferencePosition:
    """Lead a position to the last of the candles."""
    return see_until(position, candles, candles[-1].minute)


def say(kind: UpdateKind, at: int, saying_id: str = "", **changes: Any) -> Saying:
    """A reply to the opening message, half a minute into the n-th minute."""
    values: dict[str, Any] = {
        "saying_id": saying_id or f"{kind}-{at}",
        "kind": SayingKind.COMMAND,
        "at": minute(at) + timedelta(seconds=30),
        "source": "discord",
        "channel_id": "channel",
        "message_id": f"update-{at}",
        "reply_to": "message",
    }
    saying = {name: changes.pop(name) for name in list(changes) if name in Saying.__slots__}
    signal = make_signal(action=Action.UPDATE, update_kind=kind, **{"stop_loss": None, **changes})
    return Saying(**{**values, "signal": signal, **saying})
