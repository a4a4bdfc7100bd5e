"""The real web process, started on a free port for tests that need sockets or a browser."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from shared.programs import free_port
from tests.sample.sessions import begin_session
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
SECRET_KEY = "a-key-of-the-tests-alone"


@dataclass(frozen=True, slots=True)
class WebServer:
    """Where the process answers."""

    url: str
    port: int


def environment(redis_url: str, mongodb_uri: str, port: int, **more: str) -> dict[str, str]:
    """Make the environment of a web process; nothing of this machine's settings comes along."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_uri,
        "SECRET_KEY": SECRET_KEY,
        "WEB_PORT": str(port),
        **more,
    }


@contextmanager
def running_web(redis_url: str, mongodb_uri: str, **more: str) -> Iterator[WebServer]:
    """Run `python -m web` until the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=ROOT,
        env=environment(redis_url, mongodb_uri, port, **more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    server = WebServer(f"http://127.0.0.1:{port}", port)

    def answers() -> bool:
        if process.poll() is not None:
            assert process.stderr is not None
            raise AssertionError(f"web ended: {process.stderr.read().decode()[-2000:]}")
        try:
            return requests.get(f"{server.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    try:
        wait_until(answers, "the web process answers", seconds=30)
        yield server
    finally:
        process.terminate()
        process.communicate(timeout=15)


def session_cookie(user_id: str) -> str:
    """Begin a session in the connected database, and sign its cookie as the web process would have."""
    app = Flask("signer")
    app.secret_key = SECRET_KEY
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    signed = serializer.dumps({"sid": begin_session(user_id)})
    return signed if isinstance(signed, str) else signed.decode()
