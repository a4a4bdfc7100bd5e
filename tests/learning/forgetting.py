"""Leaves out of the lexicon and the universe what only some messages have taught."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from worker.parsing import instrument, lexicon, symbols, tokens
from worker.parsing.tokens import tokenize

Entry = tuple[str, ...]
_SETS = ("CRYPTO_BASES", "STOCKS", "FOLDABLE", "NOT_SYMBOLS", "COMMON_WORDS", "WORDLIKE", "INDICES")


def entries_in(text: str) -> tuple[set[Entry], set[str]]:
    """Return the entries of the lexicon (a stem with its `*`) and the names of the universe that stand in a text."""
    words = [word for token in tokenize(text) for word in token.key.lstrip("$#").split()]
    found: set[Entry] = set()
    for place, word in enumerate(words):
        for length in range(1, lexicon.LONGEST_PHRASE + 1):
            phrase = tuple(words[place : place + length])
            if len(phrase) == length and phrase in lexicon.PHRASES:
                found.add(phrase)
        found.update((f"{word[:size]}*",) for size in range(1, len(word) + 1) if word[:size] in lexicon.STEMS)
    return found, {word.upper() for word in words} | {
        part for word in words for part in word.upper().split("/")
    }


def only_in(inside: Iterable[str], outside: Iterable[str]) -> tuple[set[Entry], set[str]]:
    """Return the entries and names that stand in the texts `inside` and in none `outside`."""
    sides: dict[bool, tuple[set[Entry], set[str]]] = defaultdict(lambda: (set(), set()))
    for is_inside, texts in ((True, inside), (False, outside)):
        for text in texts:
            entries, names = entries_in(text)
            sides[is_inside][0].update(entries)
            sides[is_inside][1].update(names)
    return sides[True][0] - sides[False][0], sides[True][1] - sides[False][1]


@contextmanager
def forgotten(entries: set[Entry], names: set[str]) -> Iterator[None]:
    """Take entries and names out of the parser while the block runs."""
    phrases = {entry: lexicon.PHRASES.pop(entry) for entry in entries if entry in lexicon.PHRASES}
    stems = {entry[0][:-1] for entry in entries if entry[0].endswith("*")}
    kept_stems = {stem: lexicon.STEMS.pop(stem) for stem in stems if stem in lexicon.STEMS}
    lower = {name.lower() for name in names}
    aliases = {name: symbols.ALIASES.pop(name) for name in lower if name in symbols.ALIASES}
    modules = (symbols, instrument, tokens)
    sets = {(m, name): getattr(m, name) for m in modules for name in _SETS if hasattr(m, name)}
    for (module, name), whole in sets.items():
        setattr(module, name, whole - names)
    try:
        yield
    finally:
        lexicon.PHRASES.update(phrases)
        lexicon.STEMS.update(kept_stems)
        symbols.ALIASES.update(aliases)
        for (module, name), whole in sets.items():
            setattr(module, name, whole)
