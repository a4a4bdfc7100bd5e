"""The tests themselves: none is skipped, each could fail, and every module is met by one."""

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import (
    PACKAGES,
    calls_in,
    dotted,
    files,
    imports_of,
    module_of,
    text_of,
    tree_of,
)

TESTS = [path for path in files(".py", folders=("tests",)) if path.name.startswith("test_")]
# Programs that no test imports, because each is started as a process: by which test, and how it names it.
STARTED = {
    "bot.__main__": ("tests/integration/bot/test_process.py", '"bot"'),
    "web.__main__": ("tests/integration/web/test_process.py", '"web"'),
    "worker.app": ("tests/faults/test_single.py", '"worker.app"'),
    "worker.beat": ("tests/faults/test_single.py", '"beat"'),
    "worker.flower": ("tests/integration/worker/test_flower.py", '"worker.flower"'),
}
# What it calls raises where the window is closed.
MAY_NOT_RAISE = {"test_without_a_window_everything_may_go"}
# Values and names only: their use in the other tests is their test.
VALUES = {"__init__", "cover", "errors", "facts", "gate", "signals", "trades", "receipts"}


def test_no_test_is_left_out():
    words = {"skip", "skipif", "xfail", "importorskip", "skipTest", "SkipTest"}
    for path in files(".py", folders=("tests",)):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and node.attr in words:
                owner = dotted(node).partition(".")[0]
                assert owner not in {"pytest", "mark", "unittest", "self"}, f"{path}:{node.lineno}"


def test_nothing_of_ours_is_replaced_by_a_mock():
    for path in files(".py", folders=("tests",)):
        assert not {name for name in imports_of(path) if "mock" in name.split(".")}, path
        replaced = [
            call.lineno
            for name, call in calls_in(path)
            if name.endswith("monkeypatch.setattr") and _names_our_module(call)
        ]
        assert not replaced, f"{path}:{replaced}"


def _names_our_module(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Constant) and str(first.value).partition(".")[0] in PACKAGES


def test_every_test_could_fail():
    helpers = {
        node.name
        for path in files(".py", folders=("tests",))
        for node in functions_of(path)
        if _judges(node, set())
    }
    assert not [
        f"{path}:{node.lineno} {node.name}"
        for path in TESTS
        for node in functions_of(path)
        if node.name.startswith("test_") and node.name not in MAY_NOT_RAISE and not _judges(node, helpers)
    ]


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _judges(function: ast.FunctionDef | ast.AsyncFunctionDef, helpers: set[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        if isinstance(node, ast.Call):
            name = dotted(node.func).rpartition(".")[2]
            if name in {"raises", "fail", "expect", "wait_until"} or name in helpers:
                return True
    return False


def test_a_tests_name_is_a_sentence():
    assert not [
        f"{path}:{node.lineno} {node.name}"
        for path in TESTS
        for node in functions_of(path)
        if node.name.startswith("test_") and len(node.name.split("_")) < 4
    ]


def test_every_module_is_met_by_a_test_through_what_it_imports_or_starts():
    ours = {module_of(path): path for path in files(".py", folders=PACKAGES)}
    imported = set().union(*(imports_of(path) for path in files(".py", folders=("tests",))))
    waiting = [name for name in imported if name in ours] + list(STARTED)
    met: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in met:
            met.add(name)
            waiting += [other for other in imports_of(ours[name]) if other in ours]
            parent = name.rpartition(".")[0]
            waiting += [parent] if parent in ours else []
    assert not sorted(set(ours) - met)


@pytest.mark.parametrize("name", STARTED)
def test_a_program_that_no_test_imports_is_started_by_one(name: str):
    path, said = STARTED[name]
    assert said in text_of(Path(path))


def test_every_rule_of_the_business_has_its_test_at_the_mirrored_path():
    rules = [path for path in files(".py", folders=("shared/domain",)) if path.stem not in VALUES]
    assert not [path for path in rules if Path("tests/unit") / path.parent / f"test_{path.name}" not in TESTS]
