"""Doctor: a healthy installation passes, and each thing that is broken is one line that says what to do."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pymongo
import pytest
import redis

from shared.local import PROJECT
from shared.models import records
from shared.programs import free_port
from shared.settings import read_settings
from shared.tasks import Queue
from shared.vault import KeyPair
from tests.integration.web.commands.conftest import Run
from tests.waiting import wait_until
from web.commands.doctor.findings import Finding
from web.commands.doctor.processes import check_beat, check_bot
from web.commands.doctor.servers import check_mongodb, check_redis

pytestmark = pytest.mark.usefixtures("empty_servers")

LOCK = "dx:redbeat::lock"
TINY_WORKER = """
from celery import Celery
app = Celery("tiny")
app.config_from_object("celeryconfig")
"""


@pytest.fixture(scope="module")
def worker(redis_url: str, mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One real worker that reads every queue."""
    folder = tmp_path_factory.mktemp("worker")
    (folder / "tiny.py").write_text(TINY_WORKER)
    queues = ",".join(Queue)
    environment = {
        **os.environ,
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "PYTHONPATH": str(PROJECT),
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "tiny",
                "worker",
                "-Q",
                queues,
                "--pool",
                "solo",
                "-l",
                "INFO",
            ],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )

    def is_ready() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        return " ready." in (folder / "log").read_text()

    try:
        wait_until(is_ready, "the worker is ready", seconds=60)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()


@pytest.fixture
def installation(
    environment: pytest.MonkeyPatch, redis_url: str, key_pair: KeyPair, empty_servers: None
) -> Iterator["redis.Redis"]:
    """Everything as it should be, except for the worker; the bot's and the beat's traces as they leave them."""
    environment.setenv("SECRET_KEY", "k" * 43)
    environment.setenv("CREDENTIAL_PRIVATE_KEYS", key_pair.private_key.get_secret_value())
    environment.setenv("FLOWER_BASIC_AUTH", "operator:password")
    environment.setenv("DISCORD_BOT_TOKEN", "token")
    environment.setenv("WEB_PORT", str(free_port()))
    environment.setenv("FLOWER_PORT", str(free_port()))
    assert records.begin_job("maintenance.sweep", datetime.now(UTC), 5) is not None
    with redis.Redis.from_url(redis_url) as client:
        client.set(LOCK, "held")
        beat(client)
        yield client


def beat(client: "redis.Redis", **changes: str) -> None:
    """Write the bot's heartbeat."""
    fields = {
        "at": datetime.now(UTC).isoformat(),
        "session_id": "session-1",
        "latency_ms": "41.0",
        "message_content_intent": "true",
        "guilds": "2",
        "watched_channels": "5",
        **changes,
    }
    client.hset("dx:bot", mapping=fields)


def examine(run: Run) -> dict[str, dict[str, str]]:
    """Run doctor, check that its exit status fits its lines, and return them by check."""
    answer = run("doctor", "--json")
    found = {row["check"]: row for row in answer.rows}
    assert answer.status == (1 if any(row["status"] == "FAIL" for row in answer.rows) else 0)
    assert all(row["advice"] for row in answer.rows if row["status"] != "ok")
    return found


@pytest.mark.usefixtures("worker", "installation")
def test_a_healthy_installation_passes(run: Run):
    found = examine(run)
    wrong = {check: row for check, row in found.items() if row["status"] == "FAIL"}
    assert wrong == {}
    assert {f"worker {queue}" for queue in Queue} <= set(found)
    assert "latency 41.0 ms, 2 servers, 5 watched channels" in found["bot"]["detail"]
    assert "noeviction" in run("doctor").out


@pytest.mark.usefixtures("installation")
def test_queues_without_a_worker_are_named(run: Run, redis_url: str, environment: pytest.MonkeyPatch):
    # Another database of the same Redis: nobody works there.
    environment.setenv("REDIS_URL", redis_url.removesuffix("/0") + "/1")
    found = examine(run)
    assert {found[f"worker {queue}"]["status"] for queue in Queue} == {"FAIL"}
    assert found["beat"]["status"] == "FAIL"
    assert found["bot"]["status"] == "FAIL"


def statuses(findings: Iterable[Finding]) -> dict[str, str]:
    """The statuses of one check's findings."""
    return {finding.check: str(finding.status) for finding in findings}


def test_the_intent_and_the_age_of_the_bot_are_judged(installation: "redis.Redis"):
    def judge() -> dict[str, str]:
        return statuses(check_bot(read_settings(), datetime.now(UTC)))

    assert judge() == {"bot": "ok", "message content": "ok"}
    beat(installation, message_content_intent="false")
    assert judge() == {"bot": "ok", "message content": "FAIL"}
    beat(installation, at=(datetime.now(UTC) - timedelta(minutes=5)).isoformat())
    assert judge()["bot"] == "FAIL"
    beat(installation, at="rubbish")
    assert judge()["bot"] == "FAIL"
    beat(installation, session_id="")
    assert judge()["bot"] == "FAIL"
    installation.delete("dx:bot")
    assert judge() == {"bot": "FAIL"}


def test_a_bot_that_was_never_set_up_is_a_warning(
    installation: "redis.Redis", environment: pytest.MonkeyPatch
):
    installation.delete("dx:bot")
    environment.setenv("DISCORD_BOT_TOKEN", "")
    assert statuses(check_bot(read_settings(), datetime.now(UTC))) == {"bot": "warn"}


def test_an_old_sweep_and_a_beat_without_its_lock_are_failures(installation: "redis.Redis"):
    def judge(later: int = 0) -> dict[str, str]:
        return statuses(check_beat(read_settings(), datetime.now(UTC) + timedelta(seconds=later)))

    assert judge() == {"beat": "ok", "sweep": "ok"}
    assert judge(later=20)["sweep"] == "FAIL"
    installation.delete(LOCK)
    assert judge()["beat"] == "FAIL"
    records.rows_of(records.JobRun).delete_many({})
    assert judge()["sweep"] == "FAIL"


@pytest.mark.usefixtures("installation")
def test_servers_that_do_not_answer_are_one_line_each_within_seconds(
    run: Run, environment: pytest.MonkeyPatch
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for address in (f"127.0.0.1:{free_port()}", f"127.0.0.1:{port}"):
            environment.setenv("REDIS_URL", f"redis://{address}/0")
            environment.setenv("MONGODB_URI", f"mongodb://{address}/x")
            started = time.monotonic()
            found = examine(run)
            assert time.monotonic() - started < 10
            assert (
                found["MongoDB"]["status"]
                == found["Redis"]["status"]
                == found["processes"]["status"]
                == "FAIL"
            )
            assert "does not answer" in found["MongoDB"]["detail"]


@pytest.mark.usefixtures("installation")
def test_every_problem_of_the_environment_is_listed(
    run: Run, environment: pytest.MonkeyPatch, tmp_path: Path
):
    environment.setenv("REDIS_URL", "http://wrong")
    environment.setenv("WEB_PORT", "99999")
    answer = run("doctor", "--json")
    assert answer.status == 1
    assert sorted(row["detail"].split()[0] for row in answer.rows) == ["REDIS_URL", "WEB_PORT"]


@pytest.mark.usefixtures("installation")
def test_a_redis_that_forgets_or_evicts_fails(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")
        try:
            found = statuses(check_redis(read_settings()))
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("appendonly", "yes")
    assert (found["Redis eviction"], found["Redis appendonly"], found["Redis"]) == ("FAIL", "FAIL", "ok")


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(("seconds", "status"), [(60, "warn"), (5, "ok")])
def test_a_mongodb_that_holds_a_killed_transaction_for_long_is_a_warning(
    mongodb_uri: str, seconds: int, status: str
):
    with pymongo.MongoClient[dict[str, object]](mongodb_uri) as client:
        client.admin.command({"setParameter": 1, "transactionLifetimeLimitSeconds": seconds})
        try:
            found = statuses(check_mongodb(read_settings()))
        finally:
            client.admin.command({"setParameter": 1, "transactionLifetimeLimitSeconds": 5})
    assert found["MongoDB transactions"] == status
