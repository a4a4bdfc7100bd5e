"""Tells a strike from a price: a right beside it, the word `strike`, or `the 245s` after `puts`."""

import re

from worker.parsing.tokens import Token

RIGHT_BEFORE = 14
"""How many tokens before a strike its right may stand: `iwm puts, the 245s`, `Type: Call, Strike: 180`."""

PLURAL_STRIKE = re.compile(r"\d{1,5}(?:\.\d)?s")


def names_a_right(tokens: list[Token], index: int) -> bool:
    """A number is a strike when a right stands right after it, or one small word later, or it is called one."""
    if _is_called_strike(tokens, index):
        return True
    for distance in (1, 2):
        if index + distance >= len(tokens):
            return False
        token = tokens[index + distance]
        if token.kind != "WORD":
            return False
        if token.tag in {"CALL", "PUT"} or (distance == 1 and token.text in {"C", "P"}):
            return True
        if token.tag != "W" or token.symbol is not None:
            return False
    return False


def last_right(tagged: list[Token]) -> str:
    """Return `c` or `p` for the right that was named shortly before, or nothing."""
    rights = [token.tag for token in tagged[-RIGHT_BEFORE:] if token.tag in {"CALL", "PUT"}]
    return rights[-1][0].lower() if rights else ""


def _is_called_strike(tokens: list[Token], index: int) -> bool:
    """`110 strike`, `Strike: 180`; the label may stand on the line above."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and following.key == "strike":
        return True
    before = [token for token in tokens[max(0, index - 3) : index] if token.kind != "NL" and token.key != ":"]
    return bool(before) and before[-1].key in {"strike", "strike price"}
