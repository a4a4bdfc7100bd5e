"""Leaves out of a message what is not said by it: disclaimers, forwarding stamps, who speaks."""

from worker.parsing.tokens import Token

_SPEAKERS = frozenset({"bot", "coach", "admin", "trader", "analyst", "alerts", "desk"})


def message_body(tokens: list[Token]) -> list[Token]:
    """Drop what is no message: disclaimers to the end of their line, and the header of a forwarded one."""
    kept: list[Token] = []
    line: list[Token] = []
    for token in [*tokens, Token("NL", "\n", "\n", 0, 0, tag="NL")]:
        if token.tag != "NL":
            line.append(token)
            continue
        foot = next((place for place, other in enumerate(line) if other.tag == "FOOT"), len(line))
        said = line[:foot]
        if foot < len(line) and all(token.kind == "WORD" and not token.cues for token in said):
            said = []  # `This is not financial advice`: its first words are the disclaimer's, too
        kept.extend(_drop_speaker(_drop_stamp(said)))
        kept.append(token)
        line = []
    return kept[:-1]


def _drop_stamp(line: list[Token]) -> list[Token]:
    """`Channel, [9/30/2025 11:22 AM]` names the source; its words are not the message's."""
    for place in range(len(line) - 2):
        stamp = line[place : place + 3]
        if stamp[0].key == "[" and stamp[1].kind == "DATE" and stamp[2].kind == "TIME":
            return []
    return line


def _drop_speaker(line: list[Token]) -> list[Token]:
    """`Some Name Bot: all out` starts with who speaks."""
    for place, token in enumerate(line[1:6], start=1):
        if token.key == ":" and line[place - 1].key in _SPEAKERS:
            return line[place + 1 :]
    return line
