"""Tags the tokens and chunks them into lists of prices and labelled levels.

A tag says what a token is for a trader; a chunk LEVEL is a label with its prices, a LIST is prices
alone. Words that say nothing to the grammar fold into one `W`, which keeps the chunker's input short.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from worker.parsing.dates import merge_month_dates
from worker.parsing.lexicon import COLON_LABELS, GRAMMAR_TAGS, PRICE_LABELS, SIGN_LABELS, lookup, match_phrase
from worker.parsing.numbering import is_place
from worker.parsing.remarks import is_remark
from worker.parsing.spelling import corrected_label, corrected_side
from worker.parsing.strikes import PLURAL_STRIKE, last_right, names_a_right
from worker.parsing.symbols import mark_symbols
from worker.parsing.tokens import Token

MAX_LEAVES = 500

_UNIT_TAGS = {"%": "PCT", "x": "MULT", "pips": "PIPS", "r": "IGN", "big": "IGN", "time": "IGN", "dte": "DTE"}
_JOINERS = frozenset("-~/|&_,;\\👉➡➜▸▶»›•·➤➔")
_INDICATORS = frozenset(
    [
        "ema",
        "sma",
        "ma",
        "vwap",
        "day",
        "days",
        "hour",
        "hours",
        "minute",
        "minutes",
        "min",
        "week",
        "weeks",
        "month",
        "months",
        "members",
        "years",
        "year",
        "dte",
        "candle",
        "pdh",
        "rsi",
        "am",
        "pm",
        "et",
        "est",
        "edt",
    ]
)
# One letter for each tag that the chunks are made of, so that a chunk is a regular expression over a message's
# letters. It is what NLTK's RegexpParser does with `<TAG>` patterns, in one pass over one string.
_LETTERS = {
    "NUM": "n", "PCT": "p", "PIPS": "i", "ORD": "o", "JOIN": "j", "TO": "t", "COL": "c", "W": "w", "TRIG_ABOVE": "u", "TRIG_BELOW": "d",
    "NOW": "m", "LIMIT": "l", "IGN": "g", "ENTRY": "E", "STOP": "S", "TARGET": "T", "BUY": "B", "SELL": "L", "AT": "A",
}  # fmt: skip
_OTHER = "x"
_NUMBERS = frozenset({"NUM", "PCT", "PIPS"})
_LIST = "n(?:[jt]{0,2}n)*"
_PIP_LIST = "i(?:w?[jt]{0,2}i)*"  # the word `pips` stands between
_PERCENT_LIST = "p(?:[jt]{0,2}p)*"
_CHUNK = re.compile(
    rf"(?P<level>[ESTBLA]o?[cjwudmlAg]{{0,5}}(?:{_LIST}|{_PIP_LIST}|{_PERCENT_LIST}))|{_LIST}"
)


@dataclass(frozen=True, slots=True)
class Level:
    """A chunk: its label's tag (empty for bare prices), the numbers, their unit, and what stands between.

    `unit` is NUM for prices, PCT or PIPS.
    """

    label: str
    label_token: Token | None
    numbers: tuple[Token, ...]
    unit: str
    between: tuple[str, ...]

    @property
    def percent(self) -> bool:
        """Whether its numbers are percentages."""
        return self.unit == "PCT"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tagged token outside every chunk."""

    token: Token


Piece = Level | Leaf


def tag_tokens(tokens: list[Token]) -> list[Token]:
    """Return the tokens with instruments, phrases and the kinds of numbers marked by tag and cues."""
    tagged = _tag_words(mark_symbols(merge_month_dates(tokens)))
    _tag_bare_labels(tagged)
    for index, token in enumerate(tagged):
        if token.kind == "NUM" and token.tag != "SYM":
            token.tag = _number_tag(tagged, index)
    _spread_percents(tagged)
    return tagged


def _tag_words(tokens: list[Token]) -> list[Token]:
    tagged: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "DATE" and tagged and tagged[-1].tag == "TARGET" and token.text.count("/") == 1:
            tagged.extend(_as_prices(token))
            index += 1
            continue
        if PLURAL_STRIKE.fullmatch(token.key) and last_right(tagged):
            token.kind, token.unit, token.value = "NUM", last_right(tagged), Decimal(token.key[:-1])
        if token.kind in {"WORD", "HASH"}:
            token, width = _tag_phrase(tokens, index)
        else:
            _tag_sign(token)
            width = 1
        tagged.append(token)
        index += width
    return tagged


def _tag_sign(token: Token) -> None:
    """Tag what is neither a word nor a number."""
    if token.kind == "P":
        token.tag = _punctuation_tag(token)
        if token.key in {"@", "?"}:
            token.cues = match_phrase([token.key])[1]
    elif token.kind in {"NL", "DATE", "OCC", "TIME"}:
        token.tag = token.kind


def _tag_phrase(tokens: list[Token], index: int) -> tuple[Token, int]:
    """Return the longest phrase that the lexicon knows from here on as one token, and how many it is made of."""
    token = tokens[index]
    words, positions = _words_from(tokens, index)
    count, cues = match_phrase(words)
    width = positions[count - 1]
    token.cues = cues
    if width > 1:
        token = _join(tokens[index : index + width], cues)
    if token.symbol is not None and _is_label(tokens, index + width, cues):
        token.symbol = None
    if cues and (token.symbol is None or width > 1):
        token.tag = next((cue for cue in cues if cue in GRAMMAR_TAGS), "W")
    return token, width


def _as_prices(token: Token) -> list[Token]:
    """`TP 9/12` names two targets and no day."""
    left, right = token.text.split("/")
    cut = token.start + len(left)
    return [
        Token("NUM", left, left, token.start, cut, value=Decimal(left)),
        Token("P", "/", "/", cut, cut + 1, tag="JOIN"),
        Token("NUM", right, right, cut + 1, token.end, value=Decimal(right)),
    ]


def _is_label(tokens: list[Token], place: int, cues: tuple[str, ...]) -> bool:
    """A ticker that is also a level's label (`Tgt 13.2`) is the label where a price or a colon follows."""
    if not {"TARGET", "STOP"} & set(cues) or place >= len(tokens):
        return False
    return tokens[place].kind == "NUM" or tokens[place].key in {":", "="}


def _tag_bare_labels(tokens: list[Token]) -> None:
    """Take `Price:`, `Take 1:` and `🎯 1.25` for labels although the word or sign alone says little; mend slips."""
    seen: set[str] = set()
    for index, (token, following) in enumerate(itertools.pairwise(tokens)):
        after = tokens[index + 2] if index + 2 < len(tokens) else None
        numbered = following.kind == "NUM" and following.text.isdigit() and len(following.text) == 1
        has_colon = following.key == ":" or (numbered and after is not None and after.key == ":")
        meant = _role_of_word(token, following, after, seen)
        if has_colon and token.tag == "W" and token.key in COLON_LABELS:
            token.tag = COLON_LABELS[token.key]
        elif meant:
            token.tag, token.cues = meant, (meant,)
        elif token.kind == "WORD" and token.tag in {"W", "MAYBE"} and not token.cues:
            _mend(token, labels=has_colon or following.kind == "NUM")
        seen.add(token.tag)


def _role_of_word(token: Token, following: Token, after: Token | None, seen: set[str]) -> str:
    """Return the label that a sign or a phrase is beside the number that follows it, given the tags before it."""
    signed = following.key in {"+", "-"} and after is not None and after.kind == "NUM" and after.unit == "%"
    if token.key in SIGN_LABELS and (
        signed or (following.kind == "NUM" and following.unit in {"", "k", "%"})
    ):
        return SIGN_LABELS[token.key]
    if following.kind != "NUM" and not (following.tag == "AT" and after is not None and after.kind == "NUM"):
        return ""
    if "STOP" in seen and token.key in PRICE_LABELS:
        return "TARGET"
    if "SELL" in seen:
        return {"cover": "TARGET", "buy stop": "STOP", "buy stop at": "STOP"}.get(token.key, "")
    return {"sell stop": "STOP"}.get(token.key, "") if "BUY" in seen else ""


def _mend(token: Token, *, labels: bool) -> None:
    """Read a mistyped label or side as what was meant."""
    meant = (corrected_label(token.key) if labels else None) or corrected_side(token.key)
    if meant is not None:
        token.symbol = None
        token.key, token.cues = meant, lookup(meant)
        token.tag = next((cue for cue in token.cues if cue in GRAMMAR_TAGS), "W")


def _words_from(tokens: list[Token], start: int) -> tuple[list[str], list[int]]:
    """Return up to five words that follow each other, hyphens dropped, and the width up to each."""
    words, widths = [], []
    for index in range(start, min(start + 9, len(tokens))):
        token = tokens[index]
        if token.kind in {"WORD", "HASH"}:
            words.append(token.key)
            widths.append(index - start + 1)
        elif not (token.kind == "P" and token.key == "-" and token.glued):
            break
    return words, widths


def _join(tokens: list[Token], cues: tuple[str, ...]) -> Token:
    first, last = tokens[0], tokens[-1]
    text = " ".join(token.text for token in tokens if token.kind != "P")
    return Token("WORD", text, text.lower(), first.start, last.end, glued=first.glued, cues=cues)


def _punctuation_tag(token: Token) -> str:
    if token.key in _JOINERS or token.key.startswith("--"):
        return "JOIN"
    if token.key in {":", "=", "→"}:
        return "COL"
    if token.key in {".", "!", "?", "#id"}:
        return "END"
    if token.key == "@":
        return "AT"
    return {"✅": "CHECK", "©": "FOOT"}.get(token.key, "W")


def _number_tag(tokens: list[Token], index: int) -> str:
    token = tokens[index]
    if token.tag == "ORD":
        return "ORD"
    if token.unit in {"c", "p"}:
        return "IGN" if token.value is not None and token.value < 1 else "STRIKE"
    if is_remark(tokens, index):
        return "IGN"
    return _UNIT_TAGS.get(token.unit) or _bare_number_tag(tokens, index)


def _bare_number_tag(tokens: list[Token], index: int) -> str:
    """Return the tag of a number without a unit of its own."""
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    previous = tokens[index - 1] if index else None
    if names_a_right(tokens, index):
        return "STRIKE"
    counted = _counted_tag(token, following)
    if counted:
        return counted
    if _is_identifier(tokens, index):
        return "IGN"
    if _is_year(token, previous):
        token.cues = ("PAST",)
        return "IGN"
    if is_place(tokens, index, previous, following):
        return "ORD"
    if _is_quantity(token, previous, following, tokens[index + 2 : index + 3]):
        return "QTY"
    return "NUM"


def _counted_tag(token: Token, following: Token | None) -> str:
    """Return the tag of a number that counts what the next word names: pips, shares, days."""
    if following is None or following.kind != "WORD":
        return ""
    if following.key in {"pips", "pip", "pts", "points"}:
        return "PIPS"
    if token.currency:
        return ""
    if following.key in _INDICATORS:
        return "IGN"
    return "QTY" if "UNITS" in following.cues else ""


def _is_identifier(tokens: list[Token], index: int) -> bool:
    """`Signal ID: AX-90417` numbers the message."""
    for token in reversed(tokens[max(0, index - 5) : index]):
        if token.tag == "NL":
            return False
        if token.key in {"id", "signal id", "nr", "№"}:
            return True
    return False


def _is_year(token: Token, previous: Token | None) -> bool:
    named = previous is not None and previous.key in {"in", "since", "of", "back in", "from"}
    return named and token.text.isdigit() and len(token.text) == 4 and token.text[:2] in {"19", "20"}


def _is_quantity(token: Token, previous: Token | None, following: Token | None, after: list[Token]) -> bool:
    if previous is None or following is None or not token.text.isdigit() or token.currency:
        return False
    if not {"OPENV", "CLOSE", "SELLING", "BUY", "SELL"} & set(previous.cues):
        return False
    if following.tag in {"SYM", "MAYBE"} or (
        following.kind == "WORD" and following.text.isupper() and not following.glued
    ):
        return following.tag not in {"STOP", "TARGET", "ENTRY"}
    return following.tag == "AT" and bool(after) and after[0].kind == "NUM"


def _spread_percents(tokens: list[Token]) -> None:
    """In `20-30%` the first number is a percentage as well."""
    for number, dash, percent in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if number.tag == "NUM" and dash.key == "-" and dash.glued and percent.tag == "PCT" and percent.glued:
            number.tag = "PCT"


def chunk(tokens: list[Token]) -> list[Piece]:
    """Return the message as levels and single tokens, in order; words without meaning are left out.

    LIST is numbers with at most two joiners between; LEVEL is a label, its place (`TP 2`), up to five small
    things that may stand before the price, and a LIST or one percentage.
    """
    leaves = list(_leaves(tokens))
    letters = "".join(_LETTERS.get(tag, _OTHER) for _, tag in leaves)
    pieces: list[Piece] = []
    done = 0
    for match in _CHUNK.finditer(letters):
        pieces.extend(Leaf(token) for token, _ in leaves[done : match.start()])
        pieces.append(_level(leaves[match.start() : match.end()], labelled=match["level"] is not None))
        done = match.end()
    pieces.extend(Leaf(token) for token, _ in leaves[done:])
    return pieces


def _leaves(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    """Yield (token, tag), folding runs of plain words; a long run becomes a wall no label reaches over."""
    run: list[Token] = []
    for token in tokens:
        if token.tag == "W" and token.kind in {"WORD", "P", "EMOJI", "MENTION", "URL", "CASH", "HASH"}:
            run.append(token)
            continue
        if run:
            yield run[0], "W" if sum(t.kind == "WORD" for t in run) <= 4 else "WALL"
            run = []
        yield token, token.tag
    if run:
        yield run[0], "W"


def _level(leaves: list[tuple[Token, str]], *, labelled: bool) -> Level:
    numbers = tuple(token for token, tag in leaves if tag in _NUMBERS)
    unit = next(tag for _, tag in leaves if tag in _NUMBERS)
    if not labelled:
        return Level("", None, numbers, unit, ())
    first, label = leaves[0]
    return Level(label, first, numbers, unit, tuple(tag for _, tag in leaves[1:] if tag not in _NUMBERS))


def number_of(token: Token) -> Decimal:
    """Return the value of a token that the grammar tagged as a number."""
    assert token.value is not None
    return token.value
