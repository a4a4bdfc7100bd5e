"""Numbers that only say something about the price beside them: `1.0670 +70`, `39,150 (100 pts)`, `5156 (5155.75)`."""

from decimal import Decimal

from worker.parsing.tokens import Token

FAR = 3
"""How many times larger or smaller than the price beside it a signed number is no price."""

_FEW = 20
_COUNTED = frozenset({"more", "left", "on", "in"})


def is_remark(tokens: list[Token], index: int) -> bool:
    """Say whether the number at `index` is a remark on the price before it, and no level of its own."""
    token = tokens[index]
    previous = tokens[index - 1] if index else None
    if previous is None or token.value is None:
        return False
    if previous.key == "+":
        return token.unit in {"", "pips"} and not (
            index > 1 and tokens[index - 2].kind == "NUM" and token.glued and previous.glued
        )
    if previous.key == "-" and token.glued and not previous.glued and _is_far(tokens, index):
        return True
    if _counts_a_rest(tokens, index):
        return True
    return _opened_behind_price(tokens, index)


def _is_far(tokens: list[Token], index: int) -> bool:
    """`1.0810  -70`: the number behind the sign is of no price's size."""
    price = tokens[index - 2] if index > 1 else None
    value = tokens[index].value
    if price is None or price.kind != "NUM" or not price.value or not value:
        return False
    ratio = value / price.value
    return not Decimal(1) / FAR <= ratio <= FAR


def _counts_a_rest(tokens: list[Token], index: int) -> bool:
    """`- 2 on small account`, `- 2 more on MU`: a count after a dash that stands alone."""
    token, previous = tokens[index], tokens[index - 1]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if previous.key != "-" or token.currency or not token.text.isdigit() or following is None:
        return False
    return (
        token.value is not None
        and token.value <= _FEW
        and following.kind == "WORD"
        and following.key in _COUNTED
    )


def _opened_behind_price(tokens: list[Token], index: int) -> bool:
    """Within parentheses that open right behind a price, or behind a target that is left open."""
    for place in range(index - 1, max(-1, index - 8), -1):
        token = tokens[place]
        if token.key == ")" or token.kind == "NL" or token.tag in {"ENTRY", "STOP", "TARGET"}:
            return False
        if token.key == "(":
            before = tokens[place - 1] if place else None
            if before is None:
                return False
            is_price = before.kind == "NUM" and before.unit in {"", "k"} and before.tag not in {"ORD", "IGN"}
            return is_price or before.key == "open"
    return False
