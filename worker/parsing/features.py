"""What the intent classifier sees of a message: which kinds of words stand in it, beside what, and what they hold.

No word itself is a feature, only what the lexicon says of it, so that weights learnt from some providers and
languages serve the next ones too.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from worker.parsing.classifier import has_labelled_levels, lines_of, tells_result
from worker.parsing.facts import Facts
from worker.parsing.tokens import Token

HEAD = 4
SILENT_TAGS = frozenset({"W", "NL"})
BUCKETS = (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)


def features_of(facts: Facts) -> frozenset[str]:
    """Return the names of the features that hold for a message; every one is there or not."""
    tokens = [token for token in facts.tokens if token.kind != "NL"]
    return frozenset((*_words(tokens), *_shape(facts, tokens), *_levels(facts), *_verdicts(facts)))


def kinds_of(token: Token) -> tuple[str, ...]:
    """Return what a token is for a trader: its tag and cues, or its form."""
    tag = () if token.tag in SILENT_TAGS else (token.tag,)
    return tuple(dict.fromkeys((*tag, *token.cues))) or (("word",) if token.kind == "WORD" else (token.kind,))


def _words(tokens: list[Token]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for place, token in enumerate(tokens):
        kinds = kinds_of(token)
        seen.update(kinds)
        if place < HEAD:
            yield from (f"head {kind}" for kind in kinds)
        if place == 0:
            yield from (f"first {kind}" for kind in kinds)
    yield from (f"has {kind}" for kind in seen)
    yield from (f"many {kind}" for kind, count in seen.items() if count > 1)
    for first, second in pairwise(tokens):
        yield from (f"{kind} then {other}" for kind in kinds_of(first) for other in kinds_of(second))


def _shape(facts: Facts, tokens: list[Token]) -> Iterator[str]:
    lines = sum(bool(line) for line in lines_of(facts.tokens))
    plain = sum(token.kind == "WORD" and not token.cues and token.tag == "W" for token in tokens)
    symbols = {
        token.symbol.name for token in tokens if token.symbol is not None and token.symbol.strength > 1
    }
    yield f"tokens ≥ {_bucket(len(tokens))}"
    yield f"lines ≥ {_bucket(lines)}"
    yield f"plain words ≥ {_bucket(plain)}"
    yield f"plain words, tenths {10 * plain // max(1, len(tokens))}"
    yield f"symbols {min(len(symbols), 3)}"
    yield f"contracts {min(len({found.contract for found in facts.contracts}), 2)}"
    yield f"numbers ≥ {_bucket(sum(token.kind == 'NUM' for token in tokens))}"
    yield f"symbol strength {facts.chosen.strength if facts.chosen is not None else 0}"


def _levels(facts: Facts) -> Iterator[str]:
    fields = facts.fields
    targets = len(fields.targets) + len(fields.target_percents) + len(fields.target_pips)
    entries = len(fields.entry())
    yield f"stop {fields.has_stop}, targets {min(targets, 2)}, entries {min(entries, 2)}"
    yield f"sides {len({side for side, _ in fields.sides})}"
    yield from (
        name
        for name, holds in (
            ("labelled entry", bool(fields.labelled)),
            ("entry beside the side", bool(fields.beside_side)),
            ("entry after @", bool(fields.at)),
            ("loose numbers", bool(fields.loose)),
            ("now", fields.now),
            ("limit", fields.limit),
            ("trigger", fields.trigger is not None),
            ("leverage", fields.leverage is not None),
            ("size", fields.size is not None or fields.risk is not None),
            ("target marked", fields.targets_marked > 0),
            ("stop marked", fields.stop_marked),
            ("whole order", has_labelled_levels(fields)),
            ("tells a result", tells_result(facts.tokens)),
        )
        if holds
    )


def _verdicts(facts: Facts) -> Iterator[str]:
    commands = facts.commands
    if commands.report is not None:
        yield f"reports {commands.report}"
    for place, command in enumerate(commands.commands[:2]):
        yield f"command {place} {command.kind}"
    yield f"commands {min(len(commands.commands), 3)}"


def _bucket(count: int) -> int:
    return max(edge for edge in BUCKETS if edge <= count)
