"""Learns a provider's habits from earlier posts: what is usually meant where a message does not say it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.instruments import AssetClass
from shared.domain.profiles import Habit, ProviderProfile
from shared.domain.signals import Action, Signal

FEWEST = 5
"""Posts that must say a thing before it counts as a habit."""

AGREEMENT = Decimal("0.8")
"""Share of them that must agree."""

SCALE_FEWEST = 3
SAME_SCALE = Decimal("0.35")
"""How far (as a share) a price may be from a power of ten times the market's and still be of that scale."""

# The shortest words of each language that trading English does not use; one script is a language by itself.
_LANGUAGE_WORDS = {
    "en": "the and at is are with we this your from on for of".split(),
    "de": "der die das und ist bei mit wir ich auf den ein nicht von zum".split(),
    "fr": "le la les des et est avec nous sur au une pas pour du vous".split(),
    "es": "el los las en con una para por del que se al está".split(),
    "pt": "os uma com em para não do da no na".split(),
    "it": "il gli con una per del che di non sono".split(),
}
_SCRIPTS = (("ru", "\u0400", "\u04ff"), ("zh", "\u4e00", "\u9fff"), ("ar", "\u0600", "\u06ff"))


@dataclass(frozen=True, slots=True)
class Post:
    """A message of a provider and the order that was read from it, if any."""

    text: str
    signal: Signal | None


def learn_profile(posts: Sequence[Post], market: Mapping[str, Decimal], now: datetime) -> ProviderProfile:
    """Return the habits that the posts show; `market` holds known prices by symbol, for the scale."""
    opens = [
        post
        for post in posts
        if post.signal is not None and post.signal.action is Action.OPEN and not post.signal.doubt
    ]
    classes = Counter(
        str(post.signal.asset_class) for post in opens if post.signal and post.signal.asset_class
    )
    return ProviderProfile(
        quote=_habit(Counter(quote for post in opens if (quote := _written_quote(post)))),
        asset_class=_habit(classes),
        language=_habit(Counter(name for post in posts if (name := language_of(post.text)))),
        scales=_scales((post.signal for post in opens if post.signal), market),
        posts=len(posts),
        learnt_at=now,
    )


def language_of(text: str) -> str | None:
    """Return the language that a text is written in (ISO 639-1), or none where it is only names and numbers."""
    letters = [character for character in text if character.isalpha()]
    for name, first, last in _SCRIPTS:
        if letters and sum(first <= character <= last for character in letters) * 3 > len(letters):
            return name
    words = Counter(text.lower().split())
    found = {name: sum(words[word] for word in known) for name, known in _LANGUAGE_WORDS.items()}
    best = max(found, key=lambda name: found[name])
    return best if found[best] else None


def _habit(seen: Counter[str]) -> Habit | None:
    total = seen.total()
    if total < FEWEST:
        return None
    value, count = seen.most_common(1)[0]
    return Habit(value, count, total) if count >= AGREEMENT * total else None


def _written_quote(post: Post) -> str | None:
    """Return the quote currency of a coin where the message spells it out; a default teaches nothing."""
    signal = post.signal
    if signal is None or signal.asset_class is not AssetClass.CRYPTO or signal.symbol is None:
        return None
    quote = signal.symbol.partition("/")[2]
    named = (post.text[span.start : span.end].upper() for span in signal.spans if span.role == "symbol")
    return quote if quote and any(quote in name for name in named) else None


def _scales(signals: Iterable[Signal], market: Mapping[str, Decimal]) -> dict[str, int]:
    found: dict[str, list[int | None]] = defaultdict(list)
    for signal in signals:
        price = market.get(signal.symbol or "")
        posted = signal.entry[0] if signal.entry else signal.stop_loss
        if price and posted:
            found[signal.symbol or ""].append(_power(price / posted))
    scales = {}
    for symbol, powers in found.items():
        power = powers[0]
        if power and len(powers) >= SCALE_FEWEST and all(other == power for other in powers):
            scales[symbol] = power
    return scales


def _power(ratio: Decimal) -> int | None:
    """Return the power of ten that a ratio nearly is."""
    power = int(ratio.log10().to_integral_value())
    return power if abs(ratio.scaleb(-power) - 1) <= SAME_SCALE else None
