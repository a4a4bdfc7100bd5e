"""The judge: what the venue's own log says happened, beside what we said would happen.

The log is read from its file and played into a fresh book of the venue's own code; our database is asked only
what was planned and what ended with which reason.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

from bson.decimal128 import Decimal128
from pymongo.database import Database

from shared.domain.identifiers import client_order_id, entry_intent_id
from tests.emulators.venue.book import VenueBook
from tests.emulators.venue.instruments import LISTINGS
from tests.faults.crews import Crew, Member

Row = dict[str, Any]
_ENDS = {"DENIED", "EXPIRED", "CANCELED", "FILLED", "REJECTED", "ABANDONED"}
_SHOWN = 5


@dataclass
class Verdict:
    """Counts, and one sentence for each thing that must not be."""

    messages: int = 0
    passed: int = 0
    denied: int = 0
    entries: int = 0
    not_placed: int = 0
    covers: int = 0
    held: int = 0
    doubled: int = 0
    lost: int = 0
    naked: int = 0
    problems: list[str] = field(default_factory=list)

    def say(self) -> str:
        """The first problems, for an assertion."""
        more = len(self.problems) - _SHOWN
        return "\n".join([*self.problems[:_SHOWN], *([f"... and {more} more"] if more > 0 else [])])


class Log:
    """The venue's log, as its file has it."""

    def __init__(self, path: Path) -> None:
        self.lines: list[Row] = [json.loads(text) for text in path.read_text().splitlines()]
        self.book = VenueBook()
        for line in self.lines:
            if line.get("command") and line["outcome"] == "OK":
                self.book.apply(line["command"])

    def submits(self, keys: frozenset[str]) -> list[Row]:
        """Every POST of an order by these accounts, in the order of arrival."""
        return [
            line
            for line in self.lines
            if (line["method"], line["path"]) == ("POST", "/orders") and line["key"] in keys
        ]

    def accepted(self, keys: frozenset[str]) -> list[Row]:
        """The submits that became orders."""
        return [line for line in self.submits(keys) if line["outcome"] == "OK"]


def judge(log: Log, database: "Database[Row]", crew: Crew, message_ids: Sequence[str]) -> Verdict:
    """Hold what happened to a scenario's messages against the rules; see `Verdict`."""
    verdict = Verdict(messages=len(message_ids))
    _check_messages(verdict, database, crew, message_ids)
    accepted = log.accepted(crew.keys)
    _check_doubles(verdict, accepted)
    _check_entries(verdict, database, crew, message_ids, accepted)
    _check_cover(verdict, log.book, crew)
    _check_books(verdict, log.book, database, crew)
    return verdict


def _check_messages(
    verdict: Verdict, database: "Database[Row]", crew: Crew, message_ids: Sequence[str]
) -> None:
    """Every message has an end with a reason, and every follower a receipt of what was planned."""
    rows = database["messages"].find({"channel_id": {"$in": crew.channel_ids}})
    ends: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        ends[row["message_id"]].append(row)
    receipts = Counter(
        (row["message_id"], row["trading_bot_id"])
        for row in database["receipts"].find({"provider_id": {"$in": crew.provider_ids}})
    )
    for message_id in message_ids:
        known = ends.get(message_id, [])
        if not known:
            verdict.problems.append(f"message {message_id} was never recorded")
        for row in known:
            if row["status"] in {"pending", "failed"} or not row["reason"]:
                verdict.problems.append(f"message {message_id} is {row['status']} ({row['reason']!r})")
            if row["reason"] == "PLANNED":
                for member in crew.followers_of(row["channel_id"]):
                    if not receipts[message_id, member.bot_id]:
                        verdict.problems.append(f"message {message_id} has no receipt for {member.key}")


def _check_doubles(verdict: Verdict, accepted: Sequence[Row]) -> None:
    """No client order id, entry or cover, became an order twice."""
    counted = Counter((line["key"], line["body"]["client_order_id"]) for line in accepted)
    for (key, client_id), count in counted.items():
        if count > 1:
            verdict.doubled += 1
            verdict.problems.append(f"order {client_id} of {key} was accepted {count} times")


def _check_entries(
    verdict: Verdict,
    database: "Database[Row]",
    crew: Crew,
    message_ids: Sequence[str],
    accepted: Sequence[Row],
) -> None:
    """Every buy belongs to one (account, message) and is no more than planned; none that passed is missing."""
    expected = {_entry_id(member, m): (member, m) for member in crew.members for m in message_ids}
    bought: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in accepted:
        client_id = line["body"]["client_order_id"]
        if line["body"]["side"] != "buy":
            verdict.covers += 1
        elif client_id not in expected or expected[client_id][0].key != line["key"]:
            verdict.problems.append(f"nobody asked for the order {client_id} of {line['key']}")
        else:
            verdict.entries += 1
            bought[line["key"], expected[client_id][1]] += Decimal(line["body"]["quantity"])
    keys = {member.bot_id: member.key for member in crew.members}
    orders = {row["_id"]: row for row in database["orders"].find({"provider_id": {"$in": crew.provider_ids}})}
    for receipt in database["receipts"].find({"provider_id": {"$in": crew.provider_ids}}):
        who = keys[receipt["trading_bot_id"]]
        got = bought.pop((who, receipt["message_id"]), Decimal(0))
        if receipt["outcome"] != "passed" or not receipt["order_ids"]:
            verdict.denied += receipt["outcome"] != "passed"
            if got:
                verdict.problems.append(f"{who} bought on {receipt['message_id']}: {receipt['code']}")
            continue
        verdict.passed += 1
        _check_passed(verdict, who, receipt, got, [orders.get(order_id) for order_id in receipt["order_ids"]])
    for who, message_id in bought:
        verdict.problems.append(f"{who} bought on {message_id} without a receipt")


def _check_passed(
    verdict: Verdict, who: str, receipt: Row, got: Decimal, orders: Sequence[Row | None]
) -> None:
    name = f"{who} on {receipt['message_id']}"
    if any(order is None for order in orders):
        verdict.lost += 1
        verdict.problems.append(f"{name}: a planned order is not in the database")
        return
    known = [order for order in orders if order is not None]
    planned = sum((_decimal(order["quantity"]) for order in known), Decimal(0))
    if got > planned:
        verdict.doubled += 1
        verdict.problems.append(f"{name}: {got} accepted, {planned} planned")
    for order in known:
        if order["status"] not in _ENDS | {"ACCEPTED", "PARTIALLY_FILLED"}:
            verdict.problems.append(f"{name}: the entry is still {order['status']}")
        if order["status"] == "FILLED":
            continue
        verdict.not_placed += not got
        if got and order["status"] in {"ABANDONED", "DENIED", "REJECTED"}:
            verdict.lost += 1
            verdict.problems.append(f"{name}: the venue has the entry, we say {order['status']}")
        if not got and not order["code"]:
            verdict.lost += 1
            verdict.problems.append(f"{name}: {order['status']}, not at the venue, and no reason")
    if not got and any(order["status"] == "FILLED" for order in known):
        verdict.lost += 1
        verdict.problems.append(f"{name}: we say FILLED, the venue has nothing")


def _check_cover(verdict: Verdict, book: VenueBook, crew: Crew) -> None:
    """What an account holds rests under stops, exactly; what is below a lot or the minimum cannot."""
    for key in sorted(crew.keys):
        stops: dict[str, Decimal] = defaultdict(Decimal)
        for order in book.orders_of(key):
            if order.is_open and order.side == "sell" and order.type == "stop":
                stops[order.symbol] += order.left
        for listing in LISTINGS.values():
            total = book.wallet(key).get(listing.base, Decimal(0))
            held = (total / listing.lot).to_integral_value(rounding=ROUND_DOWN) * listing.lot
            wanted = held if held * book.prices[listing.symbol] >= listing.minimum_notional else Decimal(0)
            verdict.held += wanted > 0
            if stops[listing.symbol] != wanted:
                verdict.naked += 1
                verdict.problems.append(
                    f"{key} holds {total} {listing.base}: {stops[listing.symbol]} under stops, not {wanted}"
                )


def _check_books(verdict: Verdict, book: VenueBook, database: "Database[Row]", crew: Crew) -> None:
    """Our positions are the venue's balances."""
    for member in crew.members:
        ours: dict[str, Decimal] = defaultdict(Decimal)
        for trade in database["trades"].find({"account_id": member.account_id}):
            ours[trade["symbol"]] += _decimal(trade["held"])
        for listing in LISTINGS.values():
            theirs = book.wallet(member.key).get(listing.base, Decimal(0))
            if ours[listing.symbol] != theirs:
                verdict.problems.append(
                    f"{member.key}: we count {ours[listing.symbol]} {listing.base}, the venue {theirs}"
                )


def _entry_id(member: Member, message_id: str) -> str:
    channel_id = member.provider.channel_id
    return client_order_id(entry_intent_id(member.bot_id, "discord", channel_id, message_id, 0), 1)


def _decimal(value: Decimal128 | None) -> Decimal:
    return Decimal(0) if value is None else value.to_decimal()
