"""What a provider's messages leave unsaid: the quote currency, the market, the language and the scale of prices.

Learnt from what was posted before, or set by hand; shown to the people who follow.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.instruments import AssetClass
from shared.domain.signals import Signal


@dataclass(frozen=True, slots=True)
class Habit:
    """What `count` of the last `of` posts that say it agree on; by hand, both are zero and no post changes it."""

    value: str
    count: int = 0
    of: int = 0
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """A provider's habits; none where too little was posted to tell.

    `scales` holds, by symbol, the power of ten by which posted prices are below the market's (3: `64.5` means 64500).
    """

    quote: Habit | None = None
    asset_class: Habit | None = None
    language: Habit | None = None
    scales: dict[str, int] = field(default_factory=dict)
    posts: int = 0
    learnt_at: datetime | None = None

    @property
    def default_quote(self) -> str | None:
        """The quote currency of a coin that is named alone."""
        return self.quote.value if self.quote is not None else None

    @property
    def default_class(self) -> AssetClass | None:
        """The market of a name that may be a coin or a stock."""
        return AssetClass(self.asset_class.value) if self.asset_class is not None else None


def keep_what_is_set(learnt: ProviderProfile, before: ProviderProfile | None) -> ProviderProfile:
    """Return what was learnt, with the habits that people have set by hand left as they are."""
    if before is None:
        return learnt

    def settled(new: Habit | None, old: Habit | None) -> Habit | None:
        return old if old is not None and old.by_hand else new

    return replace(
        learnt,
        quote=settled(learnt.quote, before.quote),
        asset_class=settled(learnt.asset_class, before.asset_class),
        language=settled(learnt.language, before.language),
    )


def rescaled(signal: Signal, power: int) -> Signal:
    """Return the signal with every price times ten to the `power`; its commands in `also` too."""
    if not power:
        return signal

    def moved(price: Decimal | None) -> Decimal | None:
        return price.scaleb(power) if price is not None else None

    return replace(
        signal,
        entry=tuple(price.scaleb(power) for price in signal.entry),
        stop_loss=moved(signal.stop_loss),
        take_profits=tuple(price.scaleb(power) for price in signal.take_profits),
        exit_price=moved(signal.exit_price),
        also=tuple(rescaled(other, power) for other in signal.also),
    )
