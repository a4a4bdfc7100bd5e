"""Ports: free, or answered by the program of ours that belongs there."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing

from shared.settings import Settings
from web.commands.doctor.findings import Finding, fail, ok

_ANSWER_SECONDS = 2.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, not bound


def check_ports(settings: Settings) -> Iterator[Finding]:
    """Check WEB_PORT and FLOWER_PORT."""
    yield _check("WEB_PORT", settings.web_host, settings.web_port, _is_web)
    yield _check("FLOWER_PORT", settings.flower_host, settings.flower_port, _is_flower)


def _check(name: str, host: str, port: int, is_ours: Callable[[str, int], bool]) -> Finding:
    place = f"{host}:{port}"
    try:
        if is_ours(_EVERYWHERE.get(host, host), port):
            return ok(name, f"{place} answers")
    except ConnectionRefusedError:
        return ok(name, f"{place} is free: nothing of ours runs there now")
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        return fail(
            name, f"{place} is taken and does not answer as ours ({reason})", f"free it or change {name}"
        )
    return fail(name, f"{place} is taken by another program", f"free it or change {name}")


def _is_web(host: str, port: int) -> bool:
    status, text = _ask(host, port, "/healthz")
    try:
        return status == 200 and json.loads(text) == {"status": "alive"}
    except ValueError:
        return False


def _is_flower(host: str, port: int) -> bool:
    # Its own lock answers here (worker/flower.py): 401 without the password, and a probe from loopback.
    return _ask(host, port, "/")[0] == 401 and _ask(host, port, "/healthcheck")[0] in {200, 403}


def _ask(host: str, port: int, path: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(4096).decode("utf-8", "replace")
