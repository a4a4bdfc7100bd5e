"""The estimate's own parts: families stay whole, what is left out comes back, and figures count as the corpus says."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.domain.signals import Signal
from tests.learning.__main__ import main
from tests.learning.families import families_of, folds_of
from tests.learning.figures import Figures, judge, total
from tests.learning.forgetting import entries_in, forgotten, only_in
from tests.learning.rows import MUTE, Labelled, intent_of, own_samples, read_labelled, strangers
from tests.learning.training import calibration_error, fit, temperature_of
from worker.parsing import lexicon
from worker.parsing.intent import Intent, probabilities
from worker.parsing.parser import parse_message

OPEN: dict[str, Any] = {**MUTE, "is_signal": True, "action": "open", "symbol": "SOL/USDT", "side": "buy", "entry": [142, 144], "stop_loss": 138, "take_profits": [150]}


def labelled(text: str, label: dict[str, Any] | None = None, row_id: str = "a") -> Labelled:
    wanted = label or MUTE
    return Labelled(row_id, text, intent_of(wanted), wanted, (), "set")


def test_messages_of_one_layout_are_one_family_whatever_they_trade() -> None:
    texts = ["🟢 LONG {}\nEntry {}\nStop {}\nTarget {}", "{}: trimming half here, up nicely, rest runs", "Guten Morgen, heute schaue ich auf {} bei {}"]
    rows = [labelled(text.format(name, 10, 9, 12)) for text in texts for name in ("SOL", "AVAX", "LINK")]
    families = families_of(rows)
    assert [len(set(families[at : at + 3])) for at in (0, 3, 6)] == [1, 1, 1]
    assert len(set(families)) == 3


def test_a_family_is_never_cut_into_two_folds() -> None:
    families = [0, 0, 0, 1, 1, 2, 3, 3, 3, 3]
    folds = folds_of(families, 3)
    assert all(len({fold for fold, other in zip(folds, families, strict=True) if other == family}) == 1 for family in families)
    assert set(folds) == {0, 1, 2}


def test_what_is_forgotten_is_not_read_and_comes_back() -> None:
    text = "SOL: Stop auf Einstand"
    before = parse_message(text)
    assert isinstance(before, Signal)
    assert before.update_kind == "move_stop_to_breakeven"
    entries, names = only_in([text], ["nothing of it"])
    assert ("einstand",) in entries
    assert "SOL" in names
    with forgotten({("einstand",)}, set()):
        assert not isinstance(parse_message(text), Signal)
    assert parse_message(text) == before


def test_a_forgotten_name_is_no_instrument() -> None:
    text = "long sol 142 sl 138 tp 150"
    with forgotten(set(), {"SOL"}):
        assert parse_message(text).symbol != "SOL/USDT"
    assert parse_message(text).symbol == "SOL/USDT"


def test_stems_are_entries_too() -> None:
    entries, _ = entries_in("отменяем лимитку")
    assert any(entry[0].endswith("*") for entry in entries)
    assert all(entry in lexicon.PHRASES or entry[0][:-1] in lexicon.STEMS for entry in entries)


@pytest.mark.parametrize(
    ("got", "figures"),
    [({**OPEN, "entry": [144, 142]}, Figures(opens=1, recalled=1, exact=1)), ({**OPEN, "symbol": "SOL"}, Figures(opens=1, recalled=1, wrong=1)),
     ({**OPEN, "stop_loss": None}, Figures(opens=1, recalled=1)), ({**OPEN, "is_signal": False}, Figures(opens=1))],
)
def test_an_open_counts_as_the_corpus_counts_it(got: dict[str, Any], figures: Figures) -> None:
    assert judge(labelled("x", OPEN), got) == figures


def test_a_trade_on_chatter_is_a_false_trade_and_a_missed_silence() -> None:
    assert judge(labelled("x"), OPEN) == Figures(others=1, false_trades=1, noise=1)
    close = {**MUTE, "is_signal": True, "action": "close", "update_kind": "close_all", "symbol": "SPY"}
    option = {**close, "symbol": {"underlying": "SPY", "strike": 600, "right": "C", "expiry": None}}
    assert judge(labelled("x", close), option) == Figures(others=1, updates=1, updates_exact=1)
    assert total([Figures(opens=1), Figures(opens=2, exact=1)]) == Figures(opens=3, exact=1)


def test_training_is_the_same_for_the_same_rows_and_learns_what_separates_them() -> None:
    observed = [(frozenset({"stop", f"n{i % 2}"}), Intent.OPEN) for i in range(8)] + [(frozenset({"talk", f"n{i % 2}"}), Intent.NOISE) for i in range(8)]
    observed += [(frozenset({"exit"}), Intent.CLOSE)] * 8
    weights = fit(observed)
    assert weights == fit(observed)
    assert probabilities({"stop"}, weights)[Intent.OPEN] > 0.5
    assert probabilities({"talk"}, weights)[Intent.OPEN] < 0.3


def test_overconfident_predictions_get_a_higher_temperature() -> None:
    sure = {Intent.OPEN: 0.99, Intent.NOISE: 0.01}
    mostly_right = [(sure, Intent.OPEN)] * 7 + [(sure, Intent.NOISE)] * 3
    assert temperature_of(mostly_right) > 1
    assert calibration_error(mostly_right) == pytest.approx(0.29)


def test_every_labelled_message_of_the_project_can_be_read() -> None:
    assert {row.intent for row in (*strangers(), *own_samples())} == set(Intent)


@pytest.mark.parametrize("line", ["no json", "[]", '{"id": 1}', '{"id": 1, "text": "x", "expected": 3}'])
def test_a_line_that_is_no_labelled_message_is_named(tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    good = json.dumps({"id": 1, "text": "gm", "expected": {}})
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2: no labelled message"):
        read_labelled(path)
    assert main(["estimate", str(path)]) == 2
    assert "line 2" in capsys.readouterr().err


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path / "none.jsonl")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
