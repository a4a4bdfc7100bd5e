"""The demo's figures, and the lines that tell them to a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.demo.accounting import Judgement, Rule
from tests.demo.record import Record
from tests.demo.screen import Screen
from tests.demo.story import Played
from tests.house.house import House


def figures_of(
    played: Sequence[Played], record: Record, judgement: Judgement, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Count what happened; `accounted_for` decides the exit status."""
    holding = [position for position in record.positions if position["coverable"]]
    uncovered = judgement.count(Rule.UNCOVERED)
    return {
        "steps": len(played),
        "messages": sum(one.revision is not None for one in played),
        "lost": judgement.count(Rule.LOST),
        "duplicated": judgement.count(Rule.DUPLICATED),
        "as_expected": judgement.as_expected,
        "expected": judgement.expected,
        "findings": len(judgement.findings),
        "receipts": len(record.receipts),
        "orders": len(record.orders),
        "venue_submits": len(record.paper_submits),
        "fills": len(record.fills),
        "positions": len(holding),
        "covered": len(holding) - uncovered,
        "closed_at_target": _closed(record, "TARGET_HIT"),
        "closed_at_stop": _closed(record, "STOP_HIT"),
        "seconds": dict(seconds),
        "accounted_for": judgement.is_clean,
    }


def print_findings(screen: Screen, judgement: Judgement) -> None:
    """Print each thing that is not as it must be."""
    if judgement.findings:
        screen.say("")
    for finding in judgement.findings:
        screen.console.print(
            f"[red]✗ {finding.rule}[/red] {finding.subject}: {finding.sentence}", markup=True, soft_wrap=True
        )


def print_summary(screen: Screen, house: House, figures: Mapping[str, Any]) -> None:
    """Print the figures in words, and where to look."""
    flower_user = house.env["FLOWER_BASIC_AUTH"]
    seconds = figures["seconds"]
    messages = (
        f"{figures['messages']} message revisions: {figures['lost']} lost, {figures['duplicated']} duplicated, "
        f"as expected {figures['as_expected']}/{figures['expected']}."
    )
    orders = (
        f"{figures['receipts']} receipts, {figures['orders']} orders, {figures['fills']} fills; "
        f"{figures['covered']} of {figures['positions']} positions covered; "
        f"{figures['closed_at_target']} trades closed at a target, {figures['closed_at_stop']} at a stop."
    )
    for line in (
        "",
        messages,
        orders,
        f"{seconds['total']:.0f} s in all, of which the processes took {seconds['processes']:.0f} s to start.",
        "",
        f"Dashboard  {house.web_url}/  (Log in as the demo follower; prices are synthetic)",
        f"Flower     {house.flower_url}/  ({flower_user})",
        "Records    reports/demo/",
    ):
        screen.console.print(line, markup=False, soft_wrap=True)


def _closed(record: Record, reason: str) -> int:
    return sum(trade["close_reason"] == reason for trade in record.trades)
