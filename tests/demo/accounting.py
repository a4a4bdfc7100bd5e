"""The rules by which the demo is judged: nothing lost, nothing done twice, everything explained and covered.

Pure: rows in, findings out. Doubling is judged from the paper venue's own log of submits and fills.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.domain.order_status import AT_VENUE, LIVE, TERMINAL
from shared.models.mapping import Row
from tests.demo.record import Record
from tests.demo.steps import PASSED
from tests.demo.story import Played

_ENDS = frozenset({"noise", "quarantined", "done", "failed"})
_AT_REST = frozenset(str(status) for status in TERMINAL | AT_VENUE)
_LIVE = frozenset(str(status) for status in LIVE)
_ACCEPTED = "ACCEPTED"


class Rule(StrEnum):
    """What a finding breaks."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    UNANSWERED = "unanswered"
    UNFINISHED = "unfinished"
    UNCOVERED = "uncovered"
    RESERVED = "reserved"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be, in one sentence."""

    rule: Rule
    subject: str
    sentence: str


@dataclass(frozen=True)
class Judgement:
    """All findings, and how many messages became what they should."""

    findings: tuple[Finding, ...]
    as_expected: int
    expected: int

    def count(self, rule: Rule) -> int:
        """Return how many findings break a rule."""
        return sum(finding.rule is rule for finding in self.findings)

    @property
    def is_clean(self) -> bool:
        """Tell whether every message is accounted for."""
        return not self.findings


def judge(played: Sequence[Played], record: Record, followers: Mapping[str, str]) -> Judgement:
    """Hold everything that was recorded against everything that was posted.

    Parameters
    ----------
    followers
        Names by user id.
    """
    unexpected = find_unexpected(played, record, followers)
    findings = (
        *find_lost(played, record),
        *find_stray_rows(played, record),
        *find_doubled_orders(record),
        *find_unanswered(record),
        *find_unfinished(record),
        *find_uncovered(record),
        *find_reserved(record),
        *unexpected,
    )
    expected = sum(one.step.expected is not None for one in played)
    return Judgement(findings, expected - len(unexpected), expected)


def find_lost(played: Iterable[Played], record: Record) -> list[Finding]:
    """Every posted revision has a row with an end and a reason."""
    rows = _by_revision(record)
    findings = []
    for one in played:
        if one.revision is None:
            continue
        found = rows.get((one.message_id, one.revision), [])
        if not found:
            findings.append(Finding(Rule.LOST, one.step.key, "it was posted and never recorded"))
        elif found[0]["status"] not in _ENDS or not found[0]["reason"]:
            state = f"{found[0]['status']} {found[0]['reason']}".strip()
            findings.append(Finding(Rule.LOST, one.step.key, f"it has no end: {state}"))
    return findings


def find_stray_rows(played: Iterable[Played], record: Record) -> list[Finding]:
    """No revision has two rows, and no row is of something that nobody posted."""
    posted = {(one.message_id, one.revision) for one in played if one.revision is not None}
    findings = []
    for key, rows in _by_revision(record).items():
        subject = f"{key[0]} revision {key[1]}"
        if len(rows) > 1:
            findings.append(Finding(Rule.DUPLICATED, subject, f"recorded {len(rows)} times"))
        if key not in posted:
            findings.append(Finding(Rule.DUPLICATED, subject, "recorded, and nobody posted it"))
    return findings


def find_doubled_orders(record: Record) -> list[Finding]:
    """The venue accepted each intent once, knows no order but ours, and filled no entry beyond its plan."""
    findings = []
    intents = {order["_id"]: order["intent_id"] for order in record.orders}
    accepted = [row["client_order_id"] for row in record.paper_submits if row["outcome"] == _ACCEPTED]
    findings += [
        Finding(Rule.DUPLICATED, str(order_id), "the venue has an order that we know nothing of")
        for order_id in accepted
        if order_id not in intents
    ]
    for intent, count in Counter(intents[one] for one in accepted if one in intents).items():
        if count > 1:
            findings.append(Finding(Rule.DUPLICATED, intent, f"the venue accepted it {count} times"))
    filled: defaultdict[str, Decimal] = defaultdict(Decimal)
    for fill in record.paper_fills:
        filled[fill["client_order_id"]] += fill["quantity"]
    entered: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in record.orders:
        if order["purpose"] == "entry":
            entered[order["trade_id"]] += filled[order["_id"]]
    for trade in record.trades:
        if entered[trade["_id"]] > trade["planned_quantity"]:
            text = f"{entered[trade['_id']]} {trade['symbol']} entered, {trade['planned_quantity']} planned"
            findings.append(Finding(Rule.DUPLICATED, trade["_id"], text))
    return findings


def find_unanswered(record: Record) -> list[Finding]:
    """Every signal that was planned has a receipt for every active bot of its provider."""
    bots: defaultdict[str, set[str]] = defaultdict(set)
    for bot in record.bots:
        if bot["state"] == "active":
            bots[bot["provider_id"]].add(bot["_id"])
    receipts: defaultdict[str, set[str]] = defaultdict(set)
    for receipt in record.receipts:
        receipts[receipt["signal_id"]].add(receipt["trading_bot_id"])
    findings = []
    for message in record.messages:
        if message["reason"] == "PLANNED":
            missing = len(bots[message["provider_id"]] - receipts[message["signal_id"]])
            if missing:
                text = f"{missing} followers have no receipt"
                findings.append(Finding(Rule.UNANSWERED, message["message_id"], text))
    return findings


def find_unfinished(record: Record) -> list[Finding]:
    """Every receipt that passed names orders, and every order has ended or rests at the venue."""
    findings = []
    known = {order["_id"] for order in record.orders}
    planned = {message["signal_id"] for message in record.messages if message["reason"] == "PLANNED"}
    for receipt in record.receipts:
        is_entry = receipt["signal_id"] in planned and receipt["outcome"] == "passed"
        if is_entry and (not receipt["order_ids"] or not known.issuperset(receipt["order_ids"])):
            findings.append(Finding(Rule.UNFINISHED, receipt["_id"], "it passed and has no orders"))
    findings += [
        Finding(Rule.UNFINISHED, order["_id"], f"{order['purpose']} {order['symbol']} is {order['status']}")
        for order in record.orders
        if order["status"] not in _AT_REST
    ]
    return findings


def find_uncovered(record: Record) -> list[Finding]:
    """Of every position, what can be covered is covered."""
    return [
        Finding(
            Rule.UNCOVERED,
            position["symbol"],
            f"{position['resting']} + {position['managed']} of {position['coverable']} are covered",
        )
        for position in record.positions
        if position["resting"] + position["managed"] != position["coverable"]
    ]


def find_reserved(record: Record) -> list[Finding]:
    """No order that has ended holds money or risk."""
    live = {order["intent_id"] for order in record.orders if order["status"] in _LIVE}
    return [
        Finding(
            Rule.RESERVED, intent, f"{held['notional']} {held['symbol']} reserved for an order that ended"
        )
        for account in record.accounts
        for intent, held in (account["reservations"] or {}).items()
        if intent not in live
    ]


def find_unexpected(
    played: Iterable[Played], record: Record, followers: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Every message became what its story says: status, reason, and each follower's receipt."""
    rows = _by_revision(record)
    answers = receipts_by_signal(record, followers)
    findings = []
    for one in played:
        wanted = one.step.expected
        found = rows.get((one.message_id, one.revision), []) if one.revision is not None else []
        if wanted is None or not found:
            continue
        row = found[0]
        if row["status"] != wanted.status or (wanted.reasons and row["reason"] not in wanted.reasons):
            want = f"{wanted.status} {'/'.join(sorted(wanted.reasons)) or 'with any reason'}"
            text = f"{row['status']} {row['reason']}, expected {want}"
            findings.append(Finding(Rule.UNEXPECTED, one.step.key, text))
        elif (got := answers.get(row["signal_id"] or "", {})) != wanted.receipts:
            text = f"receipts {_codes(got)}, expected {_codes(wanted.receipts)}"
            findings.append(Finding(Rule.UNEXPECTED, one.step.key, text))
    return tuple(findings)


def receipts_by_signal(record: Record, followers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return {signal: {follower: PASSED or the denial's code}}."""
    answers: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for receipt in record.receipts:
        name = followers.get(receipt["user_id"], receipt["user_id"])
        answers[receipt["signal_id"]][name] = PASSED if receipt["outcome"] == "passed" else receipt["code"]
    return dict(answers)


def _by_revision(record: Record) -> dict[tuple[str, int], list[Row]]:
    rows: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in record.messages:
        rows[row["message_id"], int(row["revision"])].append(row)
    return dict(rows)


def _codes(receipts: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {code}" for name, code in sorted(receipts.items())) or "none"
