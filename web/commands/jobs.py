"""`flask jobs`: what the beat starts, when each job last ran, and how late it is."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from shared.models.mapping import Row, rows_of
from shared.models.records import JobRun
from web.commands.answers import show_rows
from web.commands.frame import Command, json_option
from web.commands.session import now, open_database

_COLUMNS = (
    "job",
    "queue",
    "period_seconds",
    "last_run_at",
    "duration_seconds",
    "outcome",
    "next_at",
    "lateness_seconds",
)


@click.command("jobs", cls=Command)
@json_option
def jobs(*, as_json: bool) -> None:
    """Show the beat's jobs: queue, period, last run, duration, next run and lateness."""
    open_database(JobRun)
    show_rows(list_jobs(now()), _COLUMNS, as_json=as_json, empty="No jobs.")


def list_jobs(at: datetime) -> Iterator[Row]:
    """List the beat's table with each job's newest run; lateness is None for a job that never ran."""
    from celeryconfig import beat_schedule  # noqa: PLC0415 - it needs a complete environment

    schedule: Mapping[str, Mapping[str, Any]] = beat_schedule
    for name, entry in schedule.items():
        period: timedelta = entry["schedule"]
        last = newest_run(entry["task"])
        yield {
            "job": name,
            "task": entry["task"],
            "queue": entry["options"]["queue"],
            "period_seconds": period.total_seconds(),
            **_timing(last, period, at),
        }


def newest_run(task: str) -> Row | None:
    """Read a task's newest run; its slot tells which, however many workers take turns."""
    return rows_of(JobRun).find_one({"job": task}, sort=[("started_at", -1)])


def _timing(last: Row | None, period: timedelta, at: datetime) -> Row:
    if last is None:
        names = ("last_run_at", "duration_seconds", "outcome", "detail", "next_at", "lateness_seconds")
        return dict.fromkeys(names)
    started: datetime = last["started_at"]
    finished: datetime | None = last.get("finished_at")
    due = started + period
    return {
        "last_run_at": started,
        "duration_seconds": (finished - started).total_seconds() if finished else None,
        "outcome": last.get("outcome") or "running",
        "detail": last.get("detail") or "",
        "next_at": due,
        "lateness_seconds": round(max((at - due).total_seconds(), 0.0), 1),
    }
