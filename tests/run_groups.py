"""Run the tests in groups and say how long each took: `make test` and `make check`.

A group is a command with a time it should keep to on two cores. One that takes three times as long is stuck:
it is ended and counts as failed, so that a hanging test cannot hold a CI machine.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

PROJECT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_PACKAGES = ("chromium", "fonts-noto-color-emoji", "fonts-noto-cjk")
STUCK_FACTOR = 3


@dataclass(frozen=True)
class Group:
    """What to run under one name, and the minutes it should keep to."""

    commands: tuple[tuple[str, ...], ...]
    minutes: float


@dataclass(frozen=True)
class Result:
    """How one group went."""

    name: str
    passed: bool
    seconds: float
    minutes: float


def _pytest(*arguments: str) -> tuple[str, ...]:
    return (str(PROGRAMS / "pytest"), "-q", "--durations=5", "--durations-min=2", *arguments)


GROUPS = {
    "static": Group(
        (
            (str(PROGRAMS / "ruff"), "check", "--quiet", "."),
            (str(PROGRAMS / "mypy"),),
            (str(PROGRAMS / "lint-imports"), "--config", "setup.cfg"),
        ),
        minutes=2,
    ),
    "unit": Group((_pytest("tests/unit", "tests/architecture"),), minutes=2),
    # Half of their time these wait for processes and servers; a file stays in one process, with its own servers.
    # In the order that its conftest gives the files.
    "integration": Group(
        (_pytest("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "tests/integration"),), minutes=7
    ),
    "faults": Group((_pytest("tests/faults"),), minutes=6),
    "browser": Group((_pytest("tests/browser"),), minutes=5),
}


def install_browser() -> None:
    """Install Chromium and fonts when they are missing and this is root on Debian; else say what is missing."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    packages = " ".join(BROWSER_PACKAGES)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"The browser tests need Chromium and fonts: apt-get install {packages}", file=sys.stderr)
        return
    print(f"Installing {packages}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (
        ("update", "-qq"),
        ("install", "-y", "-qq", "--no-install-recommends", *BROWSER_PACKAGES),
    ):
        done = subprocess.run(
            ("apt-get", *arguments), env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        if done.returncode != 0:
            last_line = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"apt-get {arguments[0]} failed: {last_line}", file=sys.stderr)
            return


def in_rounds(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Say which groups run at once: static beside unit, each of which keeps one core busy."""
    together = tuple(name for name in ("static", "unit") if name in names)
    return [*([together] if together else []), *((name,) for name in names if name not in together)]


def run_round(names: Sequence[str]) -> list[Result]:
    """Run groups at once; the last one's output is seen as it comes, the others' once they are done."""
    *beside, last = names
    with ThreadPoolExecutor(max_workers=len(names)) as pool, ExitStack() as files:
        outputs = {name: files.enter_context(TemporaryFile()) for name in beside}
        begun = [pool.submit(run_group, name, GROUPS[name], outputs[name]) for name in beside]
        print(f"\n── {last} ──", flush=True)
        seen = run_group(last, GROUPS[last])
        done = [each.result() for each in begun]
        for name, output in outputs.items():
            output.seek(0)
            print(f"\n── {name} ──\n{output.read().decode(errors='replace')}", flush=True)
    return [*done, seen]


def run_group(name: str, group: Group, output: IO[bytes] | None = None) -> Result:
    """Run a group's commands in order until one fails or the group is stuck; `output` takes what they print."""
    began = time.monotonic()
    deadline = began + group.minutes * 60 * STUCK_FACTOR
    # `all` ends at the first failure: types say little about what the linter could not read.
    passed = all(_run(command, deadline, output) for command in group.commands)
    return Result(name, passed, time.monotonic() - began, group.minutes)


def _run(command: Sequence[str], deadline: float, output: IO[bytes] | None) -> bool:
    with subprocess.Popen(command, cwd=PROJECT, stdout=output, stderr=output) as process:
        try:
            return process.wait(max(deadline - time.monotonic(), 0)) == 0
        except subprocess.TimeoutExpired:
            print(f"Stuck: {' '.join(command)}", file=sys.stderr)
            # As Ctrl-C would: pytest stops the servers it has started.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
            return False
        except KeyboardInterrupt:
            process.wait()
            raise


def table(results: Sequence[Result], took: float) -> str:
    """Return the closing table: group, time, the time it should keep to, and whether it passed."""
    lines = ["", f"{'group':<12} {'time':>8} {'at most':>8}  result"]
    for result in results:
        late = ", late" if result.seconds > result.minutes * 60 else ""
        outcome = ("passed" if result.passed else "FAILED") + late
        lines.append(f"{result.name:<12} {result.seconds:>6.1f} s {result.minutes * 60:>6.0f} s  {outcome}")
    return "\n".join([*lines, f"{'all':<12} {took:>6.1f} s"])


def main() -> int:
    """Run the named groups, or all; return 0 only if every one passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.run_groups", description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="group", help=f"{', '.join(GROUPS)}; default: all")
    names = parser.parse_args().groups or list(GROUPS)
    unknown = ", ".join(name for name in names if name not in GROUPS)
    if unknown:
        parser.error(f"no such group: {unknown}; there are {', '.join(GROUPS)}")
    if "browser" in names:
        install_browser()
    began = time.monotonic()
    results = [result for together in in_rounds(names) for result in run_round(together)]
    print(table(results, time.monotonic() - began))
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
