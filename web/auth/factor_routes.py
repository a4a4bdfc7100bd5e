"""The second factor's pages: set it up, show it before something dangerous, replace recovery codes, turn it off."""

from typing import Final

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from shared.models import factors, sessions
from web.auditing import audit
from web.auth.codes import address_of
from web.auth.policy import follower, fresh
from web.auth.second_factor import SecondFactors, Shown
from web.auth.session import confirm_session, current_follower, current_session
from web.auth.sign_in_page import safe_target
from web.extensions import settings_in_force
from web.formatting import moment
from web.limits import limited

blueprint = Blueprint("second_factor", __name__)

_PROBLEMS: Final = {
    Shown.WRONG: "That code is not right, or has been used already. Wait for the next one.",
    Shown.LOCKED: "Five codes within fifteen minutes were not right. Wait a quarter of an hour; nothing else is locked.",
}


def in_force() -> SecondFactors:
    """Return the second factors under this installation's key."""
    return SecondFactors(settings_in_force().secret_key)


@blueprint.get("/login/confirm")
@follower
def ask() -> ResponseReturnValue:
    """Ask for a code; who has no second factor yet is led to set one up, and comes back afterwards."""
    target = safe_target(request.args.get("next"))
    if not in_force().state(current_follower().user_id).is_on:
        return redirect(url_for("second_factor.set_up", next=target))
    return _ask(target)


@blueprint.post("/login/confirm")
@limited("second_factor")
@follower
def show() -> ResponseReturnValue:
    """Take a code or a recovery code, and go on to where it was asked for."""
    user_id, target = current_follower().user_id, safe_target(request.form.get("next"))
    shown = in_force().show(user_id, request.form.get("code", ""), moment())
    if shown in _PROBLEMS:
        audit("second_factor.refused", user_id, actor=user_id, detail={"reason": str(shown)})
        return _ask(target, _PROBLEMS[shown]), 429 if shown is Shown.LOCKED else 403
    confirm_session()
    audit("second_factor.shown", user_id, actor=user_id, detail={"kind": str(shown)})
    return redirect(target, 303)


@blueprint.get("/settings/security/second-factor")
@follower
def set_up() -> ResponseReturnValue:
    """Show the picture that an app reads, and ask for its first code."""
    shown = _set_up(safe_target(request.args.get("next")))
    return redirect(url_for("security.page")) if shown is None else shown


@blueprint.post("/settings/security/second-factor")
@limited("changes")
@follower
def confirm() -> ResponseReturnValue:
    """Put the second factor in force with a first code; show the recovery codes, once."""
    user_id, target = current_follower().user_id, safe_target(request.form.get("next"))
    proposal = request.form.get("proposal", "")
    codes = in_force().confirm(user_id, proposal, request.form.get("code", ""), moment())
    if not codes:
        again = _set_up(target, _PROBLEMS[Shown.WRONG], proposal)
        return redirect(url_for("security.page"), 303) if again is None else (again, 403)
    # Whoever is signed in elsewhere came in without it.
    ended = sessions.end_all(user_id, but=current_session().session_id)
    confirm_session()
    audit("second_factor.on", user_id, actor=user_id, detail={"sessions_ended": str(ended)})
    return _recovery(codes, target)


@blueprint.post("/settings/security/recovery-codes")
@limited("changes")
@fresh
def renew_recovery() -> ResponseReturnValue:
    """Make new recovery codes; the old ones are worth nothing."""
    user_id = current_follower().user_id
    codes = in_force().renew_recovery(user_id)
    audit("second_factor.recovery_renewed", user_id, actor=user_id)
    return _recovery(codes, url_for("security.page"))


@blueprint.post("/settings/security/second-factor/off")
@limited("changes")
@fresh
def turn_off() -> ResponseReturnValue:
    """Turn the second factor off; what it protects asks for a new one."""
    user_id = current_follower().user_id
    factors.remove(user_id)
    audit("second_factor.off", user_id, actor=user_id)
    return redirect(url_for("security.page"), 303)


def _ask(target: str, problem: str | None = None) -> str:
    return render_template("second_factor/ask.html", target=target, problem=problem)


def _set_up(target: str, problem: str | None = None, form: str = "") -> str | None:
    follower_now = current_follower()
    proposal = in_force().propose(follower_now.user_id, form)
    if proposal is None:
        return None  # one is in force already
    picture = segno.make(address_of(proposal.seed, follower_now.name), error="m")
    return render_template(
        "second_factor/set_up.html",
        picture=picture.svg_data_uri(scale=5, border=2, dark="#000", light="#fff"),
        seed=_in_groups(proposal.seed),
        proposal=proposal.form,
        target=target,
        problem=problem,
    )


def _recovery(codes: list[str], target: str) -> str:
    return render_template("second_factor/recovery.html", codes=codes, target=target)


def _in_groups(seed: str) -> str:
    return " ".join(seed[start : start + 4] for start in range(0, len(seed), 4))
