"""Reads closes, partial closes, stop moves, cancels and reports, clause by clause."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shared.domain.signals import Action, UpdateKind
from worker.parsing.closes import HARD_CLOSES, SOFT_CLOSES, Command, cues_of, is_talk, read_close
from worker.parsing.fields import Fields
from worker.parsing.grammar import number_of
from worker.parsing.tokens import Token

_CLAUSE_WORDS = frozenset({"and", "then", "und", "и", "et", "dann", "puis", "затем", "ثم"})


_CONDITIONS = frozenset(
    {
        "after",
        "when",
        "once",
        "if",
        "until",
        "upon",
        "after reaching",
        "as",
        "after hitting",
        "при",
        "после",
        "когда",
        "wenn",
        "nach",
        "après",
        "quand",
        "عند",
        "بعد",
        "后",
        "当",
    }
)


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of a message in order, and what it reports without asking for anything."""

    commands: tuple[Command, ...]
    report: UpdateKind | None
    report_token: Token | None = None


def clauses(tokens: list[Token]) -> Iterator[list[Token]]:
    """Cut the message at line ends, sentence ends, commas and conjunctions."""
    current: list[Token] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        ends = token.tag in {"NL", "END"} or token.key in {",", ";"} or token.key in _CLAUSE_WORDS
        spaced = not token.glued and (following is None or not following.glued)
        ends = ends or (token.key == "-" and spaced)
        ends = ends or (token.tag == "CHECK" and any("HIT" in other.cues for other in current))
        if ends:
            if current:
                yield current
            current = []
        else:
            current.append(token)
    if current:
        yield current


def read_commands(tokens: list[Token], fields: Fields, spent: frozenset[int]) -> Commands:
    """Return what the message asks of open trades; `spent` are the starts of tokens a contract used."""
    found: list[Command] = []
    report: UpdateKind | None = None
    report_token: Token | None = None
    for clause in clauses(tokens):
        kind, token = _report(clause)
        if kind is not None and report is None:
            report, report_token = kind, token
        cancel, move = _cancel(clause), _move(clause, fields)
        if cancel is not None and move is not None and move.kind is UpdateKind.MOVE_STOP:
            move = None  # the levels of what is cancelled are quoted, not moved
        asked = (read_close(clause, spent), move, cancel)
        found.extend(command for command in asked if command is not None)
    found = [_leaving_a_rest(command, tokens) for command in _without_repeats(found, report)]
    if any(command.action is Action.CLOSE for command in found):
        found.sort(key=lambda command: command.action is not Action.CLOSE)
    return Commands(tuple(found), report, report_token)


def _leaving_a_rest(command: Command, tokens: list[Token]) -> Command:
    """`Taking profit here, leaving a runner`: who leaves something has closed a part."""
    leaves = any("LEAVE" in token.cues for token in tokens)
    if command.kind is not UpdateKind.CLOSE_ALL or not leaves:
        return command
    return replace(command, kind=UpdateKind.CLOSE_PARTIAL)


def _without_repeats(found: list[Command], report: UpdateKind | None) -> list[Command]:
    """Drop a command said twice, and an `I'm out` that only explains the stop that was hit."""
    closes = [command for command in found if command.action is Action.CLOSE]
    if report is UpdateKind.SL_HIT and all(command.token.key in SOFT_CLOSES for command in closes):
        found = [command for command in found if command.action is not Action.CLOSE]
    kept: list[Command] = []
    for command in found:
        same = [
            other
            for other in kept
            if other.action is command.action is Action.CLOSE or other.kind is command.kind
        ]
        if not same:
            kept.append(command)
        elif (
            command.kind is UpdateKind.CLOSE_PARTIAL
            and same[0].kind is UpdateKind.CLOSE_ALL
            and command.token.key not in HARD_CLOSES
        ):
            if same[0].token.key not in {"all out"}:
                kept[kept.index(same[0])] = command
        elif same[0].kind is UpdateKind.CLOSE_PARTIAL and command.token.key in {
            "i'm out",
            "im out",
            "all out",
        }:
            kept[kept.index(same[0])] = command
    return kept


def _report(clause: list[Token]) -> tuple[UpdateKind | None, Token | None]:
    for token in clause:
        if "STOPPED" in token.cues:
            return UpdateKind.SL_HIT, token
        if "FILLED" in token.cues and token.tag != "ENTRY":
            return UpdateKind.ENTRY_FILLED, token
    hits = [token for token in clause if "HIT" in token.cues]
    checked = (
        [token for token in clause if token.tag == "CHECK"]
        if not any(t.tag in {"NUM", "PIPS"} for t in clause)
        else []
    )
    if any(token.key in _CONDITIONS for token in clause):
        return None, None
    if hits and any(token.tag == "STOP" for token in clause):
        return UpdateKind.SL_HIT, hits[0]
    if (hits or checked) and any(token.tag == "TARGET" for token in clause):
        return UpdateKind.TP_HIT, (hits or checked)[0]
    return None, None


def _move(clause: list[Token], fields: Fields) -> Command | None:
    tags = {token.tag for token in clause}
    cues = cues_of(clause)
    stop = next((token for token in clause if token.tag == "STOP"), None)
    if {"PLAN", "QUESTION", "NEG", "NEWS"} & cues and not {"MOVE"} & cues:
        return None
    if _is_forbidden(clause):
        return None
    breakeven = [token for token in clause if "BREAKEVEN" in token.cues]
    strong = [token for token in breakeven if "EVEN" in token.cues and _means_breakeven(clause, token)]
    priced = any(token.tag == "NUM" and (stop is None or token.start > stop.start) for token in clause)
    if (
        (strong or (breakeven and stop))
        and (stop or "MOVE" in cues)
        and not priced
        and not {"STOPPED", "HIT"} & cues
    ):
        token = stop or strong[0]
        return Command(Action.UPDATE, UpdateKind.MOVE_STOP_TO_BREAKEVEN, token)
    if stop is not None and "MOVE" in stop.cues:
        return _move_to_level(clause, stop, fields)
    if "TARGET" in tags and ("MOVE" in cues or _is_moved_to(clause, "TARGET")):
        return _move_targets(clause, fields)
    if stop is not None and not {"HIT", "STOPPED"} & cues:
        return _move_to_level(clause, stop, fields)
    return None


def _is_forbidden(clause: list[Token]) -> bool:
    """`Do not move your SL yet`: the negation stands right before the verb."""
    for place, token in enumerate(clause):
        if "MOVE" in token.cues and any("NEG" in other.cues for other in clause[max(0, place - 2) : place]):
            return True
    return False


def _move_targets(clause: list[Token], fields: Fields) -> Command | None:
    """Read new targets: those labelled as such, else the prices that follow the label in its clause."""
    label = next(token for token in clause if token.tag == "TARGET")
    following = [token for token in clause if token.tag == "NUM" and token.start > label.start]
    prices = tuple(number_of(token) for token in (fields.targets or following))
    if not prices:
        return None
    return Command(Action.UPDATE, UpdateKind.SET_TAKE_PROFIT, label, targets=prices)


def _is_moved_to(clause: list[Token], tag: str) -> bool:
    """`TP auf 4250`, `TP to 4250`: the word between label and price says that it moves."""
    return any(
        first.tag == tag
        and second.tag == "TO"
        and second.key not in {"and", "&", "then", "or"}
        and third.tag == "NUM"
        for first, second, third in zip(clause, clause[1:], clause[2:], strict=False)
    )


def _means_breakeven(clause: list[Token], token: Token) -> bool:
    """`be` is the verb unless something moves to it: `SL to BE`, `stop at be`."""
    if token.key != "be":
        return True
    place = clause.index(token)
    return place > 0 and (
        clause[place - 1].tag in {"TO", "AT", "STOP"} or clause[place - 1].key in {"->", "=", ":", ">", "→"}
    )


def _move_to_level(clause: list[Token], stop: Token, fields: Fields) -> Command | None:
    numbers = [token for token in clause if token.tag == "NUM"]
    if fields.stop is not None and any(token.start == fields.stop.start for token in numbers):
        return Command(Action.UPDATE, UpdateKind.MOVE_STOP, stop, stop=number_of(fields.stop))
    if len(numbers) == 1 and "MOVE" in cues_of(clause):
        return Command(Action.UPDATE, UpdateKind.MOVE_STOP, stop, stop=number_of(numbers[0]))
    percents = [token for token in clause if token.tag == "PCT"]
    if percents and not numbers and "RESULT" not in cues_of(clause):
        return Command(Action.UPDATE, UpdateKind.MOVE_STOP, stop, stop_percent=number_of(percents[0]))
    return None


def _cancel(clause: list[Token]) -> Command | None:
    verbs = [i for i, token in enumerate(clause) if "CANCEL" in token.cues]
    if not verbs or is_talk(clause[: verbs[0]]):
        return None
    if [token.tag for token in clause[verbs[0] + 1 : verbs[0] + 3]] == ["COL", "NUM"]:
        return None  # `Cancelled: 3` counts
    named = bool({"ORDERS", "ENTRY"} & cues_of(clause)) or any(
        token.tag in {"SYM", "MAYBE"} or token.key.startswith("cancel ") for token in clause
    )
    if named or len(clause) <= 3:
        return Command(Action.UPDATE, UpdateKind.CANCEL, clause[verbs[0]])
    return None
