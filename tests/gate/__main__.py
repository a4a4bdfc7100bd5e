"""`make gate`: remove one guard after the other on a copy of the tree; the last line is one JSON object.

Exit status 1 where a guard survives, or where a patch does not fit the code any more.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared.local import PROJECT
from tests.gate.guards import GUARDS, Guard, Patch

REPORTS = PROJECT / "reports" / "gate"
_SECONDS = 300.0


class PatchError(Exception):
    """Raised when the text to be replaced does not stand exactly once in its file."""


def main() -> int:
    """Remove every guard in turn; return 0 only when each was missed by a test."""
    parser = argparse.ArgumentParser(prog="python -m tests.gate", description=__doc__)
    parser.add_argument("--only", default="", help="guards whose name contains this")
    wanted = [guard for guard in GUARDS if parser.parse_args().only in guard.name]
    rows = []
    with tempfile.TemporaryDirectory(prefix="trade-executor-gate-") as folder:
        tree = _copy_tree(Path(folder) / "tree")
        for guard in wanted:
            began = time.monotonic()
            killer, why = _try(tree, guard)
            seconds = round(time.monotonic() - began, 1)
            rows.append({"guard": guard.name, "killed_by": killer, "why": why, "seconds": seconds})
            print(f"{guard.name:<55} {killer or 'SURVIVED':<55} {seconds:6.1f} s  {why}", flush=True)
    survived = [row["guard"] for row in rows if not row["killed_by"]]
    summary = {"guards": len(rows), "killed": len(rows) - len(survived), "survived": survived}
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / "guards.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(json.dumps(summary))
    return 1 if survived else 0


def _copy_tree(target: Path) -> Path:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        source = PROJECT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    return target


def _try(tree: Path, guard: Guard) -> tuple[str, str]:
    """Return the test file that notices, and a word on what happened; nothing where all stay green."""
    kept = {patch.file: (tree / patch.file).read_text() for patch in guard.patches}
    try:
        for patch in guard.patches:
            _apply(tree, patch)
        for tests in guard.tests:
            why = _run(tree, tests)
            if why:
                return tests, why
    except PatchError as error:
        return "", str(error)
    finally:
        for name, text in kept.items():
            (tree / name).write_text(text)
    return "", "all green"


def _apply(tree: Path, patch: Patch) -> None:
    path = tree / patch.file
    text = path.read_text()
    if text.count(patch.old) != 1:
        raise PatchError(f"{patch.file}: stands {text.count(patch.old)} times: {patch.old.strip()[:60]!r}")
    path.write_text(text.replace(patch.old, patch.new))


def _run(tree: Path, tests: str) -> str:
    """Run tests in the copy until the first red one; return its name, nothing where all are green."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", tests]
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "does not end"
    if done.returncode == 0:
        return ""
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if not failed:
        raise PatchError(f"{tests} did not run: {done.stdout[-200:]!r}")
    return failed[0].split("::")[-1].split(" - ")[0][:90]


if __name__ == "__main__":
    sys.exit(main())
