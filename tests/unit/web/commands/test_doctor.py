"""Doctor's checks that need no server of ours: secrets, and who holds a port."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from shared.programs import free_port
from shared.settings import Settings
from shared.vault import generate_key_pair
from web.commands.doctor.ports import check_ports
from web.commands.doctor.secrets import check_secrets

PAIR, OTHER = generate_key_pair(), generate_key_pair()


def settings(**changes: Any) -> Settings:
    """The settings of a healthy installation, changed as told."""
    return Settings(
        **{
            "redis_url": "redis://127.0.0.1",
            "mongodb_uri": "mongodb://127.0.0.1",
            "secret_key": "k" * 43,
            "credential_public_keys": PAIR.public_key,
            "credential_private_keys": PAIR.private_key,
            "flower_basic_auth": "operator:password",
            "discord_bot_token": "token",
            "web_port": free_port(),
            "flower_port": free_port(),
            **changes,
        }
    )


def test_good_secrets_are_ok():
    assert {finding.status for finding in check_secrets(settings())} == {"ok"}


@pytest.mark.parametrize(
    ("name", "value", "check", "status"),
    [
        ("secret_key", "", "SECRET_KEY", "FAIL"),
        ("secret_key", "short-canary", "SECRET_KEY", "FAIL"),
        ("flower_basic_auth", "", "FLOWER_BASIC_AUTH", "FAIL"),
        ("flower_basic_auth", "canary", "FLOWER_BASIC_AUTH", "FAIL"),
        ("flower_basic_auth", "öperator:canary", "FLOWER_BASIC_AUTH", "FAIL"),
        ("credential_public_keys", "", "credential keys", "FAIL"),
        ("credential_public_keys", "canary", "credential keys", "FAIL"),
        ("credential_private_keys", "canary", "credential keys", "FAIL"),
        ("credential_private_keys", OTHER.private_key, "credential keys", "FAIL"),
        ("credential_private_keys", "", "credential keys", "warn"),
        ("discord_bot_token", "", "DISCORD_BOT_TOKEN", "warn"),
    ],
)
def test_a_secret_that_is_missing_or_weak_is_told_without_being_shown(
    name: str, value: object, check: str, status: str
):
    found = {finding.check: finding for finding in check_secrets(settings(**{name: value}))}
    assert found[check].status == status
    assert found[check].advice
    assert "canary" not in str(found)
    assert sum(finding.status != "ok" for finding in found.values()) == 1


@contextmanager
def listening(answer: Callable[[str], tuple[int, bytes]]) -> Iterator[int]:
    """A small HTTP server on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def web(path: str) -> tuple[int, bytes]:
    """Answer as our web does."""
    return (200, json.dumps({"status": "alive"}).encode()) if path == "/healthz" else (404, b"")


def flower(path: str) -> tuple[int, bytes]:
    """Answer as our Flower does."""
    return (200, b"OK") if path == "/healthcheck" else (401, b"")


def judge(web_port: int, flower_port: int) -> list[str]:
    """The two statuses."""
    return [
        str(finding.status) for finding in check_ports(settings(web_port=web_port, flower_port=flower_port))
    ]


def test_free_ports_are_ok():
    assert judge(free_port(), free_port()) == ["ok", "ok"]


def test_ports_answered_by_our_own_programs_are_ok_and_by_others_not():
    with listening(web) as web_port, listening(flower) as flower_port:
        assert judge(web_port, flower_port) == ["ok", "ok"]
        assert judge(flower_port, web_port) == ["FAIL", "FAIL"]


def test_a_program_that_says_nothing_holds_the_port():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        web_finding, _ = check_ports(settings(web_port=silent.getsockname()[1]))
    assert web_finding.status == "FAIL"
    assert "does not answer as ours" in web_finding.detail
