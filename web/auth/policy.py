"""Deny by default: a route that names none of the policies below is refused, whoever asks."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from shared.logs import get_logger
from web.auth.session import ADMIN_FRESH, FRESH, is_confirmed, read_follower
from web.errors import answer, is_for_a_program

log = get_logger(__name__)

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


STEP_UP = "step_up_required"
"""What a program is told where the second factor must be shown again."""


class Policy(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"
    FOLLOWER = "follower"
    FRESH = "fresh"
    ADMIN = "admin"


_SHOWN_WITHIN = {Policy.FRESH: FRESH, Policy.ADMIN: ADMIN_FRESH}


def public(view: View) -> View:
    """Let anybody call this route."""
    view.access_policy = Policy.PUBLIC  # type: ignore[attr-defined]
    return view


def follower(view: View) -> View:
    """Let signed-in users call this route, each for their own rows only."""
    view.access_policy = Policy.FOLLOWER  # type: ignore[attr-defined]
    return view


def fresh(view: View) -> View:
    """Let signed-in users call this route who have just shown again that it is they (keys, live money, limits)."""
    view.access_policy = Policy.FRESH  # type: ignore[attr-defined]
    return view


def admin(view: View) -> View:
    """Let the house's admins call this route."""
    view.access_policy = Policy.ADMIN  # type: ignore[attr-defined]
    return view


def policy_of(view: Callable[..., object] | None) -> Policy | None:
    """Return the policy that a view names."""
    return getattr(view, "access_policy", None)


def bind(app: Flask) -> None:
    """Check the policy before every request."""

    @public
    def static(filename: str) -> ResponseReturnValue:
        # Built style and script files, for everybody.
        return app.send_static_file(filename)

    app.view_functions["static"] = static
    app.before_request(_check_access)


def _check_access() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # no such route: the error page follows
    policy = policy_of(current_app.view_functions.get(request.endpoint))
    if policy is Policy.PUBLIC:
        return None
    if policy is None:
        log.error("route.without_policy", endpoint=request.endpoint)
        abort(403)
    found = read_follower()
    if found is None:
        return _ask_to_sign_in()
    if policy is Policy.ADMIN and not found.is_admin:
        abort(403)
    g.follower = found
    within = _SHOWN_WITHIN.get(policy)
    return None if within is None or is_confirmed(within) else _ask_for_second_factor()


def _ask_for_second_factor() -> ResponseReturnValue:
    """Lead to the second factor and back to the page; what was sent is not carried along: it is sent again."""
    if is_for_a_program():
        return answer(401, code=STEP_UP)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else _page_of(request.referrer)
    target = url_for("second_factor.ask", next=wanted)
    if request.headers.get("HX-Request"):
        response = answer(401)
        response.headers["HX-Redirect"] = target
        return response
    return redirect(target, 303)


def _page_of(referrer: str | None) -> str | None:
    parts = urlsplit(referrer or "")
    return parts.path if parts.netloc == request.host else None


def _ask_to_sign_in() -> ResponseReturnValue:
    if is_for_a_program():
        return answer(401)
    if request.headers.get("HX-Request"):
        # A part of an open page: the script takes the whole page to the login.
        response = answer(401)
        response.headers["HX-Redirect"] = url_for("auth.login")
        return response
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.login", next=wanted))
