"""Login, logout and the demo's login."""

from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from shared.logs import get_logger
from shared.settings import Settings
from web.auth.demo import DEMO_DISCORD_ID, find_demo_user, is_demo_visitor
from web.auth.policy import follower, public
from web.auth.session import begin_session, end_session, read_follower
from web.extensions import settings_in_force

log = get_logger(__name__)


def bind(app: Flask, settings: Settings) -> None:
    """Add the pages; outside the demo its route does not exist."""
    blueprint = Blueprint("auth", __name__)
    blueprint.get("/login")(login)
    blueprint.post("/logout")(logout)
    if settings.demo:
        blueprint.post("/login/demo")(login_demo)
    app.register_blueprint(blueprint)


@public
def login() -> ResponseReturnValue:
    """Show the ways to sign in."""
    if read_follower() is not None:
        return redirect(safe_target(request.args.get("next")))
    settings = settings_in_force()
    return render_template(
        "login.html",
        offers_demo=is_demo_visitor(request, settings),
        target=safe_target(request.args.get("next")),
    )


@public
def login_demo() -> ResponseReturnValue:
    """Sign in as the demo's follower."""
    if not is_demo_visitor(request, settings_in_force()):
        abort(404)
    user_id = find_demo_user()
    if user_id is None:
        return render_template("login.html", offers_demo=True, target="/", is_demo_empty=True), 409
    begin_session(user_id)
    log.info("login.demo", user_id=user_id, discord_id=DEMO_DISCORD_ID)
    return redirect(safe_target(request.form.get("next")))


@follower
def logout() -> ResponseReturnValue:
    """Sign out."""
    end_session()
    return redirect(url_for("auth.login"))


def safe_target(target: str | None) -> str:
    """Return a path of this site to go on to; anything else becomes the first page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else "/"
