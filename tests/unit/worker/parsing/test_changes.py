"""`diff`: what two parsers read differently, told by what it means for money."""

import json
from pathlib import Path

import pytest

from worker.parsing.__main__ import main
from worker.parsing.changes import Change, changes_between

OPEN: dict[str, object] = {"id": "a", "is_signal": True, "action": "open", "symbol": "BTC/USDT", "side": "buy", "entry": [1], "stop_loss": 0.9, "confidence": 0.9}
NOISE: dict[str, object] = {"id": "a", "is_signal": False, "action": None, "symbol": None, "reason": "NO_INTENT", "confidence": 1}


def kinds(old: dict[str, object], new: dict[str, object]) -> list[str]:
    return [change.kind for change in changes_between([old], [new])]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (NOISE, OPEN, "opens a trade now"),
        (OPEN, NOISE, "opens no trade any more"),
        (OPEN, {**OPEN, "side": "sell"}, "other instrument or side"),
        (OPEN, {**OPEN, "symbol": "ETH/USDT"}, "other instrument or side"),
        (OPEN, {**OPEN, "stop_loss": 0.8}, "other levels"),
        (NOISE, {**OPEN, "action": "close"}, "acts now"),
        (OPEN, {**OPEN, "id": "b"}, "new message"),
    ],
)
def test_a_change_is_named_by_what_it_does_to_a_follower(old: dict[str, object], new: dict[str, object], kind: str) -> None:
    assert kinds(old, new)[0] == kind


def test_what_moves_no_money_is_no_change() -> None:
    assert kinds(OPEN, {**OPEN, "confidence": 0.5, "take_profits": [], "leverage": None}) == []
    also = [{"action": "update", "update_kind": "cancel", "confidence": 0.7}]
    assert kinds({**OPEN, "also": also}, {**OPEN, "also": [{**also[0], "confidence": 0.9, "stop_loss_pips": None}]}) == []


def test_a_message_that_only_one_side_knows_is_told() -> None:
    assert list(changes_between([OPEN], [])) == [Change("a", "gone", ())]


def write(path: Path, *rows: dict[str, object]) -> str:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return str(path)


def test_two_files_of_rows_are_compared_without_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = write(tmp_path / "old", OPEN), write(tmp_path / "new", {**OPEN, "stop_loss": 0.8})
    assert main(["diff", old, old]) == 0
    assert capsys.readouterr().out == ""
    assert main(["diff", old, new]) == 1
    answer = capsys.readouterr()
    assert answer.out == "a  other levels  stop_loss: 0.9 → 0.8\n"
    assert "1 other levels" in answer.err


def test_a_bad_side_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, broken = write(tmp_path / "good", OPEN), tmp_path / "broken"
    broken.write_text("{}\n[1]\n", encoding="utf-8")
    assert main(["diff", good, str(broken)]) == 2
    assert capsys.readouterr().err == f"diff: {broken}, line 2: no JSON object\n"
    assert main(["diff", good, "current"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
