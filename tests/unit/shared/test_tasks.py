"""The queue seam: every task has a queue and a function of its name."""

import ast
from pathlib import Path

import pytest

from shared.tasks import QUEUE_OF, Queue, TaskName

TASKS = Path(__file__).parents[3] / "worker" / "tasks"


def functions_of(module: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse((TASKS / f"{module}.py").read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_task_has_a_queue_and_every_queue_has_a_task():
    assert set(QUEUE_OF) == set(TaskName)
    assert set(QUEUE_OF.values()) == set(Queue)


@pytest.mark.parametrize("name", TaskName)
def test_a_tasks_function_has_its_name_and_is_registered_under_it(name: TaskName):
    plural, _, verb = name.partition(".")
    decorators = functions_of(plural)[verb].decorator_list
    registered = [
        decorator.args[0].attr
        for decorator in decorators
        if isinstance(decorator, ast.Call) and isinstance(decorator.args[0], ast.Attribute)
    ]
    assert registered == [name.name]


def test_no_function_among_the_tasks_is_without_a_name():
    named = {str(name) for name in TaskName}
    files = [path.stem for path in TASKS.glob("*.py") if path.stem != "__init__"]
    written = {f"{module}.{verb}" for module in files for verb in functions_of(module)}
    assert {name for name in written if not name.rpartition(".")[2].startswith("_")} == named
