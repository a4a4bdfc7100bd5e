"""The command line: JSON lines in, JSON lines out."""

import io
import json

from worker.parsing.__main__ import run


def rows(text: str) -> tuple[int, list[dict[str, object]]]:
    out = io.StringIO()
    status = run(io.StringIO(text), out)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_reading_is_written_as_the_labels_are() -> None:
    status, (row,) = rows(json.dumps({"id": "a", "text": "Long SOL/USDT\nEntry 140, 142, 144\nSL 135.5\nTP 150"}) + "\n")
    assert status == 0
    assert (row["id"], row["is_signal"], row["action"], row["symbol"], row["side"]) == ("a", True, "open", "SOL/USDT", "buy")
    assert (row["entry"], row["entry_points"], row["stop_loss"], row["take_profits"]) == ([140, 144], [140, 142, 144], 135.5, [150])


def test_an_option_is_written_as_a_contract() -> None:
    _, (row,) = rows(json.dumps({"id": "a", "text": "BTO SPY 12/20 600c @ 2.15"}))
    assert row["symbol"] == {"underlying": "SPY", "expiry": "12-20", "strike": 600, "right": "C"}


def test_a_bad_line_gives_an_error_and_the_rest_goes_on() -> None:
    status, written = rows('[]\nnot json\n{"id": 1}\n\n{"id": 2, "text": "gm"}\n')
    assert status == 1
    assert [sorted(row) for row in written[:3]] == [["error", "line"]] * 3
    assert (written[3]["id"], written[3]["is_signal"], written[3]["reason"]) == (2, False, "NO_INTENT")
