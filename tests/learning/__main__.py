"""`python -m tests.learning estimate FILE ...` and `train FILE ...`: what strangers would meet, and new weights.

FILE holds labelled messages, one JSON object a line with `id`, `text` and `expected`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.learning.estimate import estimate, learn
from tests.learning.rows import Labelled, own_samples, read_labelled, strangers
from tests.learning.training import calibration_error, temperature_of
from worker.parsing.intent import WEIGHTS, write_weights


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.learning", description=__doc__)
    parser.add_argument("command", choices=("estimate", "train"))
    parser.add_argument("files", nargs="+", type=Path, help="labelled messages")
    parser.add_argument("--mistakes", action="store_true", help="list each message that was not read rightly")
    options = parser.parse_args(arguments)
    try:
        rows = [row for path in options.files for row in read_labelled(path)]
    except (OSError, ValueError) as error:
        print(f"learning: {error}", file=sys.stderr)
        return 2
    if options.command == "train":
        return train(rows)
    return report(rows, mistakes=options.mistakes)


def train(rows: Sequence[Labelled]) -> int:
    """Fit the weights to everything that is labelled, with a temperature from families left out, and write them."""
    beside = [*strangers(), *own_samples()]
    held_out = estimate(rows, beside)
    temperature = temperature_of(held_out.predicted)
    weights = learn([*rows, *beside], temperature)
    write_weights(weights, WEIGHTS)
    print(
        f"{len(weights.features)} features from {len(rows) + len(beside)} messages, temperature {temperature:.2f}: {WEIGHTS.name}"
    )
    return 0


def report(rows: Sequence[Labelled], *, mistakes: bool) -> int:
    """Print the estimate with the lexicon of each family left out, and with the names of instruments as well."""
    for title, without_names in (
        ("lexicon entries and weights", False),
        ("and the names of instruments", True),
    ):
        found = estimate(rows, [*strangers(), *own_samples()], without_names=without_names)
        temperature = temperature_of(found.predicted)
        print(
            f"{len(rows)} messages of {found.families} families, left out with them: {title} ({found.forgotten} entries)"
        )
        print("\n".join(f"  {line}" for line in found.figures.lines()))
        right = sum(
            max(chances, key=lambda name: chances[name]) is intent for chances, intent in found.predicted
        )
        error = calibration_error(found.predicted)
        print(
            f"  intent right           {right:4d} / {len(found.predicted):4d}; calibration error {error:.3f} at temperature one, best {temperature:.2f}"
        )
        if mistakes:
            print("\n".join(f"    {line}" for line in found.mistakes))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
