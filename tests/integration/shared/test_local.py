"""Redis and mongod on this machine: they answer, survive, keep their data, and never outlive their owner."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pymongo
import pytest
import redis

from shared.local import PROJECT, LocalServers
from shared.programs import LocalServerError
from tests.waiting import wait_until


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "MONGODB_URI")}


def launch(*arguments: str, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "shared.local", *arguments],
        cwd=PROJECT,
        env=env or environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def addresses(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def all_gone(pids: Sequence[int]) -> bool:
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalServers]:
    with LocalServers(tmp_path / "data") as servers:
        yield servers


def test_killed_servers_come_back_on_their_port_with_all_acknowledged_data(own: LocalServers) -> None:
    store = redis.Redis.from_url(own.redis_url)
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(own.mongodb_uri)
    with store, client:
        store.rpush("list", *range(500))
        client.get_default_database().rows.insert_many([{"_id": number} for number in range(500)])
        before = own.environment()
        own.redis.kill()
        own.mongod.kill()
        assert not own.redis.running
        assert not own.mongod.running
        own.redis.start()
        own.mongod.start()
        assert own.environment() == before
        assert store.llen("list") == 500
        assert client.get_default_database().rows.count_documents({}) == 500


def test_writes_are_acknowledged_by_the_majority_and_transactions_work(own: LocalServers) -> None:
    with pymongo.MongoClient[dict[str, Any]](own.mongodb_uri) as client:
        database = client.get_default_database()
        assert database.write_concern.document == {"w": "majority", "j": True, "wtimeout": 5000}
        with client.start_session() as session, session.start_transaction():
            database.rows.insert_one({"_id": 1}, session=session)
        assert database.rows.count_documents({}) == 1


def test_a_transaction_that_a_killed_process_left_open_holds_its_rows_for_seconds_only(
    own: LocalServers,
) -> None:
    gone: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(own.mongodb_uri)
    with gone, pymongo.MongoClient[dict[str, Any]](own.mongodb_uri, socketTimeoutMS=20_000) as client:
        # Twice the timeout, because a write is tried again, is less than the server's own minute.
        rows = client.get_default_database().rows
        rows.insert_one({"_id": 1, "name": "before"})
        session = gone.start_session()
        session.start_transaction()
        gone.get_default_database().rows.update_one({"_id": 1}, {"$set": {"name": "held"}}, session=session)
        rows.update_one({"_id": 1}, {"$set": {"name": "after"}})
        assert rows.find_one({"_id": 1}) == {"_id": 1, "name": "after"}


def test_redis_refuses_writes_rather_than_forget_and_keeps_an_append_only_file(own: LocalServers) -> None:
    expected = {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "bind": "127.0.0.1",
    }
    with redis.Redis.from_url(own.redis_url, decode_responses=True) as store:
        settings: Any = store.config_get("*")
    assert {name: settings[name] for name in expected} == expected


def test_a_second_start_finds_its_data_though_its_ports_are_taken(tmp_path: Path) -> None:
    with LocalServers(tmp_path) as servers:
        taken = [servers.redis.port, servers.mongod.port]
        with pymongo.MongoClient[dict[str, Any]](servers.mongodb_uri) as client:
            client.get_default_database().rows.insert_one({"_id": 1})
    holders = [socket.socket() for _ in taken]
    for holder, port in zip(holders, taken, strict=True):
        holder.bind(("127.0.0.1", port))
    try:
        with LocalServers(tmp_path) as servers:
            assert servers.redis.port not in taken
            assert servers.mongod.port not in taken
            with pymongo.MongoClient[dict[str, Any]](servers.mongodb_uri) as client:
                assert client.get_default_database().rows.count_documents({}) == 1
    finally:
        for holder in holders:
            holder.close()


def test_two_folders_run_at_once_and_one_folder_only_once(tmp_path: Path, own: LocalServers) -> None:
    with LocalServers(tmp_path / "other") as other:
        assert {other.redis.port, other.mongod.port}.isdisjoint({own.redis.port, own.mongod.port})
        status, out, err = finish(launch("--data", str(tmp_path / "data"), "--", "true"))
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert f"is in use by process {os.getpid()}: stop it, or choose another folder with --data" in err


def test_a_command_gets_both_addresses_and_its_exit_status_is_handed_on() -> None:
    code = (
        "import os, redis, pymongo; redis.Redis.from_url(os.environ['REDIS_URL']).ping();"
        "pymongo.MongoClient(os.environ['MONGODB_URI']).admin.command('ping'); raise SystemExit(7)"
    )
    assert finish(launch("--fresh", "--", sys.executable, "-W", "ignore", "-c", code)) == (7, "", "")


def test_a_command_that_does_not_exist_is_one_line() -> None:
    assert finish(launch("--fresh", "--", "no-such-command", "x")) == (
        127,
        "",
        "no-such-command x: No such file or directory\n",
    )


def test_servers_that_the_environment_names_are_used_and_nothing_is_started() -> None:
    named = {"REDIS_URL": "redis://elsewhere:6379/0", "MONGODB_URI": "mongodb://elsewhere/x"}
    process = launch("--json", "--", "sh", "-c", "echo $REDIS_URL", env=environment() | named)
    status, out, _ = finish(process)
    assert status == 0
    assert json.loads(out.splitlines()[0]) == {
        "redis_url": "redis://elsewhere:6379/0",
        "mongodb_uri": "mongodb://elsewhere/x",
    }
    assert out.splitlines()[1] == "redis://elsewhere:6379/0"
    servers = LocalServers(redis_url=named["REDIS_URL"], mongodb_uri=named["MONGODB_URI"])
    with servers, pytest.raises(LocalServerError, match="REDIS_URL names it"):
        servers.redis.kill()


def test_term_ends_the_command_first_and_then_the_servers(tmp_path: Path) -> None:
    note = tmp_path / "note"
    # The sleep is forked before the trap is set, so that a TERM finds it without a handler of the shell's.
    script = f"sleep 60 & trap 'kill $!; echo ended > {note}; exit 5' TERM; echo ready; wait"
    process = launch("--fresh", "--json", "--", "sh", "-c", script)
    started = addresses(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert finish(process)[0] == 5
    assert note.read_text() == "ended\n"
    assert all_gone([started["redis_pid"], started["mongod_pid"]])


def test_without_a_command_it_waits_until_told_to_stop() -> None:
    process = launch("--fresh")
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    assert lines[0].startswith("export REDIS_URL=redis://127.0.0.1:")
    assert lines[1].startswith("export MONGODB_URI='mongodb://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    assert finish(process) == (130, "", "")


def test_a_killed_owner_leaves_no_server_and_its_folder_can_be_used_at_once(tmp_path: Path) -> None:
    process = launch("--data", str(tmp_path), "--json", "--", "sh", "-c", "echo ready; exec sleep 60")
    started = addresses(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    pids = [started["redis_pid"], started["mongod_pid"]]
    pids += [child.pid for child in psutil.Process(process.pid).children()]
    process.kill()
    process.communicate()
    with LocalServers(tmp_path) as servers:
        assert servers.redis_url == started["redis_url"]
        wait_until(lambda: all_gone(pids), "the end of everything the killed owner had started")
