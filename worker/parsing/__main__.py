"""`python -m worker.parsing`: JSON lines in, JSON lines out, one reading each; `--explain` adds the words behind it.

`python -m worker.parsing diff OLD NEW` tells what two parsers read differently. OLD and NEW are each a file of rows
that this program wrote, a parser version (the readings stored with it), or `current` (this parser, over the messages
that the other side has read). `python -m worker.parsing universe` counts the instruments that are known by name;
`--refresh` brings the US stocks up to date, which needs a network.
"""

import argparse
import json
import sys
from functools import partial
from typing import TextIO

from shared.lines import answer_lines
from worker.parsing.explain import explain
from worker.parsing.listing import read_listing
from worker.parsing.parser import parse_message
from worker.parsing.refresh import NoListing, refresh
from worker.parsing.rows import to_row
from worker.parsing.universe import ALIASES, CRYPTO_BASES, FIAT, INDICES, METALS, STOCKS
from worker.parsing.version import PARSER_VERSION


def run(lines: TextIO, out: TextIO, *, explained: bool = False) -> int:
    """Read every line, write a row or an error for each at once, and return the exit status."""
    status = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            message = json.loads(line)
            text = str(message["text"])
            reading = parse_message(text)
            row: dict[str, object] = {"id": message["id"], **to_row(reading)}
            if explained:
                row |= {"parser_version": PARSER_VERSION, "explain": explain(text, reading)}
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            row, status = {"error": f"{type(error).__name__}: {error}", "line": line.rstrip("\n")}, 1
        print(json.dumps(row, ensure_ascii=False), file=out, flush=True)
    return status


def show_universe(*, refreshed: bool) -> int:
    """Print how many instruments are known; with `refreshed` bring the US stocks up to date first. 1 on failure."""
    if refreshed:
        try:
            sys.stdout.write(f"{refresh()}\n")
        except NoListing as error:
            sys.stderr.write(f"universe: {error}\n")
            return 1
    listed, named = read_listing()
    counts = (
        (len(listed), "US stocks of the large indices, from a package's data"),
        (len(named), "of them also by their company's name"),
        (len(STOCKS - listed), "funds and other stocks, from our own list"),
        (len(CRYPTO_BASES), "coins"),
        (len(FIAT) * (len(FIAT) - 1), "currency pairs"),
        (len(METALS) + len(INDICES), "metals and indices"),
        (len(ALIASES), "names such as gold, tesla, эфир"),
    )
    for count, what in counts:
        sys.stdout.write(f"{count:6}  {what}\n")
    return 0


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m worker.parsing",
        description='Read messages: one JSON object {"id", "text"} a line in, one reading a line out.',
    )
    parser.add_argument("--explain", action="store_true", help="add the words that each field came from")
    parser.add_argument("--version", action="version", version=PARSER_VERSION)
    commands = parser.add_subparsers(dest="command", title="commands")
    diff = commands.add_parser("diff", help="tell what two parsers read differently")
    for name in ("old", "new"):
        diff.add_argument(
            name, help="a file of rows, a parser version whose readings are stored, or `current`"
        )
    universe = commands.add_parser("universe", help="count the instruments that are known by name")
    universe.add_argument(
        "--refresh", action="store_true", help="write the list of US stocks again; needs a network"
    )
    options = parser.parse_args(arguments)
    if options.command == "universe":
        return show_universe(refreshed=options.refresh)
    if options.command == "diff":
        # Only this command needs the database; a second of imports is spared the others.
        from worker.pipeline.replay import diff_program  # noqa: PLC0415

        return diff_program(options.old, options.new)
    return answer_lines("parsing", partial(run, explained=options.explain))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
