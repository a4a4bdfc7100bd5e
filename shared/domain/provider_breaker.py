"""When what a provider says is no longer followed by itself: far too many signals at once, or far too much lost.

A channel that floods has been taken over or has lost its wits; a provider that loses so much in a day is having a day on
which nobody should go on entering. Either puts the provider into REDUCING. A community's providers are looked at
together as well, with wider limits. Leaving is the owner's or an operator's, and once a day is enough.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from shared.domain.money import ZERO

SIGNALS_WITHIN = timedelta(minutes=10)
LOSS_WITHIN = timedelta(hours=24)
COMMUNITY_FACTOR = 3
"""A community may say and lose so many times what one provider may."""


@dataclass(frozen=True, slots=True)
class SpeechLimits:
    """What a provider may do within the spans above; zero is no limit. `loss_r` is in multiples of the signals' risk."""

    signals: int
    loss_r: Decimal

    @property
    def of_community(self) -> "SpeechLimits":
        """The limits of all providers of a community together."""
        return SpeechLimits(self.signals * COMMUNITY_FACTOR, self.loss_r * COMMUNITY_FACTOR)


@dataclass(frozen=True, slots=True)
class Speech:
    """What was said lately: new signals, and what the reference positions that closed have brought, in R."""

    signals: int = 0
    result_r: Decimal = ZERO

    def __add__(self, other: "Speech") -> "Speech":
        return Speech(self.signals + other.signals, self.result_r + other.result_r)


def breach_of(speech: Speech, limits: SpeechLimits, whose: str) -> str | None:
    """Return the sentence for everybody whom a breaker stops, None where nothing is beyond its limit."""
    if limits.signals and speech.signals > limits.signals:
        minutes = int(SIGNALS_WITHIN.total_seconds() // 60)
        return f"{whose} posted {speech.signals} signals within {minutes} minutes; at most {limits.signals} are followed"
    if limits.loss_r and speech.result_r <= -limits.loss_r:
        hours = int(LOSS_WITHIN.total_seconds() // 3600)
        return f"{whose} lost {-speech.result_r:.1f} R within {hours} hours; the limit is {limits.loss_r} R"
    return None
