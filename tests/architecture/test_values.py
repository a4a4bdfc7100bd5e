"""Money is Decimal, time is aware, configuration has one door, and nobody sleeps where work waits."""

import ast
from itertools import chain
from pathlib import Path

import pytest

from shared.models.all import DOCUMENTS
from tests.architecture.sources import PACKAGES, calls_in, dotted, files, imports_of, tree_of

# Reading the environment is the business of shared/settings.py. The launchers prepare one for others.
LAUNCHERS = {
    "shared/run.py": "gives its children the environment of make run",
    "shared/local.py": "names the servers that it starts or finds, for whatever runs after it",
    "web/commands/setup": "checks what .env will say before there are settings",
}
# A price of an option is a model's estimate for the synthetic tape; no order is sized by it.
FLOATS = {"shared/brokers/option_price.py", "shared/brokers/tape.py"}
# `time.sleep` holds its thread; allowed where nothing else could use it.
SLEEPERS = {
    "shared/local.py": "waits for servers or for a signal",
    "shared/run.py": "waits for processes to end",
    "shared/servers.py": "waits until a server answers",
    "shared/watchdog.py": "waits for a parent's death",
    "worker/paper_store.py": "a transaction that met another tries again within 50 ms",
    "worker/app.py": "a worker's start waits for MongoDB, before it takes work",
    "worker/context.py": "what pages are told gathers for a tenth of a second, on queues that nothing else waits for",
    "web/commands/halts.py": "`halt` answers once senders have seen it",
    "web/commands/idle.py": "`wait --idle` looks again",
    "web/commands/waiting.py": "a command looks again for a worker's answer",
}


def python_of(*folders: str) -> list[Path]:
    return files(".py", folders=folders)


def is_excused(path: Path, excused: dict[str, str]) -> bool:
    return any(path.as_posix() == name or path.as_posix().startswith(f"{name}/") for name in excused)


def reads_environment(path: Path) -> bool:
    words = {"environ", "environb", "getenv"}
    by_attribute = any(
        isinstance(node, ast.Attribute) and node.attr in words and dotted(node).startswith("os.")
        for node in ast.walk(tree_of(path))
    )
    return by_attribute or any(name in {f"os.{word}" for word in words} for name in imports_of(path))


def test_the_environment_is_read_by_the_settings_and_prepared_by_launchers_alone():
    readers = [path for path in python_of(*PACKAGES) if reads_environment(path)]
    assert Path("shared/settings.py") in readers
    strangers = [path for path in readers if not is_excused(path, {"shared/settings.py": "", **LAUNCHERS})]
    assert not strangers


def test_dotenv_is_read_by_launchers_and_settings_alone():
    readers = [path for path in python_of(*PACKAGES) if any("dotenv" in name for name in imports_of(path))]
    assert all(is_excused(path, {"shared/settings.py": "", **LAUNCHERS}) for path in readers), readers


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.__name__)
def test_no_document_keeps_money_as_a_float(document: type):
    # mongoengine's DecimalField stores floats unless told; nested documents count too.
    fields = [document._fields]  # type: ignore[attr-defined]
    for declared in chain.from_iterable(each.values() for each in fields):
        kinds = {type(declared).__name__, type(getattr(declared, "field", None)).__name__}
        assert not kinds & {"DecimalField", "FloatField"}, declared
        inner = getattr(getattr(declared, "field", None), "document_type", None)
        if inner is not None:
            fields.append(inner._fields)


def test_the_words_for_such_fields_do_not_occur():
    for path in python_of("shared/models"):
        used = {node.attr for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)}
        assert not used & {"DecimalField", "FloatField"}, path


def test_no_money_becomes_a_float():
    converting = [
        path
        for path in python_of("shared/domain", "shared/brokers")
        if path.as_posix() not in FLOATS and "float" in {name for name, _ in calls_in(path)}
    ]
    assert not converting


def test_whoever_rounds_says_how():
    # ccxt changes the rounding of the thread it runs in; what is rounded must not depend on who ran before.
    silent = [
        f"{path}:{node.lineno}"
        for path in python_of(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "quantize"
        and len(node.args) + len(node.keywords) < 2
    ]
    assert not silent


def test_the_domain_writes_no_number_as_a_float():
    written = [
        f"{path}:{node.lineno}"
        for path in python_of("shared/domain")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    assert not written


def test_every_moment_is_asked_for_with_its_zone():
    naive = [
        f"{path}:{call.lineno} {name}"
        for path in python_of(*PACKAGES, "tests")
        for name, call in calls_in(path)
        if name.endswith(("datetime.utcnow", "datetime.utcfromtimestamp", "datetime.today", "date.today"))
        or (name.endswith("datetime.now") and not call.args and not call.keywords)
        or (name.endswith("datetime.fromtimestamp") and len(call.args) + len(call.keywords) < 2)
    ]
    assert not naive


def test_the_domain_is_told_what_time_it_is():
    for path in python_of("shared/domain"):
        asked = [name for name, _ in calls_in(path) if name.endswith((".now", ".today", "monotonic"))]
        assert not asked, f"{path}: {asked}"


def test_a_thread_sleeps_only_where_nothing_else_could_use_it():
    sleepers = {
        path.as_posix()
        for path in python_of(*PACKAGES)
        for name, _ in calls_in(path)
        if name in {"time.sleep", "sleep"}
    }
    assert sleepers <= SLEEPERS.keys()


def test_every_excuse_is_still_needed():
    assert all(any(is_excused(p, {name: ""}) for p in python_of(*PACKAGES)) for name in LAUNCHERS)
    sleeping = {
        p.as_posix() for p in python_of(*PACKAGES) if "time.sleep" in {name for name, _ in calls_in(p)}
    }
    assert sleeping >= SLEEPERS.keys()
    assert all(Path(name) in python_of("shared/brokers") for name in FLOATS)
