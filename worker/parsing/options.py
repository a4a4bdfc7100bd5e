"""Finds option contracts: an underlying, a strike with its right, and an expiry if one is written."""

import re
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.instruments import OptionContract
from worker.parsing.dates import read_date
from worker.parsing.strikes import RIGHT_BEFORE
from worker.parsing.tokens import Token
from worker.parsing.universe import ALIASES

SHARES = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4"})
REACH = 9
LABELLED_REACH = 25

_OCC = re.compile(r"([A-Z]{1,6})(\d{2})(\d{2})(\d{2})([CP])(\d{1,8}(?:\.\d{1,3})?)")
_UPPER = re.compile(r"[A-Z]{1,6}")
_VERBS = frozenset(
    [
        "BTO",
        "STC",
        "STO",
        "BTC",
        "BUY",
        "SELL",
        "LONG",
        "SHORT",
        "OPEN",
        "CLOSE",
        "IN",
        "ENTRY",
        "EXIT",
        "ALERT",
        "LOTTO",
        "WEEKLY",
        "TRIM",
        "OUT",
        "AVG",
        "PT",
        "SL",
        "TP",
        "SOLD",
        "ADD",
    ]
)


@dataclass(frozen=True, slots=True)
class FoundContract:
    """A contract and where it stood: indices of its first and last token, and the tokens it used."""

    contract: OptionContract
    first: int
    last: int
    tokens: tuple[Token, ...]


def find_contracts(tokens: list[Token]) -> list[FoundContract]:
    """Return the option contracts in order; one without an underlying is left out."""
    found: list[FoundContract] = []
    for index, token in enumerate(tokens):
        if token.kind == "OCC":
            contract = _from_occ(token)
            if contract is not None:
                found.append(FoundContract(contract, index, index, (token,)))
        elif token.tag == "STRIKE" or _is_reversed(tokens, index):
            spelled = _from_words(tokens, index)
            if spelled is not None:
                found.append(spelled)
    return found


def _from_occ(token: Token) -> OptionContract | None:
    match = _OCC.fullmatch(token.key)
    if match is None:
        return None
    underlying, year, month, day, right, digits = match.groups()
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    strike = Decimal(digits) / 1000 if len(digits) == 8 else Decimal(digits)
    return OptionContract(underlying, f"20{year}-{month}-{day}", strike, right)


def _is_reversed(tokens: list[Token], index: int) -> bool:
    """`CALL 3200`: the right stands before a bare number that no other right claims."""
    if tokens[index].tag != "NUM" or tokens[index].currency or index == 0:
        return False
    right = tokens[index - 1]
    if right.tag not in {"CALL", "PUT"} or right.key.endswith("s"):
        return False
    return not any(token.tag == "STRIKE" for token in tokens[max(0, index - 4) : index])


def _from_words(tokens: list[Token], index: int) -> FoundContract | None:
    right, last = _right(tokens, index)
    underlying = _underlying(tokens, index)
    if right is None or underlying is None:
        return None
    name, place = underlying
    expiry, date = _expiry(tokens, min(place, index), last)
    token = tokens[index]
    token.tag = "STRIKE"
    used = tuple(t for t in (tokens[place], token, date) if t is not None)
    end = max(last, tokens.index(date)) if date is not None else last
    return FoundContract(OptionContract(name, expiry, token.value, right), min(place, index), end, used)


def _right(tokens: list[Token], index: int) -> tuple[str | None, int]:
    if tokens[index].unit in {"c", "p"}:
        return tokens[index].unit.upper(), index
    for place in (index + 1, index + 2, *range(index - 1, max(-1, index - RIGHT_BEFORE), -1)):
        if 0 <= place < len(tokens):
            token = tokens[place]
            if token.tag in {"CALL", "PUT"}:
                return token.tag[0], max(place, index)
            if token.text in {"C", "P"} and place == index + 1:
                return token.text, place
    return None, index


def _underlying(tokens: list[Token], index: int) -> tuple[str, int] | None:
    for place in range(index - 1, max(-1, index - REACH), -1):
        token = tokens[place]
        if token.tag == "STRIKE":
            break
        name = _name(token)
        if name is not None:
            return name, place
    marked = [
        place for place, token in enumerate(tokens) if token.symbol is not None and token.symbol.strength >= 2
    ]
    if not marked:
        return None
    place = min(marked, key=lambda candidate: abs(candidate - index))
    name = _name(tokens[place])
    return None if name is None else (name, place)


def _name(token: Token) -> str | None:
    if token.symbol is not None:
        return token.symbol.name.split("/")[0]
    if (
        token.kind == "WORD"
        and _UPPER.fullmatch(token.text)
        and token.text not in _VERBS
        and token.tag not in {"CALL", "PUT"}
    ):
        return None if token.cues and len(token.text) > 4 else token.text
    return ALIASES.get(token.key)


def _expiry(tokens: list[Token], first: int, last: int) -> tuple[str | None, Token | None]:
    """Return the expiry written between the underlying and a little after the right, and its token."""
    window = [*range(max(0, first - 2), last + 1), *range(last + 1, min(len(tokens), last + 4))]
    for place in window:
        token = tokens[place]
        if token.tag == "NL" and place > last:
            break
        if _is_share(tokens, place):
            continue
        if token.tag == "DTE" and token.value is not None:
            return f"{int(token.value)}DTE", token
        if token.kind == "DATE":
            expiry = read_date(token.text)
            if expiry is not None:
                return expiry, token
    return _labelled_expiry(tokens, last)


def _is_share(tokens: list[Token], place: int) -> bool:
    """`SOLD 1/2 SPX 7450C 5/29`: the part that is sold, and no date."""
    if tokens[place].text not in SHARES or not place:
        return False
    return bool({"CLOSE", "TRIM", "SELLING"} & set(tokens[place - 1].cues))


def _labelled_expiry(tokens: list[Token], last: int) -> tuple[str | None, Token | None]:
    """`EXP 12/02` or `0DTE` on a line of its own below the contract."""
    for place in range(last + 1, min(len(tokens), last + LABELLED_REACH)):
        token = tokens[place]
        if token.tag == "DTE" and token.value is not None:
            return f"{int(token.value)}DTE", token
        if "WEEKLY" not in token.cues:
            continue
        following = tokens[place + 1 : place + 3]
        date = next((token for token in following if token.kind == "DATE"), None)
        expiry = read_date(date.text) if date is not None else None
        if expiry is not None:
            return expiry, date
    return None, None
