"""Gives every number of the message its role: entry, stop, target, leverage, size.

Labels decide first; a heading carries its role over the lines below it; what is left stands for the
entry where nothing better does. Plausibility is judged later, in `sanity`.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from shared.domain.signals import Side, Trigger
from worker.parsing.grammar import Leaf, Level, Piece, number_of
from worker.parsing.tokens import Token

_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
_HEADINGS = frozenset({"ENTRY", "STOP", "TARGET", "BUY", "SELL"})
_TRIGGERS = {"TRIG_ABOVE": Trigger.ABOVE, "TRIG_BELOW": Trigger.BELOW}


@dataclass(slots=True)
class Fields:
    """What the numbers of one message were read as; tokens are kept for the spans."""

    labelled: list[Token] = field(default_factory=list)
    beside_side: list[Token] = field(default_factory=list)
    at: list[Token] = field(default_factory=list)
    now_price: list[Token] = field(default_factory=list)
    added: list[Token] = field(default_factory=list)
    loose: list[tuple[Token, ...]] = field(default_factory=list)
    stop: Token | None = None
    stop_percent: Token | None = None
    stop_pips: Token | None = None
    targets: list[Token] = field(default_factory=list)
    target_percents: list[Token] = field(default_factory=list)
    target_pips: list[Token] = field(default_factory=list)
    sides: list[tuple[Side, Token]] = field(default_factory=list)
    now: bool = False
    limit: bool = False
    trigger: Trigger | None = None
    leverage: Token | None = None
    size: Token | None = None
    risk: Token | None = None
    targets_marked: int = 0
    stop_marked: bool = False
    no_stop: bool = False

    def entry(self) -> list[Token]:
        """Return the tokens of the entry, from the best evidence there is."""
        for tokens in (self.labelled, self.beside_side, self.at):
            if tokens:
                return [*tokens, *self.added]
        if self.loose:
            return [*self.loose[0], *self.added]
        return self.now_price or self.added

    def first_side(self) -> Side | None:
        """Return the side named first."""
        return self.sides[0][0] if self.sides else None

    @property
    def has_stop(self) -> bool:
        """Whether a stop is given: a price, or a distance in percent or pips."""
        return any(token is not None for token in (self.stop, self.stop_percent, self.stop_pips))

    @property
    def has_targets(self) -> bool:
        """Whether a target is given: a price, or a distance in percent or pips."""
        return bool(self.targets or self.target_percents or self.target_pips)


def read_fields(pieces: list[Piece]) -> Fields:
    """Assign the numbers of a chunked message to their roles."""
    reader = _Reader(pieces)
    for index, piece in enumerate(pieces):
        if isinstance(piece, Leaf):
            reader.leaf(index, piece.token)
        else:
            reader.level(index, piece)
    return _scaled(reader.fields)


class _Reader:
    """Walks the pieces once, remembering the heading and the label of the line."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.fields = Fields()
        self._pieces = pieces
        self._carry = ""
        self._line = ""
        self._line_start = True
        self._line_percents: list[Token] = []
        self._line_sized = False
        self._line_risked = False
        self._last_role = ""
        self._last_loose = -9

    def leaf(self, index: int, token: Token) -> None:
        """Take a token outside every chunk."""
        tag = token.tag
        if tag == "NL":
            self._end_line()
            return
        if tag in _HEADINGS:
            self._heading(index, token)
        elif tag in {"LEV", "RISK", "SIZE"}:
            self._line = tag
            self._line_sized = self._line_sized or tag == "SIZE"
            self._line_risked = self._line_risked or tag == "RISK"
            if tag != "LEV" and self._line_percents:
                self._take_size(self._line_percents[-1])
        elif tag in {"MULT", "PCT", "CHECK"}:
            self._figure(token)
        else:
            self._manner(token)
        if not (tag in {"ORD", "JOIN", "CHECK"} or (tag == "W" and token.kind in {"P", "EMOJI"})):
            self._line_start = False

    def _figure(self, token: Token) -> None:
        if token.tag == "MULT":
            self._multiple(token)
        elif token.tag == "PCT":
            self._percent(token)
        else:
            self._check()

    def _manner(self, token: Token) -> None:
        """Note how to enter (now, limit, above ...) and what ends the reach of a label."""
        tag = token.tag
        if tag == "NOW":
            self._line = self._line or "NOW"
            self.fields.now = True
        elif tag == "LIMIT":
            self.fields.limit = True
        elif tag in {"SYM", "MAYBE"} and self._line in {"LEV", "RISK", "SIZE"}:
            self._line = ""
        elif tag in _TRIGGERS and self.fields.trigger is None and not self.fields.entry():
            self.fields.trigger = _TRIGGERS[tag]
        elif tag == "WALL":
            self._carry = ""

    def level(self, index: int, level: Level) -> None:
        """Take a chunk of numbers, labelled or bare."""
        if level.label_token is not None:
            self._side(level.label_token)
        for tag in level.between:
            if tag == "NOW" and level.label in {"ENTRY", "AT", "BUY", "SELL"}:
                self.fields.now = True
            if (
                tag in _TRIGGERS
                and level.label in {"ENTRY", "AT", "BUY", "SELL"}
                and self.fields.trigger is None
            ):
                self.fields.trigger = _TRIGGERS[tag]
            self.fields.limit = self.fields.limit or tag == "LIMIT"
        if not level.label and self._is_reached(index):
            return
        role = level.label or self._role_of_bare(index, level)
        self._assign(role, level, index)
        if not role and self._follows_a_colon(index):
            self._carry = ""  # a label of the provider's own ends the reach of the heading above it
        if level.label in _HEADINGS:
            self._carry = level.label if level.label != "STOP" else ""
        if level.label == "TARGET" and level.label_token is not None:
            self._line = "TARGET"
        self._last_role = role
        self._line_start = False

    def _is_reached(self, index: int) -> bool:
        """`BTC to 100k` tells where it may go, which is no place to enter."""
        before = self._pieces[index - 1] if index else None
        return (
            isinstance(before, Leaf)
            and before.token.key == "to"
            and self._carry not in {"ENTRY", "STOP", "TARGET"}
        )

    def _follows_a_colon(self, index: int) -> bool:
        before = self._pieces[index - 1] if index else None
        return isinstance(before, Leaf) and before.token.tag == "COL"

    def _end_line(self) -> None:
        self._line, self._line_start, self._line_percents = "", True, []
        self._line_sized = self._line_risked = False
        self._last_role = ""

    def _heading(self, index: int, token: Token) -> None:
        self._side(token)
        if (
            token.tag in {"STOP", "TARGET"}
            and self.fields.loose
            and index - self._last_loose <= 2
            and not self._number_ahead(index)
        ):
            self._claim_before(token.tag)
            return
        if (
            token.tag in {"ENTRY", "STOP", "TARGET"}
            or self._carry not in {"ENTRY", "STOP", "TARGET"}
            or self._line_start
        ):
            self._carry = token.tag
        self._line = token.tag
        if token.tag == "STOP" and self._says_none(index):
            self.fields.no_stop = True
            self._carry = ""

    def _side(self, token: Token) -> None:
        for cue, side in _SIDES.items():
            if cue in token.cues and token.tag not in {"TARGET", "STOP"}:
                self.fields.sides.append((side, token))
        for cue, trigger in _TRIGGERS.items():
            if cue in token.cues and self.fields.trigger is None:
                self.fields.trigger = trigger

    def _says_none(self, index: int) -> bool:
        following = [p.token for p in self._pieces[index + 1 : index + 4] if isinstance(p, Leaf)]
        return any(
            token.key in {"none", "update", "n/a", "na", "tba", "no", "нет", "keine"} for token in following
        )

    def _number_ahead(self, index: int) -> bool:
        for piece in self._pieces[index + 1 : index + 5]:
            if isinstance(piece, Level):
                return True
            if piece.token.tag in {"NL", "END"}:
                return False
        return False

    def _label_behind(self, index: int) -> bool:
        """Say whether a stop's label without a number of its own follows closely on the line."""
        for place in range(index + 1, min(index + 3, len(self._pieces))):
            piece = self._pieces[place]
            if isinstance(piece, Level) or piece.token.tag == "NL":
                return False
            if piece.token.tag == "STOP":
                return not self._number_ahead(place)
        return False

    def _claim_before(self, tag: str) -> None:
        """`6.90 stop`: the label stands behind its price."""
        numbers = self.fields.loose.pop()
        if tag == "STOP" and self.fields.stop is None:
            self.fields.stop = numbers[-1]
            if len(numbers) > 1:
                self.fields.loose.append(numbers[:-1])
        elif tag == "TARGET":
            self.fields.targets.extend(numbers)

    def _role_of_bare(self, index: int, level: Level) -> str:
        if level.unit != "NUM":
            return ""
        if self._line in {"LEV", "RISK", "SIZE"}:
            line, self._line = self._line, ""
            return line
        if self._line == "NOW" and not self._line_start:
            return "NOW"
        if self._label_behind(index):
            return ""
        if self._carry and (self._line_start or self._line == self._carry):
            if self._carry == "STOP" and self.fields.stop is not None:
                return ""
            return self._carry
        return ""

    def _assign(self, role: str, level: Level, index: int) -> None:
        fields = self.fields
        if role in _SIDES:
            role = self._role_beside(_SIDES[role])
        numbers = level.numbers
        if role == "STOP":
            self._assign_stop(level)
        elif role == "ENTRY" and level.label_token is not None and level.label_token.key.startswith("dca"):
            fields.added.extend(numbers)
        elif role == "TARGET":
            self._targets_in(level.unit).extend(numbers)
        elif level.unit != "NUM":
            for number in numbers if level.percent else ():
                self._percent(number)
        elif role in {"ENTRY", "SIDE", "AT", "NOW"}:
            self._assign_entry(role, numbers)
        elif role == "LEV":
            self._multiple(numbers[0])
        elif role == "":
            fields.loose.append(numbers)
            self._last_loose = index

    def _targets_in(self, unit: str) -> list[Token]:
        fields = self.fields
        return {"PCT": fields.target_percents, "PIPS": fields.target_pips}.get(unit, fields.targets)

    def _assign_entry(self, role: str, numbers: tuple[Token, ...]) -> None:
        fields = self.fields
        kept = {
            "ENTRY": fields.labelled,
            "SIDE": fields.beside_side,
            "AT": fields.at,
            "NOW": fields.now_price,
        }[role]
        if role != "AT" or not kept:
            kept.extend(numbers)

    def _assign_stop(self, level: Level) -> None:
        if level.percent:
            self.fields.stop_percent = self.fields.stop_percent or level.numbers[0]
        elif level.unit == "PIPS":
            self.fields.stop_pips = self.fields.stop_pips or level.numbers[0]
        elif self.fields.stop is None:
            self.fields.stop = level.numbers[0]

    def _role_beside(self, side: Side) -> str:
        """A price beside the opposite side names where to take profit (`BUY 10-11 SELL 12-13`)."""
        first = self.fields.first_side()
        if first is not None and side is not first and self.fields.entry():
            return "TARGET"
        return "SIDE"

    def _multiple(self, token: Token) -> None:
        value = number_of(token)
        multiplies_target = self._line == "TARGET" or (self._last_role == "TARGET" and self._line != "LEV")
        if multiplies_target or not 1 <= value <= 200:
            return
        if self.fields.leverage is None:
            self.fields.leverage = token

    def _percent(self, token: Token) -> None:
        self._line_percents.append(token)
        if self._line == "RISK":
            self._line = ""
        if self._line_risked or self._line_sized:
            self._take_size(token)

    def _take_size(self, token: Token) -> None:
        """A percentage beside a word of risk is what may be lost, beside one of size what is put in."""
        fields = self.fields
        if self._line_risked:
            fields.risk = fields.risk or token
            fields.size = None if fields.size is token else fields.size
        else:
            fields.size = fields.size or token

    def _check(self) -> None:
        if self._last_role == "TARGET":
            self.fields.targets_marked += 1
        elif self._last_role == "STOP":
            self.fields.stop_marked = True


def _scaled(fields: Fields) -> Fields:
    """Read `37.1` as 37,100 where other prices of the message are written with a K."""
    every = [*fields.labelled, *fields.beside_side, *fields.at, *fields.targets, *fields.now_price]
    every += [number for numbers in fields.loose for number in numbers]
    if fields.stop is not None:
        every.append(fields.stop)
    thousands = [number_of(token) for token in every if token.unit == "k"]
    if not thousands:
        return fields
    middle = sorted(thousands)[len(thousands) // 2]
    for token in every:
        value = number_of(token)
        if (
            token.unit != "k"
            and middle / 3 <= value * 1000 <= middle * 3
            and not middle / 3 <= value <= middle * 3
        ):
            token.value = value * 1000
    return fields


def expanded(tokens: list[Token]) -> list[Decimal]:
    """Return the prices of a list; a short second number repeats the first one's leading digits."""
    prices: list[Decimal] = []
    for token in tokens:
        value = number_of(token)
        if prices and token.text.isdigit() and value < prices[0] and prices[0] == int(prices[0]):
            whole = str(int(prices[0]))
            if len(token.text) < len(whole) and len(token.text) >= 1 and value * 20 < prices[0]:
                value = Decimal(whole[: -len(token.text)] + token.text)
        prices.append(value)
    return prices
