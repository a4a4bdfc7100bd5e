"""The mutation gate stays true: each of its patches fits the code as it is."""

from shared.local import PROJECT
from tests.gate.guards import GUARDS


def test_every_patch_of_the_gate_stands_exactly_once_in_its_file() -> None:
    misfits = [
        f"{guard.name}: {patch.old.strip()[:60]!r} in {patch.file}"
        for guard in GUARDS
        for patch in guard.patches
        if (PROJECT / patch.file).read_text().count(patch.old) != 1
    ]
    assert misfits == []
