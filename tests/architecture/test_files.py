"""Files are rooms: small, named for their subject, with a sentence on the door."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import FOLDERS, PACKAGES, files, text_of, tree_of

LINES = 400
OURS = files(".py", ".html", ".js", ".mjs", ".css")
PYTHON = files(".py")
# A folder, a host or a person of one machine has no place in what others clone.
MACHINE = re.compile(r"(?<![\w.])/(?:work/|home/\w|root/|Users/\w|mnt/|tmp/[a-z])|[A-Z]:\\\\Users")
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "service2"}
# Their methods are explained where the protocol is.
KEEPS_A_PROTOCOL = {"worker/paper_store.py", "shared/brokers/paper.py", "shared/brokers/tape.py"}

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public_of(path: Path) -> Iterator[tuple[str, Named]]:
    """Public functions and classes of a module, and the public methods of its public classes."""
    for node in tree_of(path).body:
        if isinstance(node, Named) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield f"{node.name}.{inner.name}", inner


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of its body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def is_overload(node: Named) -> bool:
    return any(isinstance(name, ast.Name) and name.id == "overload" for name in node.decorator_list)


def test_no_file_is_longer_than_the_ceiling():
    assert not [path for path in OURS if len(text_of(path).splitlines()) > LINES]


def test_every_module_says_why_it_exists_in_a_sentence():
    said = {path: ast.get_docstring(tree_of(path)) or "" for path in PYTHON if text_of(path).strip()}
    assert not [path for path, text in said.items() if not re.search(r"[.?!:](\s|$)", text)]


def test_every_folder_of_modules_says_in_one_line_why_it_exists():
    packages = {path.parent / "__init__.py" for path in files(".py", folders=PACKAGES)}
    assert not packages - set(PYTHON)
    said = {path: ast.get_docstring(tree_of(path)) or "" for path in packages}
    # A package that holds code of its own may need more than a line.
    long = [path for path, text in said.items() if "\n" in text and len(tree_of(path).body) == 1]
    assert not [path for path, text in said.items() if not text] + long


def test_everything_public_says_what_callers_may_rely_on():
    silent = [
        f"{path}: {name}"
        for path in files(".py", folders=("shared", "worker"))
        for name, node in public_of(path)
        if not (name.rpartition(".")[2].startswith("_") or is_overload(node) or ast.get_docstring(node))
        and not _is_inherited(path, name)
    ]
    assert not silent


def _is_inherited(path: Path, name: str) -> bool:
    # What a base class or protocol explains need not be explained again by each that keeps its promise.
    owner, _, method = name.partition(".")
    classes = {node.name: node for node in tree_of(path).body if isinstance(node, ast.ClassDef)}
    keeps_a_protocol = path.as_posix() in KEEPS_A_PROTOCOL
    return bool(method) and owner in classes and (bool(classes[owner].bases) or keeps_a_protocol)


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{path}:{node.lineno} {node.name} has {lines_of(node)} lines"
        for path in files(".py", folders=PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of(node) > 40
    ]
    assert not long


def test_no_file_and_no_folder_has_a_name_that_says_nothing():
    assert not [path for path in OURS if {word.lower() for word in _words(path)} & VAGUE]


def _words(path: Path) -> set[str]:
    return {word for part in path.with_suffix("").parts for word in part.split("_")}


def test_nothing_names_a_place_on_one_machine():
    found = [
        f"{path}: {line.strip()[:80]}"
        for path in files(*(path.suffix for path in OURS), ".md", ".cfg", ".toml", ".lock", ".json", "")
        if path.name != Path(__file__).name
        for line in text_of(path).splitlines()
        if MACHINE.search(line)
    ]
    assert not found


def test_the_folders_are_those_of_the_design():
    assert {path.parts[0] for path in PYTHON if len(path.parts) > 1} == set(FOLDERS)
    assert [path.as_posix() for path in PYTHON if len(path.parts) == 1] == ["celeryconfig.py"]
