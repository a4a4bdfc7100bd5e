"""Sign in and out: with Discord, and in the demo by its own door."""

from flask import Blueprint, Flask, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from shared.settings import Settings
from web.auth import discord_login
from web.auth.arrival import enter
from web.auth.demo import find_demo_user, is_demo_visitor
from web.auth.policy import follower, public
from web.auth.session import end_session, read_follower
from web.auth.sign_in_page import safe_target, show_sign_in
from web.extensions import settings_in_force
from web.limits import limited


def bind(app: Flask, settings: Settings) -> None:
    """Add the pages; what is not configured has no route."""
    blueprint = Blueprint("auth", __name__)
    blueprint.get("/login")(login)
    blueprint.post("/logout")(logout)
    if settings.demo:
        blueprint.post("/login/demo")(login_demo)
    app.register_blueprint(blueprint)
    if settings.discord_client_id and settings.discord_client_secret:
        app.register_blueprint(discord_login.make_blueprint(settings))


@public
def login() -> ResponseReturnValue:
    """Show the ways to sign in."""
    target = safe_target(request.args.get("next"))
    return redirect(target) if read_follower() is not None else show_sign_in(target=target)


@limited("login")
@public
def login_demo() -> ResponseReturnValue:
    """Sign in as the demo's follower."""
    if not is_demo_visitor(request, settings_in_force()):
        abort(404)
    user_id = find_demo_user()
    if user_id is None:
        return show_sign_in("demo", 409)
    enter(user_id, "demo")
    return redirect(safe_target(request.form.get("next")))


@follower
def logout() -> ResponseReturnValue:
    """Sign out."""
    end_session()
    return redirect(url_for("auth.login"))
