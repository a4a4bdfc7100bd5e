"""Every code that the program can say is in the table, with a sentence; and the table holds nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from shared.domain.codes import CODES, GROUPS, to_markdown
from tests.architecture.sources import ROOT, calls_in, dotted, files, tree_of

TABLE = Path("shared/domain/codes.py")
LOOKS_LIKE_A_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
# Enums whose members are codes; the members of all others are states and names.
ENUMS_OF_CODES = {"Refusal", "Doubt", "OrderNote"}
# A venue's own words, and the parser's, which speaks in codes only where it makes a NotASignal.
OTHER_LANGUAGES = ("shared/brokers/alpaca/", "shared/brokers/ccxt/", "worker/parsing/")
NOT_CODES = {
    "ACCEPTED": "the paper venue's log of what it answered",
    "INFO": "a log level",
    "MONGODB_URI": "a setting",
    "PATH": "an environment variable",
    "PYTHONUNBUFFERED": "an environment variable",
    "REDIS_URL": "a setting",
    "S256": "the method of PKCE",
    "UNKNOWN": "a status in an index",
    "XNYS": "an exchange",
    **dict.fromkeys(("USDT", "USDC", "FDUSD", "PYUSD", "TUSD"), "a currency"),
}


def said_in(path: Path) -> Iterator[str]:
    """The texts in a file that look like codes, without those that an enum of states names."""
    tree = tree_of(path)
    states = {
        id(node)
        for named in ast.walk(tree)
        if isinstance(named, ast.ClassDef) and named.name not in ENUMS_OF_CODES
        if any(dotted(base) == "StrEnum" for base in named.bases)
        for node in ast.walk(named)
    }
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in states)
    for node in texts:
        said = node.value if isinstance(node.value, str) else ""
        if len(said) > 3 and LOOKS_LIKE_A_CODE.fullmatch(said):
            yield said


def said_by_the_parser() -> Iterator[str]:
    """What the parser says of messages that are no signal, wherever it is written."""
    readings = {code.code for code in GROUPS["Messages that are no signal"]}
    for path in files(".py", folders=("worker/parsing",)):
        yield from readings & set(said_in(path))
        for name, call in calls_in(path):
            if name == "NotASignal" and call.args and isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value)


def produced() -> dict[str, str]:
    """Every code with a file that says it."""
    found = dict.fromkeys(said_by_the_parser(), "worker/parsing")
    for path in files(".py", folders=("shared", "worker")):
        if path != TABLE and not path.as_posix().startswith(OTHER_LANGUAGES):
            found |= dict.fromkeys(said_in(path), path.as_posix())
    return found


def test_every_code_that_can_be_met_has_a_sentence():
    assert {code: path for code, path in produced().items() if code not in {*CODES, *NOT_CODES}} == {}


def test_no_sentence_is_for_a_code_that_nobody_says():
    assert sorted(set(CODES) - set(produced())) == []


def test_every_word_that_is_no_code_is_still_there():
    assert sorted(set(NOT_CODES) - set(produced())) == []


def test_a_code_is_in_the_table_once():
    assert len(CODES) == sum(len(group) for group in GROUPS.values())


def test_the_documents_table_is_the_programs():
    written = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
    assert written == to_markdown(), "python -m shared.domain.codes > docs/codes.md"
