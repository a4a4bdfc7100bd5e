"""Turns a table of one order (`| Ticker | Entry | SL |` above its row) into a line for each column.

Tokens keep their places, so that the words behind a field are still those of the message.
"""

from worker.parsing.tokens import Token

FEWEST_COLUMNS = 3
_BAR = "|"


def unfold_table(tokens: list[Token]) -> list[Token]:
    """Return the tokens with a table of a header and one row written as `header: cell` lines; others as they are."""
    if sum(token.key == _BAR for token in tokens) < 2 * (FEWEST_COLUMNS - 1):
        return tokens
    lines = _lines(tokens)
    rows = [(place, _cells(line)) for place, line in enumerate(lines) if not _is_rule(line)]
    table = [(place, cells) for place, cells in rows if len(cells) >= FEWEST_COLUMNS]
    if len(table) != 2 or len(table[0][1]) != len(table[1][1]):
        return tokens
    (first, header), (last, row) = table
    if any(token.kind == "NUM" for cell in header for token in cell if token.tag != "ORD"):
        return tokens
    unfolded: list[Token] = []
    for line in lines[:first]:
        unfolded += [*line, _end(line)]
    for name, cell in zip(header, row, strict=True):
        unfolded += [*name, *cell, _end(cell or name)]
    for line in lines[last + 1 :]:
        unfolded += [*line, _end(line)]
    return unfolded[:-1]


def _lines(tokens: list[Token]) -> list[list[Token]]:
    lines: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "NL":
            lines.append([])
        else:
            lines[-1].append(token)
    return lines


def _cells(line: list[Token]) -> list[list[Token]]:
    cells: list[list[Token]] = [[]]
    for token in line:
        if token.key == _BAR:
            cells.append([])
        else:
            cells[-1].append(token)
    return [cell for cell in cells if cell]


def _is_rule(line: list[Token]) -> bool:
    """`|-----|-----|` separates and says nothing."""
    return bool(line) and all(token.key == _BAR or token.key[0] in "-=:+" for token in line)


def _end(line: list[Token]) -> Token:
    place = line[-1].end if line else 0
    return Token("NL", "\n", "\n", place, place)
