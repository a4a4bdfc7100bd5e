"""The judge: what the venue's log says, against the messages that were sent and what we say became of them.

Doubled: the venue accepted an order twice, more of an intent than its budget buys, or what nobody asked for.
Lost: an input without an end and its reason, or fills of the venue's that our ledger does not have.
Stale: accepted after the signal's time was over. Missed: given up by our own fault.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tests.faults.records import Records, Row
from tests.faults.rigs import RIGS, rig_of
from tests.faults.venue_story import ZERO, VenueOrder, VenueStory

_MOVING = frozenset({"INITIALIZED", "SUBMITTED", "UNKNOWN", "PENDING_CANCEL"})
_UNRESOLVED = frozenset({"INITIALIZED", "SUBMITTED", "UNKNOWN"})
_NEED_NO_CODE = frozenset({"FILLED", "ACCEPTED", "PARTIALLY_FILLED"})
_NEW_IDS = frozenset(
    {rig.new_id for rig in RIGS.values()} | {"aboveClientOrderId", "belowClientOrderId", "clientAlgoId"}
)
PLACED_BEFORE = "placed beforehand"
"""Struck where a test itself has sent what a worker sends next: the one case in which that is right."""

# A price stands still, but a taker pays the ask: a tick more.
_BUDGET_ROOM = Decimal("1.01")


@dataclass
class Verdict:
    """One row's figures; `problems` has a sentence for each thing that must not be. Seconds are lists until read."""

    row: str
    real_faults: int = 0
    other_faults: int = 0
    trials: int = 0
    entries: int = 0
    doubled: int = 0
    lost: int = 0
    stale: int = 0
    missed: int = 0
    expired: int = 0
    naked: int = 0
    bare_seconds: list[float] = field(default_factory=list)
    resolve_seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def say(self, most: int = 8) -> str:
        """The first problems, for an assertion."""
        more = len(self.problems) - most
        return "\n".join([*self.problems[:most], *([f"... and {more} more"] if more > 0 else [])])


def judge(records: Records) -> Verdict:
    """Hold one row's records against the rules."""
    verdict = Verdict(records.trials[0]["row"] if records.trials else "")
    rig = rig_of(verdict.row)
    story = VenueStory(records.venue, rig)
    verdict.trials = len(records.trials)
    _count_faults(verdict, records)
    _judge_orders(verdict, records.trials, story, rig.units)
    _judge_sends(verdict, records)
    _judge_ledger(verdict, records.ledger, story)
    _judge_ends(verdict, records.trials, records.ledger)
    _judge_cover(verdict, story)
    if not rig.rests:
        _judge_watched(verdict, records.ledger)
    _measure(verdict, records)
    return verdict


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return a percentile; None of nothing."""
    if not values:
        return None
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _count_faults(verdict: Verdict, records: Records) -> None:
    """Count what was struck: by the venue's log, and by the word of who struck the processes."""
    real = any(trial["real"] for trial in records.trials)
    struck = sum(len(line.get("faults", ())) for line in records.venue if not line.get("late"))
    for number, is_real in ((struck, real), *((1, blow["real"]) for blow in records.injections)):
        verdict.real_faults += number if is_real else 0
        verdict.other_faults += 0 if is_real else number


def _judge_sends(verdict: Verdict, records: Records) -> None:
    """No order is written again once the venue has accepted it, whether or not the venue would refuse it."""
    if any(blow["kind"] == PLACED_BEFORE for blow in records.injections):
        return
    accepted: set[tuple[str, str]] = set()
    for line in records.venue:
        # A late acceptance tells again of a request that came before.
        if line["method"] == "POST" and not line.get("late"):
            for name in _NEW_IDS & line["params"].keys():
                if (line["key"], line["params"][name]) in accepted:
                    verdict.problems.append(
                        f"{line['params'][name]} of {line['key']} was sent again at {line['at']}"
                    )
        accepted |= {(line["key"], order["client_order_id"]) for order in line.get("accepted", ())}


def _judge_orders(verdict: Verdict, trials: Sequence[Row], story: VenueStory, units: int) -> None:
    asked = {(trial["key"], order_id): trial for trial in trials for order_id in trial["entry_ids"]}
    spent: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (key, order_id), order in story.orders.items():
        name = f"{order.side} {order_id} of {key}"
        if len(order.accepted_at) > 1:
            _double(verdict, f"{name} was accepted {len(order.accepted_at)} times")
        if order.executed > order.quantity:
            _double(verdict, f"{name}: {order.executed} of {order.quantity} executed")
        if order.side == "BUY":
            verdict.entries += 1
            trial = asked.get((key, order_id))
            if trial is None:
                _double(verdict, f"nobody asked for {name}")
            else:
                spent[key, trial["message_id"]] += order.committed * units
                _judge_age(verdict, name, order, trial)
    budgets = {(trial["key"], trial["message_id"]): Decimal(trial["budget"]) for trial in trials}
    for place, money in spent.items():
        if money > budgets[place] * _BUDGET_ROOM:
            _double(verdict, f"{place[0]} spent {money} on message {place[1]}, not {budgets[place]}")
    for (key, symbol), held in story.holdings.items():
        if held.amount < ZERO:
            _double(verdict, f"{key} sold {-held.amount} more of {symbol} than it had")


def _judge_age(verdict: Verdict, name: str, order: VenueOrder, trial: Row) -> None:
    late = [at for at in order.accepted_at if at > datetime.fromisoformat(trial["expires_at"])]
    if late:
        verdict.stale += 1
        verdict.problems.append(
            f"{name} was accepted at {late[0]}; its time was over at {trial['expires_at']}"
        )


def _judge_ledger(verdict: Verdict, ledger: Sequence[Row], story: VenueStory) -> None:
    """Hold our orders and positions against the venue's."""
    ours = {(row["key"], row["id"]): row for row in ledger if row["kind"] == "order"}
    for (key, order_id), order in story.orders.items():
        row = ours.get((key, order_id))
        if row is None or Decimal(row["filled"]) != order.executed:
            said = "nothing" if row is None else row["filled"]
            _lose(
                verdict, f"{order.side} {order_id} of {key}: the venue filled {order.executed}, we say {said}"
            )
    for place, row in ours.items():
        complaint = _complaint_about(row, at_venue=place in story.orders)
        if complaint:
            _lose(verdict, f"{row['purpose']} {place[1]} of {place[0]} is {row['status']}: {complaint}")
        if row["purpose"] == "entry":
            verdict.missed += row["status"] == "ABANDONED"
            verdict.expired += row["status"] == "EXPIRED"
    counted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in ledger:
        if row["kind"] == "trade":
            counted[row["key"], row["symbol"]] += Decimal(row["held"])
    for place in story.holdings.keys() | counted.keys():
        held = story.holdings[place].amount
        if counted[place] != held:
            _lose(verdict, f"{place[0]} holds {held} of {place[1]}, we count {counted[place]}")


def _complaint_about(row: Row, *, at_venue: bool) -> str:
    """Say what is wrong with where an order of ours stands at rest; nothing where all is well."""
    if row["status"] in _MOVING:
        return "it has no end"
    if row["status"] in _NEED_NO_CODE:
        return "" if at_venue else "the venue never accepted it"
    return "" if row["code"] else "no reason is told"


def _judge_ends(verdict: Verdict, trials: Sequence[Row], ledger: Sequence[Row]) -> None:
    """Every message has an end with a reason, and every follower of a planned one a receipt with a code."""
    ends = {(row["key"], row["message_id"]): row for row in ledger if row["kind"] == "message"}
    receipts = {(row["key"], row["message_id"]): row for row in ledger if row["kind"] == "receipt"}
    for trial in trials:
        place = (trial["key"], trial["message_id"])
        end, receipt = ends.get(place), receipts.get(place)
        if end is None:
            _lose(verdict, f"message {trial['message_id']} was never recorded")
        elif end["status"] in {"pending", "failed"} or not end["reason"]:
            _lose(verdict, f"message {trial['message_id']} is {end['status']} ({end['reason']!r})")
        elif end["reason"] == "PLANNED" and receipt is None:
            _lose(verdict, f"message {trial['message_id']} has no receipt for {trial['key']}")
        if receipt is not None and not receipt["code"]:
            _lose(verdict, f"the receipt of {trial['key']} for {trial['message_id']} has no code")


def _judge_cover(verdict: Verdict, story: VenueStory) -> None:
    for (key, symbol), bare in story.bare().items():
        verdict.naked += 1
        verdict.problems.append(f"{key} holds {bare} of {symbol} under no stop")
    verdict.bare_seconds = [held.bare_seconds for held in story.holdings.values() if held.bare_seconds]


def _judge_watched(verdict: Verdict, ledger: Sequence[Row]) -> None:
    """Where no stop can rest, all that is held must be watched by us."""
    for row in ledger:
        if row["kind"] == "trade" and row["held"] != row["managed"]:
            verdict.naked += 1
            verdict.problems.append(
                f"{row['key']} holds {row['held']} of {row['symbol']}, {row['managed']} is watched"
            )


def _measure(verdict: Verdict, records: Records) -> None:
    """Take the seconds from each strike to the end of the doubt about the order that it struck."""
    orders = {(row["key"], row["id"]): row for row in records.ledger if row["kind"] == "order"}
    for line in records.venue:
        for order_id in line.get("client_order_ids", ()) if line.get("faults") else ():
            row = orders.get((line["key"], order_id))
            if row is not None and not line.get("late"):
                verdict.resolve_seconds += _until_known(row["events"], datetime.fromisoformat(line["at"]))
    for blow in records.injections:
        at = datetime.fromisoformat(blow["at"])
        for row in orders.values():
            if datetime.fromisoformat(row["created_at"]) <= at and not _was_known(row["events"], at):
                verdict.resolve_seconds += _until_known(row["events"], at)


def _was_known(events: Iterable[Row], at: datetime) -> bool:
    return any(e["status"] not in _UNRESOLVED and datetime.fromisoformat(e["at"]) <= at for e in events)


def _until_known(events: Iterable[Row], at: datetime) -> list[float]:
    """Return the seconds from a moment to the first event after it that ends the doubt, if there is one."""
    known = (datetime.fromisoformat(e["at"]) for e in events if e["status"] not in _UNRESOLVED)
    # Events bear the database's or a worker's milliseconds, the venue's lines its microseconds.
    return [max((moment - at).total_seconds(), 0.0) for moment in known if moment >= at][:1]


def _double(verdict: Verdict, problem: str) -> None:
    verdict.doubled += 1
    verdict.problems.append(problem)


def _lose(verdict: Verdict, problem: str) -> None:
    verdict.lost += 1
    verdict.problems.append(problem)
