"""`flask audit show` and `flask audit verify`: who did what, and whether the log is whole."""

from collections.abc import Iterator

import click

from shared.domain.audit_chain import Verdict, check_chain
from shared.models import audit as log
from shared.models.audit import AuditEntry
from shared.models.mapping import Row
from web.commands.answers import show_done, show_rows
from web.commands.frame import CommandError, Group, WrongUse, json_option
from web.commands.session import now, open_database

_COLUMNS = ("seq", "at", "actor", "address", "action", "subject", "detail", "before", "after")
_MOST_LINES = 1000


@click.group("audit", cls=Group)
def audit() -> None:
    """What was done by whom, in a log whose lines cannot be changed unseen."""


@audit.command("show")
@click.option("--actor", help="A user's id, cli, or a part of the house.")
@click.option("--action", help="As halt, user.set, provider.create.")
@click.option("--subject", help="The id of what it was done to.")
@click.option("--limit", type=click.IntRange(1, _MOST_LINES), default=50, show_default=True)
@json_option
def show(*, actor: str | None, action: str | None, subject: str | None, limit: int, as_json: bool) -> None:
    """Show the newest lines, newest first."""
    open_database(AuditEntry)
    given = {"actor": actor, "action": action, "subject": subject}
    query: Row = {name: value for name, value in given.items() if value is not None}
    rows = ({"entry_id": row["_id"], **row} for row in log.newest_lines(query, limit))
    shown = ({name: value for name, value in row.items() if name != "_id"} for row in rows)
    show_rows(shown, _COLUMNS, as_json=as_json, empty="Nothing was done yet.")


@audit.command("verify")
@click.option(
    "--expect", metavar="SEQ:HASH", help="A line that was noted elsewhere and must still be as it was."
)
@json_option
def verify(*, expect: str | None, as_json: bool) -> None:
    """Walk along the chain and name the first line that was changed, taken out or put in; exit status 1 for one.

    The logs of workers and web have number and hash of every line (audit.appended): --expect one of them, and a chain that was made anew
    as a whole is told too.
    """
    expected = _read_expected(expect)
    open_database(AuditEntry)
    # Before the walk: what is appended during it is later than this.
    newest = log.newest_number()
    met: set[str] = set()
    allowed: list[int] = []

    def lines() -> Iterator[Row]:
        for line in log.read_chain():
            if line.get("seq") == 1:
                allowed.append(int(line.get("unchained_before") or 0))
            if expected and line.get("seq") == expected[0]:
                met.add(str(line.get("hash")))
            yield line

    verdict = check_chain(lines(), now(), newest)
    outside = log.count_unchained()
    was_put_in = bool(allowed) and outside > allowed[0]
    row = _row(verdict, outside)
    row["intact"] = row["intact"] and not was_put_in
    show_done(row, _sentence(verdict, outside), as_json=as_json)
    if verdict.broken is not None:
        raise CommandError(f"line {verdict.broken.seq}: {verdict.broken.reason}")
    if was_put_in:
        raise CommandError(
            f"{outside} lines have no place in the chain, {allowed[0]} are older than it: some were put in"
        )
    if expected and met != {expected[1]}:
        raise CommandError(f"line {expected[0]} is not the one that was expected: the chain was made anew")


def _read_expected(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    seq, _, noted = text.partition(":")
    if not seq.isdecimal() or len(noted) != 64:
        raise WrongUse("--expect takes SEQ:HASH, as audit.appended told them")
    return int(seq), noted


def _row(verdict: Verdict, outside: int) -> Row:
    broken = verdict.broken
    return {
        "intact": broken is None,
        "lines": verdict.lines,
        "last_seq": verdict.last.seq if verdict.last else None,
        "last_hash": verdict.last.hash if verdict.last else None,
        "unchained": outside,
        "broken": None
        if broken is None
        else {"seq": broken.seq, "entry_id": broken.entry_id, "reason": broken.reason},
    }


def _sentence(verdict: Verdict, outside: int) -> str:
    last = f", the last is {verdict.last.seq}:{verdict.last.hash}" if verdict.last else ""
    more = f"; {outside} lines are outside the chain" if outside else ""
    return f"{verdict.lines} lines hold together{last}{more}"
