"""Cuts a message into tokens of the trading language, keeping where each stood in the original.

Fancy letters, full-width and circled digits, zero-width characters and markdown are folded first, so
that everything later sees plain characters; spans always point into the message as it was written.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.instruments import AssetClass
from worker.parsing.language_kit import RegexpTokenizer
from worker.parsing.lexicon import CJK_WORDS
from worker.parsing.universe import ALIASES

MAX_NUMBER_LENGTH = 20
MAX_FOLDED = 20_000
"""Characters whose folding is kept: more than all scripts we read together."""
_CJK = (*CJK_WORDS, *(name for name in ALIASES if "\u4e00" <= name[0] <= "\u9fff"))

# What a single character becomes; the rest goes through NFKC.
_FOLD = {
    "\n": "\n", "\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\t": " ", "*": " ", "`": " ",
    "×": "x", "✕": "x", "‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "−": "-", "➖": "-", "。": ". ", "、": ", ", "，": ", ", "،": ", ", "٫": ".", "٬": ",", "؛": ";", "؟": "?", "⁄": "/", "∕": "/",
    "™": " ", "®": " ", "℠": " ", "\u20e3": ")", "¢": "c", "〜": "~", "～": "~", "☑": "✅", "✔": "✅", "✖": "❌",
}  # fmt: skip
# Traditional characters of the words that we know, as the simplified ones.
_FOLD |= dict(zip("價損進場倉開單標減買賣槓桿點現觸達關觀繼續時區間倍漲輕調設為總結賺虧穩當還這",
                  "价损进场仓开单标减买卖杠杆点现触达关观继续时区间倍涨轻调设为总结赚亏稳当还这", strict=True))  # fmt: skip
_DINGBAT_DIGITS = ((0x2776, 10), (0x2780, 10), (0x278A, 10), (0x2460, 20))
_ASCII_TABLE = {code: " " for code in range(32) if code != 10} | {127: " ", ord("*"): " ", ord("`"): " "}

_NUMBER = r"(?:\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:[.,]\d+)?|\.\d+)"
_UNIT = r"(?:\s?%|(?:[kк]\d?|x|r|[cp]|calls?|puts?|pips?|pts|points|usdt?|usdc|dte|[bmdhw]|bn|mil|mln|hrs?|mins?)(?![a-z0-9])|[ \u00a0]?[$€£₽](?![\w$]))"
_LETTER = r"[a-zA-Z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0750-\u077f]"
_TOKEN = RegexpTokenizer(
    "|".join(
        (
            r"https?://\S+|www\.\S+|t\.me/\S+",
            r"<a?:\w{1,40}:\d{1,25}>|<[@#][!&]?\d{1,25}>|<t:\d{1,15}(?::\w)?>",
            r":[a-zA-Z]\w{2,40}:",
            r"@-?[\w.]{0,3}[^\W\d_]{2}[\w.-]{0,60}",
            r"\.?\b[A-Z]{1,6}\d{6}[CP]\d{1,8}(?:\.\d{1,3})?\b",
            r"20[2-4]\d-[01]\d-[0-3]\d(?!\d)|(?<![\d.,/])\d{1,2}/\d{1,2}(?:/\d{4}|/\d{2})?(?![\d/]|\.\d)",
            r"(?<![\d.,])\d{1,2}\.\d{1,2}\.20\d\d(?!\d)",
            r"(?<![\d.,])\d{1,2}:\d{1,2}(?::\d{2})?(?:\s?[aApP][mM]\b)?(?![\d:]|[.,]\d)",
            rf"[$€£₽]?{_NUMBER}{_UNIT}",
            r"(?<=[@$]\s)\.\s\d\d(?!\d)",
            rf"[$#]?\d+{_LETTER}[a-zA-Z\d]*|[$#]{_LETTER}[a-zA-Z\d]*(?:\.[A-Za-z]{{1,2}}\b)?",
            r"#\d+",
            rf"[$€£₽]?{_NUMBER}(?:e[-+]?\d{{1,4}}\b)?",
            r"\b[bB]/[eE]\b|\b[sS]/[lL]\b|\b[tT]/[pP]\b",
            r"\b[tT][.-][pP]\.?(?![A-Za-z])|\b[sS][.-][lL]\.?(?![A-Za-z])",
            # The look-ahead spares every other character a walk through the words.
            "(?=[\u4e00-\u9fff])(?:" + "|".join(sorted(map(re.escape, _CJK), key=len, reverse=True)) + ")",
            rf"(?:{_LETTER}(?:'{_LETTER})?)+(?:\d+(?!\d*[.,]\d))?{_LETTER}*",
            r"[^\W\d_]",
            r"\n",
            r"[.]{2,}|[-=_]{2,}",
            r"\S",
        )
    ),
    flags=re.UNICODE | re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}|0,\d+|\d+,\d{4,}")
_THREE_AFTER_COMMA = re.compile(r"\d{1,3},\d{3}")
_POINTS_AND_COMMA = re.compile(r"\d{1,3}(?:\.\d{3})+,\d{1,2}")
_THREE_AFTER_POINT = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_SPACED_THOUSANDS = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_NUMERIC = re.compile(
    rf"(?P<cur>[$€£₽]?)(?P<num>{_NUMBER})(?P<exp>e[-+]?\d+)?(?P<unit>.*)", re.IGNORECASE | re.DOTALL
)
_CUT_LABEL = re.compile(r"(?i)(sl|stop|stoploss|tp|entry|target|pt|cmp|вход|стоп|тп)(\d+)")
_DOTTED = {"t.p": "tp", "s.l": "sl", "t-p": "tp", "s-l": "sl"}
_MULTIPLE = re.compile(r"(?i)x\d{1,3}")
_OCC = re.compile(r"\.?[A-Z]{1,6}\d{6}[CP]\d{1,8}(?:\.\d{1,3})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Symbol:
    """An instrument that a token names; `strength` grows from 1 (a guess) to 5 (a quoted pair)."""

    name: str
    asset_class: AssetClass | None
    strength: int


@dataclass(slots=True)
class Token:
    """One token: its `kind`, folded `key`, and its place `[start, end)` in the original message.

    Kinds: NUM DATE TIME OCC WORD CASH HASH MENTION URL EMOJI NL P. `unit` of a number is one of
    "", "%", "x", "k", "r", "c", "p", "pips", "dte", "big" (millions and billions) or "time".
    """

    kind: str
    text: str
    key: str
    start: int
    end: int
    value: Decimal | None = None
    unit: str = ""
    currency: bool = False
    glued: bool = False
    tag: str = "W"
    cues: tuple[str, ...] = ()
    symbol: Symbol | None = None


class _Folding(dict[str, str]):
    """What each character becomes, worked out when it is first met."""

    def __missing__(self, character: str) -> str:
        folded = character.translate(_ASCII_TABLE) if character.isascii() else _fold_character(character)
        if len(self) < MAX_FOLDED:
            self[character] = folded
        return folded


_folding = _Folding()


def _fold_character(character: str) -> str:
    if character in _FOLD:
        return _FOLD[character]
    code = ord(character)
    for first, count in _DINGBAT_DIGITS:
        if first <= code < first + count:
            return f"{code - first + 1})"
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me", "Cn", "Co", "Cs"} and not 0x064B <= code <= 0x0652:
        return ""
    if category == "Mn":  # Arabic vowel marks carry no meaning here
        return ""
    if category in {"Cc", "Zs"}:
        return " "
    if category == "Pd":
        return "-"
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return unicodedata.normalize("NFKC", character)


def normalise(text: str) -> tuple[str, list[int] | range]:
    """Return the folded text and, for each of its characters, the index of the original one."""
    if text.isascii():
        return text.translate(_ASCII_TABLE).replace("__", "  ").replace("~~", "  "), range(len(text) + 1)
    text = _SPACED_THOUSANDS.sub(",", text)
    pieces = [_folding[character] for character in text]
    plain = "".join(pieces).replace("__", "  ").replace("~~", "  ")
    if len(plain) == len(text) and all(pieces):
        return plain, range(len(text) + 1)
    offsets = [index for index, piece in enumerate(pieces) for _ in piece]
    offsets.append(len(text))
    return plain, offsets


def tokenize(text: str) -> list[Token]:
    """Cut a message into tokens; every character that means something belongs to exactly one."""
    plain, offsets = normalise(text)
    tokens: list[Token] = []
    previous_end = 0
    for start, end in _TOKEN.span_tokenize(plain):
        piece = plain[start:end]
        origin = offsets[start], offsets[end - 1] + 1
        glued = start == previous_end
        previous_end = end
        for token in _classify(piece, origin[0], origin[1], tokens[-1] if tokens else None):
            token.glued = glued
            glued = True
            tokens.append(token)
    _read_decimal_commas(tokens)
    return tokens


def _read_decimal_commas(tokens: list[Token]) -> None:
    """Where other numbers of the message have a decimal comma, `1,082` is no thousand."""
    texts = [
        token.text.strip("$€£₽% ") for token in tokens if token.kind == "NUM" and token.unit in {"", "%"}
    ]
    if any(_POINTS_AND_COMMA.fullmatch(text) for text in texts):
        _group_by_points(tokens)
    if not any(_DECIMAL_COMMA.fullmatch(text) for text in texts) or any("." in text for text in texts):
        return
    for token in tokens:
        text = token.text.strip("$€£₽ ")
        if token.kind == "NUM" and token.unit == "" and _THREE_AFTER_COMMA.fullmatch(text):
            token.value = Decimal(text.replace(",", "."))


def _group_by_points(tokens: list[Token]) -> None:
    """Beside a `4.128,50` a `4.140` is no 4.14."""
    for token in tokens:
        text = token.text.strip("$€£₽ ")
        if token.kind == "NUM" and token.unit == "" and _THREE_AFTER_POINT.fullmatch(text):
            token.value = Decimal(text.replace(".", ""))


def _classify(piece: str, start: int, end: int, previous: Token | None) -> list[Token]:
    first = piece[0]
    if first == "\n":
        return [Token("NL", piece, "\n", start, end)]
    if first in "0123456789" or (first in "$€£₽.#" and len(piece) > 1):
        return _classify_number(piece, start, end, previous)
    if (len(piece) == 1 and not first.isalpha()) or first in "-=_":
        return [Token("P", piece, piece, start, end)]
    if first == "@":
        return [Token("MENTION", piece, piece.lower(), start, end)]
    if first == "<" or (first == ":" and len(piece) > 2):
        return [Token("EMOJI", piece, piece, start, end)]
    if "/" in piece and len(piece) > 3:
        return [Token("URL", piece, "", start, end)]
    if _OCC.fullmatch(piece):
        return [Token("OCC", piece, piece.upper().lstrip("."), start, end)]
    if _MULTIPLE.fullmatch(piece):
        return [Token("NUM", piece, piece, start, end, value=Decimal(piece[1:]), unit="x")]
    glued_label = _CUT_LABEL.fullmatch(piece)
    if glued_label:
        return _split_label(glued_label, start, end)
    word = piece.lower().replace("ё", "е")
    return [Token("WORD", piece, _DOTTED.get(word.rstrip("."), word), start, end)]


def _split_label(match: re.Match[str], start: int, end: int) -> list[Token]:
    """Cut `TP1` and `SL65000` into the label and its number; a short number is the level's place."""
    word, digits = match.group(1), match.group(2)[:MAX_NUMBER_LENGTH]
    cut = min(start + len(word), end)
    number = Token("NUM", digits, digits, cut, end, value=Decimal(digits))
    if len(digits) <= 2:
        number.tag = "ORD"
    return [Token("WORD", word, word.lower(), start, cut), number]


def _classify_number(piece: str, start: int, end: int, previous: Token | None) -> list[Token]:
    first = piece[0]
    if first == "#" and piece[1:].isdigit():
        return [Token("P", piece, "#id", start, end)]
    hashed_label = _CUT_LABEL.fullmatch(piece[1:]) if first == "#" else None
    if hashed_label:
        return _split_label(hashed_label, start + 1, end)
    if first in "$#" and any(c.isalpha() for c in piece) and not _NUMERIC_START.match(piece):
        return [Token("CASH" if first == "$" else "HASH", piece, piece[1:].lower(), start, end)]
    if first == "." and _OCC.fullmatch(piece):
        return [Token("OCC", piece, piece.upper().lstrip("."), start, end)]
    if first == "." and not piece[1:].strip()[:1].isdigit():
        return [Token("P", piece, "..", start, end)]
    if (
        "/" in piece
        or (piece.count("-") == 2 and len(piece) == 10)
        or (piece.count(".") == 2 and "," not in piece)
    ):
        return _classify_date(piece, start, end)
    if ":" in piece:
        return _classify_ratio(piece, start, end, previous)
    return [_number(piece.replace(". ", "."), start, end)]


_NUMERIC_START = re.compile(rf"[$€£₽]?{_NUMBER}(?:{_UNIT}|$)", re.IGNORECASE)


def _number(piece: str, start: int, end: int) -> Token:
    match = _NUMERIC.fullmatch(piece)
    if match is None:
        return Token("P", piece, piece, start, end)
    unit = match["unit"].strip().lower()
    if len(piece) > MAX_NUMBER_LENGTH or match["exp"]:
        return Token("P", piece, "#huge", start, end)
    if unit and not re.fullmatch(_UNIT.strip(), unit, re.IGNORECASE):
        return Token("WORD", piece, piece.lower(), start, end)
    token = Token("NUM", piece, piece.lower(), start, end, value=_decimal(match["num"]))
    token.currency = bool(match["cur"]) or unit in {"$", "€", "£", "₽", "usd", "usdt", "usdc"}
    token.unit = _UNITS.get(unit, unit)
    if unit[:1] in {"k", "к"} and token.value is not None:
        token.unit = "k"
        token.value = token.value * 1000 + (Decimal(unit[1:]) * 100 if unit[1:] else 0)
    return token


_UNITS = {
    "$": "", "€": "", "£": "", "₽": "", "usd": "", "usdt": "", "usdc": "", "pip": "pips", "pips": "pips", "pts": "pips", "points": "pips",
    "call": "c", "calls": "c", "put": "p", "puts": "p", "b": "big", "bn": "big", "m": "big", "mil": "big", "mln": "big",
    "d": "time", "h": "time", "w": "time", "hr": "time", "hrs": "time", "min": "time", "mins": "time",
}  # fmt: skip


def _decimal(digits: str) -> Decimal:
    """Read `1,234.5`, `1.234,5`, `0,138` and `.45`; a comma before three digits groups thousands."""
    if "." in digits and "," in digits:
        decimal_point = max(digits.rfind("."), digits.rfind(","))
        whole = re.sub(r"[.,]", "", digits[:decimal_point])
        return Decimal(f"{whole}.{digits[decimal_point + 1 :]}")
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", digits):
        return Decimal(digits.replace(",", ""))
    return Decimal(digits.replace(",", "."))


def _classify_date(piece: str, start: int, end: int) -> list[Token]:
    parts = re.split(r"[/.-]", piece)
    if len(parts) == 2 and not (1 <= int(parts[0]) <= 12 and 1 <= int(parts[1]) <= 31):
        cut = start + len(parts[0])
        return [
            Token("NUM", parts[0], parts[0], start, cut, value=Decimal(parts[0])),
            Token("P", "/", "/", cut, cut + 1),
            Token("NUM", parts[1], parts[1], cut + 1, end, value=Decimal(parts[1])),
        ]
    return [Token("DATE", piece, piece, start, end)]


def _classify_ratio(piece: str, start: int, end: int, previous: Token | None) -> list[Token]:
    """`1:2` is a ratio or a time, but right after a level's label it is its place and its price."""
    left, _, right = piece.partition(":")
    if (
        previous is not None
        and previous.kind == "WORD"
        and left.isdigit()
        and right.isdigit()
        and len(right) > 1
    ):
        cut = start + len(left)
        return [
            Token("NUM", left, left, start, cut, value=Decimal(left)),
            Token("P", ":", ":", cut, cut + 1),
            Token("NUM", right, right, cut + 1, end, value=Decimal(right)),
        ]
    return [Token("TIME", piece, piece, start, end)]
