"""Tells the place of a level in a list (`TP 2`, `1)`, `3▪️`) from a price."""

from worker.parsing.tokens import Token


def is_place(tokens: list[Token], index: int, previous: Token | None, following: Token | None) -> bool:
    """Say whether the number at `index` is the place of a level (`TP 2`, `1)`, `3:`) and no price."""
    token = tokens[index]
    if (
        token.value is None
        or token.currency
        or not token.text.isdigit()
        or token.value > 20
        or following is None
    ):
        return False
    line_start = (
        previous is None
        or previous.tag == "NL"
        or (previous.tag == "W" and previous.kind in {"P", "EMOJI"} and previous.key != "(")
    )
    if following.key == ")":
        before = tokens[index - 2] if index > 1 else None
        opened = previous is not None and previous.key == "("
        return not opened or (before is not None and before.tag == "TARGET")
    if line_start and _bulleted(tokens, index):
        return True
    if line_start and following.key in {".", ":", "-"} and _number_follows(tokens, index + 2, 2):
        return True
    if (
        previous is not None
        and previous.kind == "WORD"
        and following.key in {":", "="}
        and _number_follows(tokens, index + 2, 1)
    ):
        return True
    labelled = previous is not None and previous.tag in {"TARGET", "ENTRY", "STOP", "LIMIT"}
    if labelled and following.kind == "NL":
        below = tokens[index + 2] if index + 2 < len(tokens) else None
        return below is not None and below.kind == "NUM" and below.unit in {"", "k"}
    after = tokens[index + 2] if index + 2 < len(tokens) else None
    if following.key == "-" and following.glued and after is not None and after.glued and after.unit == "%":
        return False
    return labelled and following.tag != "TO" and following.key not in {"/", ",", "|", "&"} and _number_follows(tokens, index + 1, 4)


def _bulleted(tokens: list[Token], index: int) -> bool:
    """`2▪️TP 1.1927`: a place, a bullet and a label."""
    following = tokens[index + 1 : index + 3]
    if len(following) < 2:
        return False
    bullet, label = following
    return bullet.kind in {"P", "EMOJI"} and bullet.tag == "W" and label.tag in {"TARGET", "ENTRY"}


def _number_follows(tokens: list[Token], start: int, reach: int) -> bool:
    for token in tokens[start : start + reach]:
        if token.kind == "NUM":
            return True
        if token.tag == "NL" or (
            token.kind == "WORD"
            and token.cues
            and token.tag not in {"NOW", "TO"}
            and "MOVE" not in token.cues
        ):
            return False
    return False
