"""Runs commands of the command line one after the other in one process, because importing them costs 2 s.

`python -m tests.house.command_server` reads JSON lines. The first is {"environment": {...}}; each later one is
{"args": [...], "stdin": "..."} and is answered by {"status", "out", "err"}. It is started while the servers
start, and gets their addresses when they are known.
"""

import json
import os
import sys
import traceback
from typing import Any

import click
from click.testing import CliRunner

from web.commands import COMMANDS


def _run(root: click.Group, request: dict[str, Any]) -> dict[str, Any]:
    result = CliRunner().invoke(root, request["args"], input=request.get("stdin"))
    err = result.stderr
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        err += "".join(traceback.format_exception(result.exception))
    return {"status": result.exit_code, "out": result.stdout, "err": err}


def main() -> None:
    """Answer lines until standard input ends."""
    os.environ.update(json.loads(sys.stdin.readline())["environment"])
    root = click.Group("flask", commands={command.name or "": command for command in COMMANDS})
    for line in sys.stdin:
        print(json.dumps(_run(root, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
