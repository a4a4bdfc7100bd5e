"""Imports point one way: the contracts of setup.cfg hold, and they cover every process."""

import configparser
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import PACKAGES, ROOT, files, imports_of

PROGRAMS = Path(sys.executable).parent
# Pages reach rows through their repository; these need rows before anybody is known, or are the operator's own.
ROWS_WITHOUT_OWNER = (
    "web/repository.py",
    "web/commands/",
    "web/auth/",
    "web/accounts/connecting.py",
)
# Standard output is the answer of a command; these alone may talk to the venue or hold the whole house together.
STANDARD_LIBRARY = frozenset(sys.stdlib_module_names)


def contracts() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_the_import_contracts_hold():
    told = subprocess.run(
        [PROGRAMS / "lint-imports", "--config", "setup.cfg", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_contracts_look_at_every_process_and_keep_them_apart():
    written = contracts()
    assert set(written["importlinter"]["root_packages"].split()) == set(PACKAGES)
    apart = [section for name, section in written.items() if section.get("type") == "independence"]
    assert [set(section["modules"].split()) for section in apart] == [{"worker", "bot", "web"}]


def test_the_domain_imports_the_standard_library_and_itself_alone():
    for path in files(".py", folders=("shared/domain",)):
        foreign = {
            name
            for name in imports_of(path)
            if name.partition(".")[0] not in STANDARD_LIBRARY and not name.startswith("shared.domain")
        }
        assert not foreign, f"{path} imports {sorted(foreign)}"


def test_the_domain_has_no_clock_no_chance_and_no_door_to_the_outside():
    doors = {
        "time",
        "random",
        "secrets",
        "os",
        "socket",
        "urllib",
        "subprocess",
        "pathlib",
        "threading",
        "io",
    }
    for path in files(".py", folders=("shared/domain",)):
        opened = {name for name in imports_of(path) if name.partition(".")[0] in doors}
        assert not opened, f"{path} imports {sorted(opened)}"


def test_nobody_but_the_tests_imports_the_tests():
    for path in files(".py", folders=PACKAGES):
        assert not {name for name in imports_of(path) if name.split(".")[0] == "tests"}, path


def test_a_page_reaches_rows_only_through_their_owner():
    for path in files(".py", folders=("web",)):
        if path.as_posix().startswith(ROWS_WITHOUT_OWNER):
            continue
        reached = imports_of(path) & {"shared.models.mapping.rows_of", "shared.models.mapping.hints_of"}
        assert not reached, f"{path} reads rows past web/repository.py"
