"""Golden receipts: what every gate says when it passes and when it denies, word for word.

`UPDATE_GOLDEN=1 pytest tests/unit/shared/domain/test_gates_of_rights.py` writes them anew: read the difference.
"""

import json
import os
from pathlib import Path
from typing import Any

from shared.domain.receipts import Verdict
from shared.domain.risk import GATES, run_gates
from tests.unit.shared.domain.builders import make_facts
from tests.unit.shared.domain.gate_cases import CASES

GOLDEN = Path(__file__).with_name("golden_receipts.json")


def receipt_of(changes: dict[str, Any]) -> dict[str, Any]:
    results, denial = run_gates(make_facts(**changes))
    return {
        "code": denial.code if denial else "PASSED",
        "detail": denial.detail if denial else "",
        "gates": {r.name: [r.input, r.threshold] for r in results if r.verdict is not Verdict.SKIPPED},
    }


def receipts() -> dict[str, Any]:
    plain = receipt_of({})
    told: dict[str, Any] = {"every gate passes": plain}
    for gate, _, what, passing, denied in CASES:
        for verdict, changes in (("passes", passing), ("denies", denied)):
            receipt = receipt_of(changes)
            others = receipt.pop("gates")
            told[f"{gate} {verdict}: {what}"] = {**receipt, "gate": others[gate]}
    return told


def test_receipts_say_word_for_word_what_they_said():
    said = receipts()
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    assert said == json.loads(GOLDEN.read_text())


def test_every_gate_is_there_passing_and_denying():
    names = {name for name, _ in GATES}
    golden = json.loads(GOLDEN.read_text())
    assert set(golden["every gate passes"]["gates"]) == names
    for verdict in ("passes", "denies"):
        assert {text.partition(" ")[0] for text in golden if f" {verdict}: " in text} == names
