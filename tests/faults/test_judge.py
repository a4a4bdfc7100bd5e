"""The judge sees what must not be: each wrong thing, put into a run where all else is well, is found and named."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.judge import judge
from tests.faults.records import Records, read_records

KEY, ENTRY, STOP = "load-1", "entry-id", "stop-id"


def line(second: float, **what: Any) -> dict[str, Any]:
    """A line of the venue's log."""
    at = f"2026-11-27T12:00:{second:09.6f}+00:00"
    said = {"at": at, "key": KEY, "method": "POST", "path": "/api/v3/order", "status": 200, "params": {}}
    return {**said, **what}


def accepted(order_id: str, side: str, quantity: str, kind: str = "MARKET") -> dict[str, Any]:
    """An order as the log tells of its acceptance."""
    named = {"client_order_id": order_id, "symbol": "S010USDT", "side": side, "type": kind}
    return {**named, "order_id": 1, "quantity": quantity, "status": "NEW"}


def fill(order_id: str, side: str, quantity: str) -> dict[str, Any]:
    """An execution as the log tells it."""
    named = {"client_order_id": order_id, "symbol": "S010USDT", "key": KEY, "side": side}
    return {**named, "quantity": quantity, "price": "20", "fee": "0.01", "fee_asset": "USDT"}


def a_good_run() -> Records:
    """One signal, bought by its one follower and covered a second later; a fault struck the entry."""
    bought = {"accepted": [accepted(ENTRY, "BUY", "10")], "fills": [fill(ENTRY, "BUY", "10")]}
    struck = {"faults": [{"id": 1, "kind": "accept_then_500"}], "client_order_ids": [ENTRY]}
    order = {"kind": "order", "key": KEY, "intent_id": "i", "code": None, "created_at": line(1)["at"]}
    known = [{"status": "FILLED", "at": line(3)["at"]}]
    return Records(
        about={"factor": 1, "seed": 1},
        trials=[
            {
                "row": "10",
                "key": KEY,
                "channel_id": "c",
                "message_id": "m",
                "posted_at": line(0)["at"],
                "expires_at": line(30)["at"],
                "entry_ids": [ENTRY],
                "budget": "200",
                "real": True,
            }
        ],
        venue=[
            line(1, **bought, **struck),
            line(2, accepted=[accepted(STOP, "SELL", "10", "STOP_LOSS")]),
        ],
        ledger=[
            {**order, "id": ENTRY, "purpose": "entry", "status": "FILLED", "filled": "10", "events": known},
            {**order, "id": STOP, "purpose": "stop", "status": "ACCEPTED", "filled": "0", "events": []},
            {"kind": "trade", "key": KEY, "symbol": "S010USDT", "held": "10"},
            {"kind": "receipt", "key": KEY, "message_id": "m", "code": "PASSED", "outcome": "passed"},
            {"kind": "message", "key": KEY, "message_id": "m", "status": "done", "reason": "PLANNED"},
        ],
    )


def accept_twice(run: Records) -> None:
    run.venue.append(line(5, accepted=[accepted(ENTRY, "BUY", "10")]))


def buy_twice_the_budget(run: Records) -> None:
    run.trials[0]["entry_ids"].append("second attempt")
    bought = {
        "accepted": [accepted("second attempt", "BUY", "1")],
        "fills": [fill("second attempt", "BUY", "1")],
    }
    run.venue.insert(1, line(1.5, **bought))


def buy_unasked(run: Records) -> None:
    run.venue.append(line(5, accepted=[accepted("nobody's", "BUY", "1")]))


def sell_what_is_not_there(run: Records) -> None:
    run.venue.append(line(5, fills=[fill(STOP, "SELL", "11")]))


def arrive_late(run: Records) -> None:
    run.trials[0]["expires_at"] = line(0.5)["at"]


def forget_the_order(run: Records) -> None:
    del run.ledger[0]


def count_less(run: Records) -> None:
    run.ledger[2]["held"] = "9"


def stay_in_doubt(run: Records) -> None:
    run.ledger[0]["status"] = "UNKNOWN"


def end_without_a_reason(run: Records) -> None:
    run.ledger[1]["status"] = "REJECTED"


def claim_what_is_not_there(run: Records) -> None:
    run.venue.pop()


def say_nothing(run: Records) -> None:
    del run.ledger[3]


def leave_the_message(run: Records) -> None:
    run.ledger[4]["status"] = "pending"


def lose_the_stop(run: Records) -> None:
    named = {"client_order_id": STOP, "symbol": "S010USDT", "key": KEY, "event": "canceled"}
    run.venue.append(line(5, method="DELETE", changes=[named]))


WRONGS: list[tuple[Callable[[Records], None], str]] = [
    (accept_twice, "doubled"),
    (buy_twice_the_budget, "doubled"),
    (buy_unasked, "doubled"),
    (sell_what_is_not_there, "doubled"),
    (arrive_late, "stale"),
    (forget_the_order, "lost"),
    (count_less, "lost"),
    (stay_in_doubt, "lost"),
    (end_without_a_reason, "lost"),
    (claim_what_is_not_there, "lost"),
    (say_nothing, "lost"),
    (leave_the_message, "lost"),
    (lose_the_stop, "naked"),
]


def test_what_was_accepted_may_not_be_sent_again() -> None:
    run = a_good_run()
    run.venue.append(line(5, params={"newClientOrderId": ENTRY}, outcome="-2010"))
    [problem] = judge(run).problems
    assert "was sent again" in problem


def test_a_good_run_has_no_problems_and_its_seconds_are_read(tmp_path: Path) -> None:
    a_good_run().write(tmp_path)
    verdict = judge(read_records(tmp_path))
    assert verdict.problems == []
    assert (verdict.real_faults, verdict.trials, verdict.entries) == (1, 1, 1)
    assert (verdict.bare_seconds, verdict.resolve_seconds) == ([1.0], [2.0])


@pytest.mark.parametrize(("spoil", "column"), WRONGS, ids=[spoil.__name__ for spoil, _ in WRONGS])
def test_what_must_not_be_is_found(spoil: Callable[[Records], None], column: str) -> None:
    run = copy.deepcopy(a_good_run())
    spoil(run)
    verdict = judge(run)
    assert getattr(verdict, column) >= 1
    assert verdict.problems
