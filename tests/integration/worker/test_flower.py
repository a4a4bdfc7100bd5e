"""Flower as the Procfile starts it: a real process, a real Redis, a real worker that it watches."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.local import PROJECT
from shared.programs import free_port
from tests.waiting import wait_until

USER_AND_PASSWORD = "operator:correct horse battery staple"
PASSWORD = {"Authorization": "Basic " + base64.b64encode(USER_AND_PASSWORD.encode()).decode()}
TINY_WORKER = """
from celery import Celery
app = Celery("tiny")
app.config_from_object("celeryconfig")
@app.task(name="maintenance.sweep")
def sweep():
    pass
"""


@dataclass(frozen=True)
class Running:
    port: int

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ask_as_operator(self, path: str, method: str = "GET") -> tuple[int, str]:
        return self.ask(path, method, **PASSWORD)


def environment(redis_url: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWER_")}
    return {
        **kept,
        "REDIS_URL": redis_url,
        "MONGODB_URI": "mongodb://127.0.0.1:1/unused",
        "FLOWER_BASIC_AUTH": USER_AND_PASSWORD,
        "PYTHONPATH": str(PROJECT),
        **more,
    }


def start(*command: str, folder: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    with (folder / "log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, *command], cwd=folder, env=env, stdout=log, stderr=log, text=True
        )


@pytest.fixture(scope="module")
def flower(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("flower")
    port = free_port()
    # What would open the API to everybody must have no effect here.
    env = environment(redis_url, FLOWER_PORT=str(port), FLOWER_UNAUTHENTICATED_API="true")
    process = start("-m", "worker.flower", folder=folder, env=env)
    running = Running(port)

    def look() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            return running.ask("/healthcheck")[0] == 200
        except OSError:
            return False

    try:
        wait_until(look, "flower answers")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(15) == 0
        finally:
            process.kill()


@pytest.fixture(scope="module")
def worker(redis_url: str, tmp_path_factory: pytest.TempPathFactory, flower: Running) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("worker")
    (folder / "tiny.py").write_text(TINY_WORKER)
    arguments = ("worker", "-Q", "sync", "-n", "sync@here", "--pool", "solo", "--without-gossip", "-E")
    process = start("-m", "celery", "-A", "tiny", *arguments, folder=folder, env=environment(redis_url))
    try:
        yield "sync@here"
    finally:
        process.terminate()
        try:
            process.wait(15)
        finally:
            process.kill()


PAGES = (
    "/", "/workers", "/worker/sync@here", "/tasks", "/task/1", "/broker", "/login", "/logout",
    "/api/workers", "/api/tasks", "/api/task/types", "/api/queues/length", "/api/task/info/1", "/api/task/result/1",
    "/static/css/flower.css", "/static/../app.py", "/no/such/page", "/metrics/", "//metrics", "/metrics%2f",
)  # fmt: skip
ACTIONS = (
    "/tasks/datatable", "/api/worker/shutdown/sync@here", "/api/worker/pool/restart/sync@here",
    "/api/worker/pool/grow/sync@here", "/api/worker/pool/shrink/sync@here", "/api/worker/pool/autoscale/sync@here",
    "/api/worker/queue/add-consumer/sync@here", "/api/worker/queue/cancel-consumer/sync@here",
    "/api/task/apply/maintenance.sweep", "/api/task/async-apply/maintenance.sweep",
    "/api/task/send-task/maintenance.sweep", "/api/task/abort/1", "/api/task/timeout/1", "/api/task/rate-limit/1",
    "/api/task/revoke/1",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_and_api_route_asks_for_the_password(flower: Running, path: str):
    assert flower.ask(path)[0] == 401
    assert flower.ask(path, "HEAD")[0] == 401
    assert flower.ask(path, "OPTIONS")[0] == 401


@pytest.mark.parametrize("path", ACTIONS)
def test_every_action_asks_for_the_password_and_is_refused_even_with_it(flower: Running, path: str):
    assert flower.ask(path, "POST")[0] == 401
    if path != "/tasks/datatable":
        assert flower.ask_as_operator(path, "POST")[0] == 403


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic " + base64.b64encode(b"operator:wrong").decode(),
        "Basic " + base64.b64encode("öperator:påssword".encode()).decode(),
        "Basic not base64 at all",
        "Bearer " + base64.b64encode(USER_AND_PASSWORD.encode()).decode(),
        USER_AND_PASSWORD,
    ],
)
def test_a_wrong_or_malformed_password_is_a_401(flower: Running, authorization: str):
    connection = http.client.HTTPConnection("127.0.0.1", flower.port, timeout=10)
    connection.request("GET", "/workers", headers={"Authorization": authorization.encode()})
    assert connection.getresponse().status == 401
    connection.close()


def test_with_the_password_the_workers_and_their_tasks_are_listed(
    flower: Running, worker: str, redis_url: str
):
    ring = "from shared.tasks import TaskName, enqueue; assert enqueue(TaskName.MAINTENANCE_SWEEP)"

    def workers() -> bool:
        return worker in json.loads(flower.ask_as_operator("/api/workers?refresh=1")[1])

    wait_until(workers, "the worker is listed")
    subprocess.run(
        [sys.executable, "-c", ring], env=environment(redis_url), cwd=PROJECT, check=True, timeout=30
    )

    def finished() -> bool:
        tasks = json.loads(flower.ask_as_operator("/api/tasks")[1]).values()
        return [(task["name"], task["state"]) for task in tasks] == [("maintenance.sweep", "SUCCESS")]

    wait_until(finished, "the task is listed as done")
    for page in ("/", "/workers", "/tasks", "/broker", f"/worker/{worker}"):
        assert flower.ask_as_operator(page)[0] == 200


@pytest.mark.parametrize("path", ["/metrics", "/healthcheck"])
def test_probes_are_answered_on_loopback_and_never_through_a_proxy(flower: Running, path: str):
    assert flower.ask(path)[0] == 200
    for header in ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via"):
        assert flower.ask(path, **{header: "127.0.0.1"})[0] == 403
        assert flower.ask(path, **{header: "127.0.0.1", **PASSWORD})[0] == 403


def test_it_listens_on_loopback_only(flower: Running):
    own_address = socket.gethostbyname(socket.gethostname())
    if not own_address.startswith("127."):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((own_address, flower.port), timeout=2).close()


def end(redis_url: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker.flower"],
        env=environment(redis_url, **more),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("value", ["", "no-colon", "user:", ":password", "usér:password"])
def test_without_a_usable_password_it_does_not_start(redis_url: str, value: str):
    ended = end(redis_url, FLOWER_BASIC_AUTH=value)
    assert ended.returncode == 78
    assert ended.stderr.count("\n") == 1
    assert "FLOWER_BASIC_AUTH" in ended.stderr


def test_a_taken_port_is_one_clear_line(redis_url: str, flower: Running):
    ended = end(redis_url, FLOWER_PORT=str(flower.port))
    assert ended.returncode == 78
    assert ended.stderr.count("\n") == 1
    assert str(flower.port) in ended.stderr
    assert "FLOWER_PORT" in ended.stderr
