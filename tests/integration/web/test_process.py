"""The process itself: what it says when it cannot start, and what it serves when a server is away."""

import re
import socket
import subprocess
import sys

import requests

from shared.programs import free_port
from tests.sample.server import ROOT, environment, running_web


def start(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_one_line_and_ends_with_the_status_of_a_bad_configuration() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = start(environment("redis://127.0.0.1:1", "mongodb://127.0.0.1:1/x", port))
    assert ended.returncode == 78
    assert ended.stderr.strip().splitlines() == [
        f"web: port {port} on 127.0.0.1 is taken (set WEB_PORT to a free one, see .env.example)"
    ]


def test_each_missing_setting_is_named_at_once() -> None:
    environ = environment("", "", free_port())
    ended = start(
        {
            name: value
            for name, value in environ.items()
            if name not in {"REDIS_URL", "MONGODB_URI", "SECRET_KEY"}
        }
    )
    assert ended.returncode == 78
    named = {line.split()[1] for line in ended.stderr.strip().splitlines()}
    assert named == {"REDIS_URL", "MONGODB_URI", "SECRET_KEY"}


def test_without_its_servers_it_lives_says_what_is_away_and_shows_a_page() -> None:
    dead = free_port()
    with running_web(f"redis://127.0.0.1:{dead}", f"mongodb://127.0.0.1:{dead}/x", DEMO="1") as server:
        session = requests.Session()
        ready = session.get(f"{server.url}/readyz", timeout=20)
        assert ready.status_code == 503
        assert ready.json() == {"status": "not ready", "away": ["mongodb", "redis"]}
        page = session.get(f"{server.url}/login", timeout=20).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        answer = session.post(f"{server.url}/login/demo", data={"csrf_token": token[1]}, timeout=20)
        assert answer.status_code == 503
        assert "The database does not answer" in answer.text
        assert answer.headers["Retry-After"] == "5"
