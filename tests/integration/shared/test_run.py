"""The runner: what dies comes back, what cannot work stops everything, and nothing is left behind."""

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from shared.local import PROJECT, LocalServers
from shared.run import Runner
from tests.waiting import wait_until

NAMED = {"REDIS_URL": "redis://elsewhere", "MONGODB_URI": "mongodb://elsewhere/x"}
Make = Callable[..., Runner]


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def start(out: io.StringIO) -> Iterator[Make]:
    runners: list[Runner] = []

    def start_one(processes: dict[str, str], **options: Any) -> Runner:
        runner = Runner(processes, dict(os.environ), out=out, **options)
        runners.append(runner)
        runner.start()
        return runner

    yield start_one
    for runner in runners:
        runner.ask_to_stop()
        runner.ask_to_stop()
        runner.stop()


def pid_of(runner: Runner, name: str, *, other_than: int = 0) -> int:
    return wait_until(
        lambda: pid if (pid := runner.pids().get(name, 0)) != other_than else None, f"{name} is running"
    )


def script(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.py"
    path.write_text(textwrap.dedent(text))
    return f"python {path}"


def test_a_killed_process_comes_back_and_the_state_file_tells(
    tmp_path: Path, start: Make, out: io.StringIO
) -> None:
    state = tmp_path / "state.json"
    runner = start({"sleeper": "sleep 60"}, state_file=state)
    first = pid_of(runner, "sleeper")
    os.kill(first, signal.SIGKILL)
    second = pid_of(runner, "sleeper", other_than=first)
    kept = wait_until(
        lambda: found if (found := json.loads(state.read_text())["sleeper"])["pid"] == second else None,
        "the new pid in the state file",
    )
    assert kept["restarts"] == 1
    assert "sleeper ended with SIGKILL; back in 0.5 s" in out.getvalue()


def test_a_dead_process_takes_its_children_along(tmp_path: Path, start: Make) -> None:
    runner = start({"parent": f"sh -c 'sleep 60 & echo $! > {tmp_path}/child; wait'"})
    pid = pid_of(runner, "parent")
    child = int(
        wait_until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text(), "a child")
    )
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(child), "the end of the child")


def test_lines_are_passed_on_behind_the_name_of_who_wrote_them(start: Make, out: io.StringIO) -> None:
    start({"a": "sh -c 'echo to out; echo to err >&2; sleep 60'", "longer": "sleep 60"})
    wait_until(lambda: "to err" in out.getvalue(), "both lines")
    assert {"a      | to out", "a      | to err"} <= set(out.getvalue().splitlines())


def test_a_process_with_a_bad_configuration_stops_everything_with_its_line(start: Make) -> None:
    runner = start({"other": "sleep 60", "web": "sh -c 'echo WEB_PORT 80 is taken; exit 78'"})
    wait_until(lambda: runner.failure, "the runner gives up")
    assert runner.stop() == 78
    assert runner.failure == "web cannot work with this configuration: WEB_PORT 80 is taken"
    assert runner.pids() == {}


def test_a_program_that_does_not_exist_stops_everything(start: Make) -> None:
    runner = start({"web": "no-such-program"})
    wait_until(lambda: runner.failure, "the runner gives up")
    assert runner.stop() == 78
    assert runner.failure == "web: no-such-program: No such file or directory."


def test_stopping_lets_each_finish_and_kills_whoever_does_not(
    tmp_path: Path, start: Make, out: io.StringIO
) -> None:
    note = tmp_path / "note"
    orderly = f"""
        import pathlib, signal, sys, time
        def finish(*_):
            time.sleep(0.5)
            pathlib.Path({str(note)!r}).write_text("finished")
            sys.exit(0)
        signal.signal(signal.SIGTERM, finish)
        print("ready", flush=True)
        time.sleep(60)
        """
    stubborn = """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("ready", flush=True)
        time.sleep(60)
        """
    processes = {
        "orderly": script(tmp_path, "orderly", orderly),
        "stubborn": script(tmp_path, "stubborn", stubborn),
    }
    runner = start(processes, grace_seconds=1.5)
    wait_until(lambda: out.getvalue().count("ready") == 2, "both are ready")
    pids = runner.pids().values()
    assert runner.stop() == 0
    assert note.read_text() == "finished"
    assert not any(alive(pid) for pid in pids)
    assert "stubborn did not end in time: killed" in out.getvalue()
    assert "orderly did not" not in out.getvalue()


def test_killed_servers_come_back_on_the_same_port_with_their_data(tmp_path: Path, start: Make) -> None:
    with LocalServers(tmp_path) as own, redis.Redis.from_url(own.redis_url) as store:
        store.set("key", "value")
        runner = start({}, servers=own)
        before = {"redis": own.redis.pid, "mongod": own.mongod.pid}
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        for name, pid in before.items():
            pid_of(runner, name, other_than=pid)
        assert wait_until(lambda: own.redis.running and store.get("key"), "Redis answers") == b"value"
        runner.stop()


def command_line(tmp_path: Path, procfile: str, *options: str) -> list[str]:
    (tmp_path / "Procfile").write_text(procfile)
    files = [
        "--procfile",
        str(tmp_path / "Procfile"),
        "--env",
        str(tmp_path / ".env"),
        "--data",
        str(tmp_path),
    ]
    return [sys.executable, "-m", "shared.run", *files, *options]


def run_to_its_end(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=PROJECT, env=os.environ | NAMED, capture_output=True, text=True, timeout=60, check=False
    )


def test_env_file_is_read_the_environment_wins_and_python_is_ours(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FROM_FILE='one two'\nREDIS_URL=redis://file\n")
    script(
        tmp_path,
        "say",
        """
        import os, sys
        print(os.environ["FROM_FILE"], os.environ["REDIS_URL"], sys.executable)
        raise SystemExit(78)
        """,
    )
    done = run_to_its_end(command_line(tmp_path, f"only: python {tmp_path}/say.py\nother: sleep 60", "only"))
    assert done.returncode == 78
    assert f"only   | one two redis://elsewhere {sys.executable}" in done.stdout
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("procfile", "names", "complaint"),
    [("a: true", ["b"], "has no b; it has a"), ("nonsense", [], "line 1: expected `name: command`")],
)
def test_what_cannot_be_run_is_one_line(
    tmp_path: Path, procfile: str, names: list[str], complaint: str
) -> None:
    done = run_to_its_end(command_line(tmp_path, procfile, *names))
    assert done.returncode == 1
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_killed_runner_leaves_neither_processes_nor_servers(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    parent = f"sh -c 'sleep 61 & echo $! > {tmp_path}/child; wait'"
    env = {name: value for name, value in os.environ.items() if name not in NAMED}
    with subprocess.Popen(
        command_line(tmp_path, f"parent: {parent}", "--state", str(state)),
        cwd=PROJECT,
        env=env,
        stdout=subprocess.DEVNULL,
    ) as process:
        child = wait_until(
            lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text(), "a child"
        )
        rows = wait_until(lambda: state.exists() and json.loads(state.read_text()), "the state file")
        pids = [row["pid"] for row in rows.values()] + [int(child)]
        assert len(pids) == 4
        process.kill()
    wait_until(lambda: not any(alive(pid) for pid in pids), "the end of everything the runner had started")


def test_term_stops_everything_in_order_and_exits_0(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with subprocess.Popen(
        command_line(tmp_path, "a: sleep 60\nb: sleep 60", "--state", str(state)),
        cwd=PROJECT,
        env=os.environ | NAMED,
        stdout=subprocess.DEVNULL,
    ) as process:
        rows = wait_until(lambda: state.exists() and json.loads(state.read_text()), "the state file")
        process.terminate()
        assert process.wait(20) == 0
    assert not any(alive(row["pid"]) for row in rows.values())
