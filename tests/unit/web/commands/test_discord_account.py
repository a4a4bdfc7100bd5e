"""What setup makes of Discord's answers, from a small server that speaks like it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from web.commands.setup.discord_account import check_client, check_token, invite_link

SECRET = SecretStr("canary-secret")


@contextmanager
def discord(
    answers: dict[str, tuple[int, object]], seen: list[dict[str, str]] | None = None
) -> Iterator[str]:
    """Answer by path; note the headers that came."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if seen is not None:
                seen.append(dict(self.headers))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answers.get(self.path.removeprefix("/api/v10"), (404, {}))
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/stolen")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815 - names of the base class

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/v10"
        finally:
            server.shutdown()
            thread.join()


BOT = {"id": "55", "username": "Copier", "bot": True}


@pytest.mark.parametrize(
    ("flags", "told"), [(1 << 18, True), (1 << 19, True), (1 << 12, False), (None, None)]
)
def test_a_bot_is_known_by_name_with_its_application_and_intent(flags: int | None, told: bool | None):
    seen: list[dict[str, str]] = []
    answers = {"/users/@me": (200, BOT), "/oauth2/applications/@me": (200, {"id": "66", "flags": flags})}
    with discord(answers, seen) as url:
        account = check_token(url, SecretStr("token"))
    assert (account.name, account.application_id, account.message_content) == ("Copier", "66", told)
    assert {headers["Authorization"] for headers in seen} == {"Bot token"}
    assert all(headers["User-Agent"].startswith("DiscordBot (") for headers in seen)


def test_without_an_application_the_bots_own_id_serves():
    with discord({"/users/@me": (200, BOT)}) as url:
        account = check_token(url, SecretStr("token"))
    assert (account.application_id, account.message_content) == ("55", None)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ((401, {"message": "401: Unauthorized"}), "refuses this token"),
        ((200, {"id": "1", "username": "Ada"}), "not a bot's token"),
        ((200, b"<html>"), "says nothing"),
        ((200, ["bot"]), "says nothing"),
        ((503, b""), "503"),
        ((302, b""), "302"),
    ],
)
def test_other_answers_are_told_without_the_token(answer: tuple[int, object], complaint: str):
    with discord({"/users/@me": answer}) as url, pytest.raises(ValueError, match=complaint) as caught:
        check_token(url, SECRET)
    assert "canary" not in str(caught.value)


def test_a_token_with_signs_that_no_header_takes_is_told_without_being_shown():
    with discord({}) as url, pytest.raises(ValueError, match="does not answer") as caught:
        check_token(url, SecretStr("canary\n-tökén"))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "complaint"), [(401, "refuses"), (400, "refuses"), (404, "404"), (500, "500")]
)
def test_a_client_secret_is_proved_by_a_token_of_its_own(status: int, complaint: str):
    with discord({"/oauth2/token": (200, {"access_token": "x"})}) as url:
        check_client(url, "66", SECRET)
    with discord({"/oauth2/token": (status, {})}) as url, pytest.raises(ValueError, match=complaint):
        check_client(url, "66", SECRET)


def test_the_invite_asks_for_three_rights_and_two_scopes():
    query = parse_qs(urlsplit(invite_link("66")).query)
    assert query == {
        "client_id": ["66"],
        "scope": ["bot applications.commands"],
        "permissions": [str(0x400 + 0x800 + 0x10000)],
    }
