"""Who stands in line for a venue: writes in their order, taken off as far as its rate tokens reach."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from shared.domain.orders import Order, Purpose
from worker.context import Context
from worker.limits import Pot, Urgency

WAVE = 25
LONGEST_WAIT_SECONDS = 2.0
"""What a task waits for tokens; a venue that is closed for longer holds no slot that others need."""


@dataclass
class Line:
    """The writes to one venue from one address that wait for their turn; a pair is one write."""

    pot: Pot
    writes: list[list[Order]] = field(default_factory=list)
    passes: int = 1
    closed_for: float = 0.0
    """Seconds for which the venue told us to wait, where that is longer than a task stands still for."""

    @property
    def is_of_entries(self) -> bool:
        """Whether what waits opens positions: a line has one kind, since entries and exits have tasks of their own."""
        return self.writes[0][0].purpose is Purpose.ENTRY


def lines_of(context: Context, waiting: Sequence[Order]) -> list[Line]:
    """Group orders by where they go; a stop and its target are one write."""
    lines: dict[Pot, Line] = {}
    pairs: dict[str, list[Order]] = {}
    for order in waiting:
        pot = context.pot(order.venue, order.environment, order.account_id)
        line = lines.setdefault(pot, Line(pot))
        if order.pair_id in pairs:
            pairs[order.pair_id].append(order)
            continue
        line.writes.append([order])
        if order.pair_id:
            pairs[order.pair_id] = line.writes[-1]
    return list(lines.values())


def take_tokens(context: Context, line: Line, ends_at: float) -> list[list[Order]]:
    """Take as many writes off a line as the venue's tokens allow now; wait a moment where there are none."""
    wave = line.writes[:WAVE]
    limits = context.limits(line.pot)
    if limits is not None:
        urgency = Urgency.ENTRY if line.is_of_entries else Urgency.EXIT
        grant = context.tokens.take(line.pot, limits, urgency, [write[0].account_id for write in wave])
        if not grant.places and grant.wait_seconds > LONGEST_WAIT_SECONDS:
            line.closed_for = grant.wait_seconds
        elif not grant.places:
            context.pause(min(grant.wait_seconds, max(ends_at - monotonic(), 0)))
        wave = [wave[place] for place in grant.places]
    going = {write[0].order_id for write in wave}
    line.writes = [write for write in line.writes if write[0].order_id not in going]
    return wave
