"""A provider's habits in words: what fills in what a message leaves unsaid."""

from shared.domain.profiles import Habit, ProviderProfile

LANGUAGES = {
    "en": "English",
    "ru": "Russian",
    "zh": "Chinese",
    "de": "German",
    "ar": "Arabic",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "it": "Italian",
}


def describe_profile(profile: ProviderProfile | None) -> str:
    """Write the habits as one line with the evidence for each; empty while nothing is known."""
    if profile is None:
        return ""
    language = profile.language
    parts = [
        _said(profile.asset_class, "market {}"),
        _said(profile.quote, "quotes in {}"),
        _said(language, f"writes {LANGUAGES.get(language.value, language.value)}") if language else "",
        *(
            f"{symbol} prices × {10**power if power > 0 else f'1/{10**-power}'}"
            for symbol, power in sorted(profile.scales.items())
        ),
    ]
    return " · ".join(part for part in parts if part)


def _said(habit: Habit | None, words: str) -> str:
    if habit is None:
        return ""
    evidence = "set by hand" if habit.by_hand else f"{habit.count} of {habit.of}"
    return f"{words.format(habit.value)} ({evidence})"
