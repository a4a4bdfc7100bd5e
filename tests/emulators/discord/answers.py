"""REST answers as Discord words them; discord.py reads JSON only if the content type carries no charset."""

import json
from typing import Any

from aiohttp import web

from tests.emulators.discord.payloads import Json
from tests.emulators.discord.state import UnknownObjectError

_UNKNOWN = {
    "channels": (10003, "Unknown Channel"),
    "guilds": (10004, "Unknown Guild"),
    "members": (10007, "Unknown Member"),
    "messages": (10008, "Unknown Message"),
    "users": (10013, "Unknown User"),
    "webhooks": (10015, "Unknown Webhook"),
    "interactions": (10062, "Unknown interaction"),
}


class ApiError(Exception):
    """Raised to answer with one of Discord's errors (HTTP status, Discord's code, its sentence)."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"message": message, "code": code}
        if errors is not None:
            self.body["errors"] = errors


def unknown(error: UnknownObjectError) -> ApiError:
    """Return the 404 for an id that names nothing."""
    code, message = _UNKNOWN.get(error.table, (0, "404: Not Found"))
    return ApiError(404, code, message)


def invalid_form(field_name: str, code: str, message: str) -> ApiError:
    """Return the 400 for a body with one wrong field."""
    return ApiError(
        400, 50035, "Invalid Form Body", {field_name: {"_errors": [{"code": code, "message": message}]}}
    )


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return data as JSON with the content type exactly `application/json`."""
    sent = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(data).encode(), status=status, headers=sent)


def nothing() -> web.Response:
    """Return 204."""
    return web.Response(status=204)
