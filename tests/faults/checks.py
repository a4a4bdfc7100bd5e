"""What single scenarios ask beside the common rules."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from tests.faults.crews import Crew
from tests.faults.judge import Log

_CLAIM_IS_GOOD_FOR = timedelta(seconds=2.5)
"""DESIGN 4: the first byte leaves within 2 s of the claim; the rest is its way to the venue's log."""


def stale_sends(log: Log, database: "Database[dict[str, Any]]", crew: Crew) -> list[str]:
    """Say which orders reached the venue later than their claim was good for."""
    claims: dict[str, list[datetime]] = defaultdict(list)
    for order in database["orders"].find({"account_id": {"$in": crew.account_ids}}, {"events": 1}):
        claims[order["_id"]] = [event["at"] for event in order["events"] if event["status"] == "SUBMITTED"]
    problems = []
    for line in log.submits(crew.keys):
        arrived = datetime.fromisoformat(line["at"])
        order_id = line["body"]["client_order_id"]
        before = [at for at in claims[order_id] if at <= arrived + timedelta(milliseconds=5)]
        if not before or arrived - max(before) > _CLAIM_IS_GOOD_FOR:
            late = f"{arrived - max(before)} after its claim" if before else "without a claim"
            problems.append(f"order {order_id} reached the venue {late}")
    return problems
