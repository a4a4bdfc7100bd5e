"""Celery's settings and the beat's table, held against the tasks that they are for."""

import ast
import runpy
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.settings import load_settings
from shared.tasks import EARLY_ACK, QUEUE_OF, Queue, TaskName

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config() -> Iterator[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REDIS_URL", "redis://localhost:1/0")
        environment.setenv("MONGODB_URI", "mongodb://localhost:1/test")
        load_settings.cache_clear()
        yield runpy.run_path(str(ROOT / "celeryconfig.py"))
    load_settings.cache_clear()


@pytest.fixture(scope="module")
def job_periods() -> dict[TaskName, float]:
    """The period in each `@job(TaskName.X, period)` of worker/tasks."""
    found: dict[TaskName, float] = {}
    for path in (ROOT / "worker" / "tasks").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "job":
                name, period = node.args
                assert isinstance(name, ast.Attribute)
                found[TaskName[name.attr]] = ast.literal_eval(period)
    return found


def test_only_json_is_read_and_written(config: dict[str, Any]):
    assert config["accept_content"] == config["result_accept_content"] == ["json"]
    assert config["task_serializer"] == config["result_serializer"] == "json"


def test_a_task_ends_before_its_message_is_delivered_again(config: dict[str, Any]):
    visibility = config["broker_transport_options"]["visibility_timeout"]
    assert visibility == config["visibility_timeout"] == 120
    assert config["task_time_limit"] < visibility


def test_no_soft_limit_interrupts_a_send(config: dict[str, Any]):
    assert "task_soft_time_limit" not in config
    assert all("soft_time_limit" not in terms for terms in config["task_annotations"].values())


def test_orders_and_exits_alone_acknowledge_early(config: dict[str, Any]):
    assert frozenset({Queue.ORDERS, Queue.EXITS}) == EARLY_ACK
    for name, queue in QUEUE_OF.items():
        terms = config["task_annotations"][str(name)]
        assert terms["acks_late"] is (queue not in EARLY_ACK)
        assert terms.get("task_retry_on_worker_lost", False) is (queue not in EARLY_ACK)


def test_what_acknowledges_early_is_never_retried_by_the_queue(config: dict[str, Any]):
    early = [str(name) for name, queue in QUEUE_OF.items() if queue in EARLY_ACK]
    assert {config["task_annotations"][name]["max_retries"] for name in early} == {0}


def test_every_task_is_routed_to_a_queue_that_exists(config: dict[str, Any]):
    queues = {queue.name for queue in config["task_queues"]}
    assert queues == set(map(str, Queue))
    assert set(config["task_routes"]) == set(map(str, TaskName))
    assert {route["queue"] for route in config["task_routes"].values()} <= queues
    assert config["task_create_missing_queues"] is False
    assert config["task_default_queue"] in queues


def test_a_worker_takes_one_message_at_a_time_and_keeps_no_results(config: dict[str, Any]):
    assert config["worker_prefetch_multiplier"] == 1
    assert config["task_ignore_result"] is True


def test_the_beat_rings_every_job_and_nothing_else_at_the_jobs_own_period(
    config: dict[str, Any], job_periods: dict[TaskName, float]
):
    rung = {
        TaskName(entry["task"]): entry["schedule"].total_seconds()
        for entry in config["beat_schedule"].values()
    }
    assert rung == job_periods


def test_a_tick_goes_to_its_tasks_queue_and_expires_about_when_the_next_one_comes(config: dict[str, Any]):
    for entry in config["beat_schedule"].values():
        period: timedelta = entry["schedule"]
        assert entry["options"]["queue"] == str(QUEUE_OF[TaskName(entry["task"])])
        assert period.total_seconds() <= entry["options"]["expires"] <= max(period.total_seconds(), 2)


def test_a_redis_that_does_not_answer_is_given_up_within_seconds(config: dict[str, Any]):
    options = config["broker_transport_options"]
    assert 0 < options["socket_connect_timeout"] <= 5
    assert 0 < options["socket_timeout"] <= 5
    assert config["redbeat_lock_timeout"] <= 10
