"""What people and programs are told when something went wrong: one sentence, never a trace."""

from dataclasses import dataclass

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from pymongo.errors import PyMongoError
from werkzeug.exceptions import HTTPException

from shared.logs import get_logger
from shared.settings import Settings

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, and what to do now."""

    title: str
    text: str


_EXPLANATIONS = {
    400: Explanation(
        "That did not arrive whole",
        "The form was open too long or was changed on its way. Go back and try again.",
    ),
    401: Explanation(
        "Please sign in", "This page belongs to an account. Sign in and you will be brought back."
    ),
    403: Explanation("Not yours to see", "Your account has no right to this page."),
    404: Explanation("Nothing here", "The address is wrong, or what it named is gone."),
    405: Explanation("Not that way", "This address does not take that kind of request."),
    413: Explanation("Too much at once", "What was sent is larger than this page takes."),
    429: Explanation("One moment", "That was too often in a short time. Wait a little and try again."),
    500: Explanation(
        "Our mistake", "It has been recorded. Your orders and their stops do not depend on this page."
    ),
    503: Explanation(
        "The database does not answer",
        "Nothing is lost: stops that rest at the venue stay there, and messages are picked up when it is back. "
        "Try again in a few seconds.",
    ),
}


def bind(app: Flask, _settings: Settings) -> None:
    """Answer every failure of an app in one manner."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(PyMongoError, _database_away)
    app.register_error_handler(Exception, _unforeseen)


def is_for_a_program() -> bool:
    """Tell whether the request wants JSON and not a page."""
    return request.path.startswith(("/api/", "/hooks/")) or request.accept_mimetypes.best == "application/json"


def answer(status: int, *, code: str | None = None) -> Response:
    """Build the page, fragment or JSON for one status; `code` tells a program more."""
    known = _EXPLANATIONS.get(status) or _EXPLANATIONS[500 if status >= 500 else 400]
    if is_for_a_program():
        told = {"status": status, "title": known.title, "text": known.text}
        response = jsonify(error=told if code is None else {**told, "code": code})
    elif request.headers.get("HX-Request"):
        # A part that cannot be brought up to date stays as it is; the page's script says so.
        response = make_response(known.title)
    else:
        response = make_response(render_template("error.html", status=status, explanation=known))
    response.status_code = status
    if status in {429, 503}:
        response.headers.setdefault("Retry-After", "5")
    return response


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    response = answer(error.code or 500)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _database_away(error: PyMongoError) -> ResponseReturnValue:
    log.warning("page.no_database", path=request.path, error=type(error).__name__)
    return answer(503)


def _unforeseen(error: Exception) -> ResponseReturnValue:
    log.error("page.failed", path=request.path, error=type(error).__name__, exc_info=error)
    return answer(500)
