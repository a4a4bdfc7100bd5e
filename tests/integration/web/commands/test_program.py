"""The command line as a program: `flask --app web`, its standard output, standard error and exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.local import PROJECT, LocalServers, use_running_servers
from shared.programs import free_port
from tests.integration.web.commands.conftest import Run

FLASK = Path(sys.executable).with_name("flask")


def run_program(
    folder: Path, environment: Mapping[str, str], *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder without a .env, with nothing of this process's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [FLASK, "--app", "web", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(PROJECT), **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_follower_is_set_up_by_commands_alone(tmp_path: Path, redis_url: str, mongodb_uri: str):
    servers = {"REDIS_URL": redis_url, "MONGODB_URI": mongodb_uri}

    def done(*arguments: str) -> dict[str, str]:
        ended = run_program(tmp_path, servers, *arguments, "--json")
        assert (ended.returncode, ended.stderr) == (0, "")
        row: dict[str, str] = json.loads(ended.stdout)
        return row

    user = done("users", "create", "--discord-id", "1", "--name", "Ada")
    provider = done(
        *("providers", "create", "--name", "Alpha", "--guild-id", "11", "--channel-id", "21"),
        *("--author-id", "31"),
    )
    account = done(
        *("accounts", "connect", "--user", user["id"], "--venue", "paper", "--environment", "paper"),
        *("--balance", "10000"),
    )
    bot = done(
        *("bots", "create", "--user", user["id"], "--provider", provider["id"], "--account", account["id"]),
        *("--sizing", "kelly"),
    )
    assert (bot["sizing"], bot["state"]) == ("kelly", "active")


@pytest.mark.parametrize(
    ("environment", "status", "complaint"),
    [
        ({}, 1, "REDIS_URL is not set; MONGODB_URI is not set"),
        ({"REDIS_URL": "http://x", "MONGODB_URI": "mongodb://x"}, 1, "REDIS_URL must start with redis://"),
        (
            {"REDIS_URL": "redis://127.0.0.1:1", "MONGODB_URI": "mongodb://127.0.0.1:1"},
            1,
            "MongoDB does not answer",
        ),
    ],
)
def test_a_missing_or_dead_server_is_one_line_and_no_trace(
    tmp_path: Path, environment: dict[str, str], status: int, complaint: str
):
    ended = run_program(tmp_path, environment, "orders", "show", "--json")
    assert (ended.returncode, ended.stdout) == (status, "")
    assert ended.stderr.count("\n") == 1
    assert complaint in ended.stderr


def test_setup_works_before_anything_is_configured(tmp_path: Path):
    ports = ("--web-port", str(free_port()), "--flower-port", str(free_port()))
    ended = run_program(tmp_path, {}, "setup", "--non-interactive", "--env-file", ".env", *ports)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    # What setup wrote is what the next command reads, from the folder it is started in.
    ended = run_program(tmp_path, {}, "doctor", "--json")
    assert ended.returncode == 1
    assert "not set" in ended.stdout


def test_a_command_beside_a_running_make_run_finds_its_servers(
    run: Run, servers: LocalServers, environment: pytest.MonkeyPatch, tmp_path: Path
):
    environment.setenv("REDIS_URL", "")
    environment.delenv("MONGODB_URI")
    use_running_servers(tmp_path)
    assert os.environ["REDIS_URL"] == ""
    assert servers._folder is not None
    use_running_servers(servers._folder)
    assert (os.environ["REDIS_URL"], os.environ["MONGODB_URI"]) == (servers.redis_url, servers.mongodb_uri)
    assert run("orders", "show", "--account", "nobody").refused("no account")
    environment.setenv("REDIS_URL", "redis://elsewhere")
    use_running_servers(servers._folder)
    assert os.environ["REDIS_URL"] == "redis://elsewhere"
