"""The provider's HTTP side: a page with yes and no, the token door, the revocation door, faults and a log."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.emulators.oauth.grants import Grants, Refused, Terms

CLIENT_ID, CLIENT_SECRET = "client-1", "canary-client-secret"
_AUTHORISE = ("/oauth/authorize", "/oauth2/auth")
_TOKEN = ("/oauth/token", "/oauth2/token")
_REVOKE = ("/oauth/revoke", "/oauth2/revoke")
_SLOW_SECONDS = 1.0


@dataclass(slots=True)
class Fault:
    """What happens to the next questions at the token and revocation doors.

    `kind`: down, slow, status (500), garbage, redirect, drip, lost (carried out, and the answer is dropped).
    """

    kind: str
    times: int = 1
    status: int = 500


@dataclass
class OAuthServer:
    """A provider on a port of its own; use it as a context."""

    redirect_uris: Iterable[str] = ()
    terms: Terms = field(default_factory=Terms)
    log: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def __enter__(self) -> "OAuthServer":
        self.grants = Grants(CLIENT_ID, CLIENT_SECRET, self.redirect_uris, self.terms)
        self._server = _Door(("127.0.0.1", 0), _Handler)
        self._server.oauth = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def strike(self, kind: str, times: int = 1, status: int = 500) -> None:
        """Let the next questions fail."""
        self.faults.append(Fault(kind, times, status))

    def calm(self) -> None:
        """Take all faults back."""
        self.faults.clear()

    def take_fault(self) -> Fault | None:
        """Return the fault of this question."""
        while self.faults:
            fault = self.faults[0]
            if fault.times > 0:
                fault.times -= 1
                return fault
            self.faults.pop(0)
        return None

    def count(self, grant: str) -> int:
        """Count the questions of one kind that arrived: authorization_code, refresh_token, revoke."""
        return sum(line["grant"] == grant for line in self.log)

    def tokens_for(self, words: dict[str, str]) -> dict[str, Any]:
        """Answer the token door."""
        if (words.get("client_id"), words.get("client_secret")) != self.grants.client:
            raise Refused("invalid_client", 401)
        kind = words.get("grant_type")
        if kind == "authorization_code":
            family = self.grants.exchange(
                words.get("code", ""), words.get("redirect_uri", ""), words.get("code_verifier", "")
            )
        elif kind == "refresh_token":
            family = self.grants.refresh(words.get("refresh_token", ""))
        else:
            raise Refused("unsupported_grant_type")
        answer: dict[str, Any] = {
            "access_token": family.access[-1],
            "token_type": "bearer",
            "scope": family.scope,
        }
        if self.terms.expires_in is not None:
            answer["expires_in"] = self.terms.expires_in
        if family.refresh:
            answer["refresh_token"] = family.refresh[-1]
        return answer


class _Door(ThreadingHTTPServer):
    daemon_threads = True
    oauth: OAuthServer


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    @property
    def oauth(self) -> OAuthServer:
        """The provider that is asked."""
        assert isinstance(self.server, _Door)
        return self.server.oauth

    def log_message(self, *_: object) -> None:
        """Stay silent: the log is the server's own list."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path not in _AUTHORISE:
            self._send(404, b"not found", "text/plain")
            return
        words = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if not self._is_known_client(words):
            self._send(400, b"this client or redirect address is not known", "text/plain")
            return
        hidden = "".join(
            f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in words.items()
        )
        buttons = "".join(
            f'<button name="decision" value="{word}">{word}</button>' for word in ("approve", "deny")
        )
        page = f'<title>Provider</title><form method="post">{hidden}{buttons}</form>'
        self._send(200, page.encode(), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        words = self._read_words()
        path = urlsplit(self.path).path
        if path in _AUTHORISE and self._is_known_client(words):
            self._decide(words)
            return
        grant = "revoke" if path in _REVOKE else words.get("grant_type", "")
        self.oauth.log.append({"path": path, "grant": grant, "at": time.time()})
        fault = self.oauth.take_fault()
        if fault is None or fault.kind in {"lost", "slow"}:
            if fault is not None and fault.kind == "slow":
                time.sleep(_SLOW_SECONDS)
            status, answer = self._answer(path, words)
            if fault is not None and fault.kind == "lost":
                self._drop()
                return
            self._send(status, json.dumps(answer).encode(), "application/json")
            return
        self._fail(fault)

    def _answer(self, path: str, words: dict[str, str]) -> tuple[int, dict[str, Any]]:
        try:
            if path in _TOKEN:
                return 200, self.oauth.tokens_for(words)
            if path in _REVOKE:
                self.oauth.grants.revoke(words.get("token", ""))
                return 200, {}
        except Refused as refusal:
            return refusal.status, {"error": refusal.word}
        return 404, {"error": "not_found"}

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "down":
            self._drop()
        elif fault.kind == "garbage":
            self._send(200, b"<html>maintenance</html>", "text/html")
        elif fault.kind == "redirect":
            self._send(302, b"", "text/plain", {"Location": f"{self.oauth.url}/elsewhere"})
        elif fault.kind == "drip":
            self._drip()
        else:
            self._send(fault.status, b'{"error": ""}', "application/json")

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(100):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)

    def _drop(self) -> None:
        # A reset, and not an empty answer: nobody can take it for one.
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def _decide(self, words: dict[str, str]) -> None:
        state = {"state": words.get("state", "")}
        if words.get("decision") == "approve":
            code = self.oauth.grants.authorise(
                words["redirect_uri"], words.get("code_challenge", ""), words.get("scope", "")
            )
            answer = {"code": code, **state}
        else:
            answer = {"error": "access_denied", **state}
        self._send(302, b"", "text/plain", {"Location": f"{words['redirect_uri']}?{urlencode(answer)}"})

    def _is_known_client(self, words: dict[str, str]) -> bool:
        is_client = words.get("client_id") == self.oauth.grants.client[0]
        return is_client and words.get("redirect_uri") in self.oauth.grants.redirect_uris

    def _read_words(self) -> dict[str, str]:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True
