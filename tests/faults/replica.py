"""Two more members for the house's mongod, so that a primary can step down and another one takes over."""

import contextlib
import subprocess
import time
from contextlib import ExitStack
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from shared.programs import MONGOD, free_port
from shared.servers import REPLICA_SET
from tests.faults.stage import Stage
from tests.house.house import House
from tests.waiting import wait_until

MEMBERS = 3
_STEP_DOWN_SECONDS = 5
_BETWEEN_SECONDS = 4.0


def add_members(house: House, stack: ExitStack) -> None:
    """Start two mongods in the house's folder and let them join its set; they end with the stack."""
    ports = [free_port() for _ in range(MEMBERS - 1)]
    for port in ports:
        folder = house.folder / f"mongod-{port}"
        folder.mkdir()
        command = [
            *(str(MONGOD.find()), "--replSet", REPLICA_SET, "--bind_ip", "127.0.0.1", "--port", str(port)),
            *("--dbpath", str(folder), "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64"),
        ]
        out = stack.enter_context((folder / "mongod.log").open("w"))
        process = subprocess.Popen(command, stdout=out, stderr=out)
        stack.callback(process.wait)
        stack.callback(process.kill)
    client = stack.enter_context(pymongo.MongoClient[dict[str, Any]](house.env["MONGODB_URI"]))
    config = client.admin.command("replSetGetConfig")["config"]
    for number, port in enumerate(ports, start=1):
        wait_until(lambda port=port: _answers(port), "a new member listens", seconds=60)
        # One member a change, as the server asks for it.
        config["members"].append({"_id": number, "host": f"127.0.0.1:{port}"})
        config["version"] += 1
        client.admin.command("replSetReconfig", config)
    wait_until(lambda: _is_whole(client), "every member has caught up", seconds=120)
    # Whoever knows one member only finds nobody once that one is down.
    host = client.address
    assert host is not None
    every = ",".join(f"127.0.0.1:{port}" for port in (host[1], *ports))
    house.env["MONGODB_URI"] = house.env["MONGODB_URI"].replace(f"127.0.0.1:{host[1]}", every)


def step_down(stage: Stage, row: str, times: int) -> float:
    """Let whoever is primary step down, again and again: each time another one is elected."""
    with pymongo.MongoClient[dict[str, Any]](stage.house.env["MONGODB_URI"]) as client:
        for number in range(times):
            if number:
                time.sleep(_BETWEEN_SECONDS)
            # It closes connections while it steps down.
            with contextlib.suppress(PyMongoError):
                client.admin.command("replSetStepDown", _STEP_DOWN_SECONDS, force=True)
            stage.note(row, "step-down")
            wait_until(lambda: _has_primary(client), "another primary", seconds=60)
    return time.time()


def _answers(port: int) -> bool:
    with pymongo.MongoClient[dict[str, Any]](
        f"mongodb://127.0.0.1:{port}/?directConnection=true", serverSelectionTimeoutMS=1000
    ) as client:
        try:
            return bool(client.admin.command("ping"))
        except PyMongoError:
            return False


def _is_whole(client: "pymongo.MongoClient[dict[str, Any]]") -> bool:
    states = [member["stateStr"] for member in client.admin.command("replSetGetStatus")["members"]]
    return sorted(states) == ["PRIMARY", "SECONDARY", "SECONDARY"]


def _has_primary(client: "pymongo.MongoClient[dict[str, Any]]") -> bool:
    try:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False
