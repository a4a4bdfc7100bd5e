"""Settings, Security: where the user is signed in, and what protects money beyond that."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from shared.models import sessions
from shared.models.sessions import SessionRecord
from web.auditing import audit
from web.auth.factor_routes import in_force
from web.auth.policy import follower
from web.auth.session import current_follower, current_session, end_session
from web.formatting import moment
from web.limits import limited

blueprint = Blueprint("security", __name__, url_prefix="/settings/security")

# The most telling word first: Edge and Opera also say Chrome, and Chrome also says Safari.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session as the page lists it."""

    session_id: str
    device: str
    address: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


@blueprint.get("")
@follower
def page() -> ResponseReturnValue:
    """Show sessions and the second factor."""
    user_id, here = current_follower().user_id, current_session().session_id
    views = [_view(record, here) for record in sessions.alive_of(user_id, moment())]
    return render_template(
        "settings/security.html",
        follower=current_follower(),
        sessions=sorted(views, key=lambda view: not view.is_this),
        factor=in_force().state(user_id),
    )


@blueprint.post("/sessions/<session_id>/end")
@limited("changes")
@follower
def end_one(session_id: str) -> ResponseReturnValue:
    """Sign one browser out; another user's session is not there."""
    user_id, here = current_follower().user_id, current_session().session_id
    if not sessions.end(user_id, session_id):
        abort(404)
    audit("session.end", session_id, actor=user_id)
    if session_id != here:
        return redirect(url_for("security.page"), 303)
    end_session()
    return redirect(url_for("auth.login"), 303)


@blueprint.post("/sessions/end-others")
@limited("changes")
@follower
def end_others() -> ResponseReturnValue:
    """Sign every other browser out."""
    user_id = current_follower().user_id
    ended = sessions.end_all(user_id, but=current_session().session_id)
    audit("session.end_others", user_id, actor=user_id, detail={"sessions_ended": str(ended)})
    return redirect(url_for("security.page"), 303)


def device_of(agent: str) -> str:
    """Say in words which browser on which machine a User-Agent header names."""
    browser = next((name for word, name in _BROWSERS if word in agent), "A program")
    system = next((name for word, name in _SYSTEMS if word in agent), "")
    return f"{browser} on {system}" if system else browser


def _view(record: SessionRecord, here: str) -> SessionView:
    return SessionView(
        session_id=record.session_id,
        device=device_of(record.agent),
        address=record.address,
        created_at=record.created_at,
        seen_at=record.seen_at,
        is_this=record.session_id == here,
    )
