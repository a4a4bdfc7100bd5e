"""The page where people sign in, with the sentence that says why they are here again."""

from typing import Final
from urllib.parse import urlsplit

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from web.auth.demo import is_demo_visitor
from web.extensions import settings_in_force

_REASONS: Final = {
    "stale": "That sign-in was begun too long ago, in another browser, or had been used already. Begin again.",
    "denied": "Discord says that you did not agree. Nothing has been stored.",
    "refused": "Discord did not accept that sign-in. Begin again; nothing has been stored.",
    "away": "Discord does not answer. Try again in a minute; your orders and their stops do not depend on it.",
    "disabled": "This user has been disabled by the operator of this installation.",
    "demo": "The demo's follower does not exist yet: start the system with make demo, which creates it, and try again.",
}


def show_sign_in(reason: str | None = None, status: int = 200, target: str = "/") -> ResponseReturnValue:
    """Show the ways to sign in; `reason` names the sentence about the last try."""
    settings = settings_in_force()
    page = render_template(
        "login.html",
        offers_demo=is_demo_visitor(request, settings),
        offers_discord=bool(settings.discord_client_id and settings.discord_client_secret),
        target=target,
        problem=_REASONS.get(reason or ""),
    )
    return page, status


def safe_target(target: str | None) -> str:
    """Return a page of this site to go on to; anything else, and what is no page here, becomes the first one."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and _is_page(parts.path) else "/"


def _is_page(path: str) -> bool:
    # What somebody typed is not written back to them unless it is an address that there is.
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    return True
