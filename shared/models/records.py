"""What is kept about the business and its running: plans, webhooks, usage, job runs."""

from datetime import datetime

from mongoengine import fields
from pymongo.errors import DuplicateKeyError

from shared.models.base import BaseDocument
from shared.models.mapping import hints_of, rows_of


class Subscription(BaseDocument):
    """Owner: a user. Written by the subscription sync."""

    subscription_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    tier = fields.StringField(required=True)
    status = fields.StringField(required=True)
    modified_at = fields.DateTimeField(required=True)

    meta = {"collection": "subscriptions", "indexes": [["user_id"]]}


class WebhookEvent(BaseDocument):
    """Owner: the operator. Written by web, once per webhook id; handled by workers."""

    webhook_id = fields.StringField(primary_key=True)
    kind = fields.StringField(required=True)
    body = fields.StringField(required=True)
    received_at = fields.DateTimeField(required=True)
    handled_at = fields.DateTimeField(null=True)

    meta = {
        "collection": "webhook_events",
        "indexes": [
            ["handled_at", "received_at"],
            {"fields": ["received_at"], "expireAfterSeconds": 90 * 86400},
        ],
    }


class UsageEvent(BaseDocument):
    """Owner: a user. Append-only, from the first day; retention 3 years."""

    event_id = fields.StringField(primary_key=True)
    user_id = fields.StringField(required=True)
    kind = fields.StringField(required=True)
    subject_id = fields.StringField()
    at = fields.DateTimeField(required=True)

    meta = {
        "collection": "usage_events",
        "indexes": [
            ["user_id", "-at"],
            ["kind", "-at"],
            {"fields": ["at"], "expireAfterSeconds": 1095 * 86400},
        ],
    }


class JobRun(BaseDocument):
    """Owner: the operator. One row per job and slot of its period; retention 7 days."""

    run_id = fields.StringField(primary_key=True)
    job = fields.StringField(required=True)
    slot = fields.LongField(required=True)
    started_at = fields.DateTimeField(required=True)
    finished_at = fields.DateTimeField(null=True)
    outcome = fields.StringField()
    detail = fields.StringField()

    meta = {
        "collection": "job_runs",
        "indexes": [["job", "-started_at"], {"fields": ["started_at"], "expireAfterSeconds": 7 * 86400}],
    }


def begin_job(job: str, now: datetime, period_seconds: float) -> str | None:
    """Take this job's slot; None where another run has it."""
    slot = int(now.timestamp() // period_seconds)
    run_id = f"{job}:{slot}"
    try:
        hints_of(JobRun).insert_one(
            {"_id": run_id, "job": job, "slot": slot, "started_at": now, "finished_at": None}
        )
    except DuplicateKeyError:
        return None
    return run_id


def finish_job(run_id: str, now: datetime, outcome: str, detail: str = "") -> None:
    """Write how a run ended."""
    change = {"finished_at": now, "outcome": outcome, "detail": detail}
    hints_of(JobRun).update_one({"_id": run_id}, {"$set": change})


def last_run(job: str) -> dict[str, object] | None:
    """Read a job's newest run."""
    return rows_of(JobRun).find_one({"job": job}, sort=[("started_at", -1)])


def append_usage(event_id: str, user_id: str, kind: str, subject_id: str, at: datetime) -> None:
    """Append one usage event; the same event again changes nothing."""
    row = {"user_id": user_id, "kind": kind, "subject_id": subject_id, "at": at}
    rows_of(UsageEvent).update_one({"_id": event_id}, {"$setOnInsert": row}, upsert=True)
