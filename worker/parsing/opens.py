"""Turns the fields of a message into the trade it opens, after the sanity gates."""

from decimal import Decimal

from shared.domain.instruments import OptionContract
from shared.domain.signals import Action, NotASignal, Reading, Side, Signal, Span, Trigger
from worker.parsing.classifier import OpenVerdict
from worker.parsing.facts import Facts
from worker.parsing.fields import Fields, expanded
from worker.parsing.grammar import number_of
from worker.parsing.sanity import Levels, agrees, are_possible, infer_side, is_premium, is_sane
from worker.parsing.sizes import fraction_of, range_around, size_fraction
from worker.parsing.tokens import Token

SOLD_TO_OPEN = frozenset({"sto", "sold to open", "sell to open", "selling to open"})
TRIPLET = 3
BEHIND = 2
"""Words that may stand between a contract and its premium."""


def read_open(facts: Facts, verdict: OpenVerdict) -> Reading:
    """Return the open that the fields spell out, or the reason why its levels cannot be meant."""
    fields = facts.fields
    contract = facts.contracts[0].contract if facts.contracts else None
    levels = _levels(fields, _premium(facts))
    side = _side(fields, levels, contract) or verdict.side
    if side is None:
        return NotASignal("NO_SIDE")
    if contract is None and not is_sane(levels):
        return NotASignal("ABSURD_LEVELS")
    confidence = verdict.confidence
    if contract is not None:
        others = [*levels.targets, *([levels.stop] if levels.stop is not None else [])]
        if not are_possible(others) or (levels.entry and not is_premium(levels.entry, contract.strike)):
            return NotASignal("ABSURD_LEVELS")
    elif not agrees(side, levels):
        return NotASignal("CONFLICTING_LEVELS")
    return _open_signal(facts, levels, side, contract, confidence)


def _premium(facts: Facts) -> list[Token]:
    """Return the price, or the range of prices, that stands right behind the contract; empty without one."""
    if not facts.contracts or facts.fields.labelled:
        return []
    tokens, place = facts.tokens, facts.contracts[0].last + 1
    while (
        place < len(tokens)
        and tokens[place].tag in {"AT", "COL", "W"}
        and tokens[place].kind in {"P", "WORD"}
        and place - facts.contracts[0].last <= BEHIND
    ):
        place += 1
    found: list[Token] = []
    while place < len(tokens) and tokens[place].tag == "NUM":
        found.append(tokens[place])
        joined = tokens[place + 1 : place + 3]
        if len(joined) < 2 or joined[0].tag != "JOIN" or not (joined[0].glued and joined[1].glued):
            break
        place += 2
    return found


def _levels(fields: Fields, premium: list[Token]) -> Levels:
    entry = tuple(sorted(set(expanded(premium or fields.entry()))))
    stop = number_of(fields.stop) if fields.stop is not None else None
    targets = tuple(expanded(fields.targets))
    points = expanded(premium or fields.entry())
    if (
        stop is None
        and not targets
        and len(points) == TRIPLET
        and (points[0] - points[1]) * (points[0] - points[2]) < 0
    ):
        # `150.5/148/155`: neither rising nor falling, so entry, stop and target in this order.
        return Levels((points[0],), points[1], (points[2],))
    return Levels(entry, stop, targets)


def _side(fields: Fields, levels: Levels, contract: OptionContract | None) -> Side | None:
    if contract is not None:
        sold = any(token.key in SOLD_TO_OPEN for _, token in fields.sides)
        return Side.SELL if sold else Side.BUY
    named = [side for side, _ in fields.sides]
    implied = infer_side(levels)
    if implied is not None and (not named or implied in named):
        return implied
    return named[0] if named else None


def _order_type(fields: Fields, side: Side, entry: tuple[Decimal, ...]) -> tuple[str | None, Trigger | None]:
    breakout = Trigger.ABOVE if side is Side.BUY else Trigger.BELOW
    if entry and fields.trigger is breakout and not fields.now:
        return None, breakout
    if fields.now and not fields.limit:
        return "market", None
    return ("limit" if entry else None), None


def _open_signal(
    facts: Facts, levels: Levels, side: Side, contract: OptionContract | None, confidence: Decimal
) -> Signal:
    fields = facts.fields
    order_type, trigger = _order_type(fields, side, levels.entry)
    levers, sizes = _range(facts, fields.leverage), _range(facts, fields.size)
    fraction = size_fraction(facts.tokens)
    symbol = contract.underlying if contract is not None else (facts.chosen.symbol if facts.chosen else None)
    return Signal(
        action=Action.OPEN,
        symbol=symbol,
        asset_class=facts.family(),
        side=side,
        order_type=order_type,
        entry=levels.entry,
        trigger=trigger,
        stop_loss=levels.stop,
        take_profits=levels.targets,
        stop_loss_pct=_value(fields.stop_percent),
        take_profits_pct=_values(fields.target_percents) if not levels.targets else (),
        stop_loss_pips=_value(fields.stop_pips),
        take_profits_pips=_values(fields.target_pips) if not levels.targets else (),
        option=contract,
        leverage=min(levers, default=_value(fields.leverage)),
        leverage_range=levers,
        size_pct=min(sizes, default=_value(fields.size)),
        size_pct_range=sizes,
        size_fraction=fraction_of(fraction) if fraction is not None else None,
        risk_pct=min(_range(facts, fields.risk), default=_value(fields.risk)),
        confidence=confidence,
        spans=_open_spans(facts),
    )


def _value(token: Token | None) -> Decimal | None:
    return number_of(token) if token is not None else None


def _values(tokens: list[Token]) -> tuple[Decimal, ...]:
    return tuple(number_of(token) for token in tokens)


def _range(facts: Facts, token: Token | None) -> tuple[Decimal, ...]:
    return range_around(facts.tokens, token) if token is not None else ()


def _open_spans(facts: Facts) -> tuple[Span, ...]:
    fields = facts.fields
    spans = list(facts.symbol_spans())
    roles: list[tuple[str, list[Token]]] = [
        ("side", [token for _, token in fields.sides[:1]]),
        ("entry", fields.entry()),
        ("stop", _present(fields.stop, fields.stop_percent, fields.stop_pips)),
        ("target", [*fields.targets, *fields.target_percents, *fields.target_pips]),
        ("leverage", _present(fields.leverage)),
        ("size", _present(fields.size, size_fraction(facts.tokens))),
        ("risk", _present(fields.risk)),
    ]
    spans.extend(Span(role, token.start, token.end) for role, tokens in roles for token in tokens)
    return tuple(spans)


def _present(*tokens: Token | None) -> list[Token]:
    return [token for token in tokens if token is not None]
