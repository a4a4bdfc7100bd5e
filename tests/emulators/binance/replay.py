"""A restart: every command of the log once more, in its order and at its time."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.emulators.binance.clock import read_time
from tests.emulators.binance.commands import COMMANDS, Command
from tests.emulators.binance.controls import CONTROLS
from tests.emulators.binance.engine import Engine
from tests.emulators.binance.journal import Journal
from tests.emulators.binance.log import Line
from tests.emulators.binance.refusals import Refusal

Acts = Mapping[str, Callable[..., Any]]


def replay(
    engine: Engine, lines: Iterable[Line], commands: Acts = COMMANDS, controls: Acts = CONTROLS
) -> None:
    """Bring a fresh engine to where the log ends."""
    for line in lines:
        if line.get("engine"):
            _play(engine, line, commands, controls)
    engine.book.journal = Journal()


def _play(engine: Engine, line: Line, commands: Acts, controls: Acts) -> None:
    engine.book.journal = Journal()
    at = read_time(line["at"]) // 1000
    if line["method"] == "CONTROL":
        controls[line["path"]](engine, line["params"], at)
        return
    account = engine.book.account(line["key"])
    assert account is not None, line["key"]
    command = Command(account, line["params"], at, line.get("fraction"))
    try:
        commands[line.get("route") or f"{line['method']} {line['path']}"](engine, command)
    except Refusal:
        # It was refused then too, and changed nothing but what it changed then.
        return
