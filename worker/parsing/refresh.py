"""Brings the list of US stocks up to date from the newest release of the package that keeps it; needs a network."""

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from worker.parsing.listing import DATA, read_listing, to_listing

PACKAGE = "pytickersymbols"
MODULE = f"{PACKAGE}/indices_data.py"
PATIENCE = 120
"""Seconds given to the download."""


class NoListing(Exception):
    """Raised when no new list can be had; carries one line for people."""


def refresh(target: Path = DATA) -> str:
    """Write the newest list over the stored one and return what changed, in a line.

    Raises
    ------
    NoListing
        If the package cannot be downloaded or read; the stored list is left as it was.
    """
    before, _ = read_listing()
    with tempfile.TemporaryDirectory() as folder:
        text = listing_of_wheel(_download(Path(folder)))
    fresh = {line.split("\t")[0] for line in text.splitlines() if not line.startswith("#")}
    written = target.with_suffix(".new")
    written.write_text(text, encoding="utf-8")
    written.replace(target)
    return (
        f"{len(fresh)} US stocks; new: {', '.join(sorted(fresh - before)) or 'none'}; "
        f"gone: {', '.join(sorted(before - fresh)) or 'none'}. "
        "Look at the new ones: a ticker or name that is an everyday word belongs into WORDLIKE or _TOO_COMMON."
    )


def listing_of_wheel(wheel: Path) -> str:
    """Return the list that a wheel of the package holds, as the text of `us_stocks.tsv`.

    Raises
    ------
    NoListing
        If it does not hold the indices in the form that we know.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(wheel) as archive:
                data = Path(archive.extract(MODULE, folder))
            return to_listing(_indices(data))
        except (OSError, KeyError, zipfile.BadZipFile, ValueError, SyntaxError, AttributeError) as error:
            raise NoListing(f"{wheel.name} holds no list that we can read: {error}") from error


def _indices(path: Path) -> Mapping[str, Any]:
    spec = importlib.util.spec_from_file_location("indices_data", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path.name} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    indices: Mapping[str, Any] = module.INDICES
    return indices


def _download(folder: Path) -> Path:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary", ":all:", "--retries", "1", "--dest", str(folder), PACKAGE),
    ]
    try:
        # The command is ours alone: an interpreter, and a package's name from this file.
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NoListing(_no_network(f"nothing arrived within {PATIENCE} s")) from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise NoListing(
            _no_network(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer")
        )
    return wheels[-1]


def _no_network(why: str) -> str:
    return f"Refreshing the list of stocks needs a network that reaches the Python package index ({why}). The stored list stays as it is."
