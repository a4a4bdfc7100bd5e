"""Mistyped labels: `Taget 1: 1.985`, `Entery`, `Leverge`, `Shrot`.

Only a word that stands where a label stands, and that the lexicon does not know, is corrected, and only to the few
words every provider uses: elsewhere a near miss is another word.
"""

from functools import lru_cache

from worker.parsing.language_kit import edit_distance

SHORTEST = 5
_LABELS = {
    "target": "target", "targets": "targets", "entry": "entry", "entries": "entries", "stoploss": "stoploss", "takeprofit": "takeprofit",
    "leverage": "leverage",
}  # fmt: skip
_SIDES = ("long", "short")


@lru_cache(maxsize=4096)
def corrected_label(word: str) -> str | None:
    """Return the label that is one slip away from a word, or None."""
    if not SHORTEST <= len(word) <= 12 or not word.isascii():
        return None
    for label in _LABELS:
        if abs(len(label) - len(word)) <= 1 and edit_distance(label, word, transpositions=True) == 1:
            return label
    return None


@lru_cache(maxsize=4096)
def corrected_side(word: str) -> str | None:
    """Return the side whose letters a word has, in another order or doubled: nearer slips are other words."""
    if not 4 <= len(word) <= 7 or not word.isascii():
        return None
    for side in _SIDES:
        if (
            word != side
            and word[0] == side[0]
            and sorted(set(word)) == sorted(side)
            and len(word) <= len(side) + 1
        ):
            return side
    return None
