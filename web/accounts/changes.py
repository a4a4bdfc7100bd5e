"""What may be done about a connected account: test its key, replace it, rename it, disconnect it, or all of them.

Disconnecting forgets the key. Stops that rest at the venue stay there, but what we watch ourselves is watched no more; so
while anything is open it takes a second, explicit yes.
"""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from shared.brokers.venue import Venue
from shared.domain.accounts import AccountStatus, Environment
from shared.models import connections
from shared.models.connections import Connection
from shared.tasks import TaskName, enqueue
from web.accounts import connecting
from web.accounts.forms import FormError, login_fields, read_login, read_name
from web.accounts.routes import list_accounts, providers_at
from web.accounts.views import account_view, venue_view
from web.auditing import audit
from web.auth.policy import follower, fresh
from web.auth.session import current_follower
from web.extensions import settings_in_force
from web.limits import limited

blueprint = Blueprint("account", __name__, url_prefix="/accounts")

BY_OWNER = "You disconnected it. It is not traded on any more, and its key was forgotten here."
OPEN_TRADES = "Something is open on it. Close it first, or say that you will look after it yourself."


@blueprint.post("/<account_id>/test")
@limited("changes")
@follower
def test(account_id: str) -> ResponseReturnValue:
    """Ask a worker to look at an account's key now."""
    held = _mine(account_id)
    if not connections.ask_check(held.user_id, account_id, connecting.now()):
        abort(409)
    enqueue(TaskName.ACCOUNTS_CHECK, [account_id])
    return _back(account_id)


@blueprint.post("/<account_id>/rename")
@limited("changes")
@follower
def rename(account_id: str) -> ResponseReturnValue:
    """Give an account another name."""
    held = _mine(account_id)
    try:
        name = read_name(request.form.get("name"), held.name)
    except FormError:
        abort(400)
    connections.rename(held.user_id, account_id, name)
    audit("account.rename", account_id, before={"name": held.name}, after={"name": name})
    return _back(account_id)


@blueprint.get("/<account_id>/key")
@fresh
def show_key_form(account_id: str) -> ResponseReturnValue:
    """Show the form that replaces an account's key."""
    return _key_form(_mine(account_id), "")


@blueprint.post("/<account_id>/key")
@limited("connect")
@fresh
def replace_key(account_id: str) -> ResponseReturnValue:
    """Offer another key; the present one works until a worker has seen that the new one is good."""
    held = _mine(account_id)
    venue = _venue_with_keys(held)
    try:
        secret = read_login(venue, request.form)
        keys = connecting.read_public_keys(settings_in_force())
    except FormError as error:
        return _key_form(held, str(error)), 400
    at = connecting.now()
    sealed = connecting.seal_new(keys, (account_id, held.user_id), secret, at)
    connecting.offer(held.user_id, account_id, sealed, at, by="key")
    return _back(account_id)


@blueprint.get("/<account_id>/disconnect")
@fresh
def show_disconnect(account_id: str) -> ResponseReturnValue:
    """Say what disconnecting does, and ask once."""
    return _disconnect_page(_mine(account_id), "")


@blueprint.post("/<account_id>/disconnect")
@limited("connect")
@fresh
def disconnect(account_id: str) -> ResponseReturnValue:
    """Disconnect an account; while something is open on it, only with an explicit yes to that."""
    held = _mine(account_id)
    if connecting.open_trades([account_id]).get(account_id) and not request.form.get("leave_open"):
        return _disconnect_page(held, OPEN_TRADES), 409
    disconnect_all_of([held])
    return _back(account_id)


@blueprint.get("/disconnect-all")
@fresh
def show_disconnect_all() -> ResponseReturnValue:
    """Say what disconnecting everything does, and ask once."""
    return _all_page("")


@blueprint.post("/disconnect-all")
@limited("connect")
@fresh
def disconnect_all() -> ResponseReturnValue:
    """Disconnect all accounts at once."""
    held = [
        h for h in connections.of_user(current_follower().user_id) if h.status is not AccountStatus.REVOKED
    ]
    is_open = any(connecting.open_trades([h.account_id for h in held]).values()) if held else False
    if is_open and not request.form.get("leave_open"):
        return _all_page(OPEN_TRADES), 409
    disconnect_all_of(held)
    return redirect(url_for("accounts.index"))


def disconnect_all_of(held: list[Connection], actor: str | None = None, reason: str = BY_OWNER) -> list[str]:
    """Stop accounts at once and let workers forget their secrets; return those that were connected until now."""
    at = connecting.now()
    stopped = [h.account_id for h in held if connections.disconnect(h.user_id, h.account_id, at, reason)]
    for item in held:
        if item.account_id in stopped:
            audit("account.disconnect", item.account_id, actor=actor or item.user_id)
    if stopped:
        enqueue(TaskName.ACCOUNTS_CHECK, stopped)
    return stopped


def _mine(account_id: str) -> Connection:
    held = connections.find_of(current_follower().user_id, account_id)
    if held is None:
        abort(404)
    return held


def _venue_with_keys(held: Connection) -> Venue:
    venue = connecting.venues_in_force(settings_in_force()).get(held.venue)
    if venue is None or held.environment == Environment.PAPER:
        abort(404)
    return venue


def _back(account_id: str) -> ResponseReturnValue:
    return redirect(url_for("accounts.index", _anchor=f"account-{account_id}"))


def _key_form(held: Connection, problem: str) -> str:
    venue = _venue_with_keys(held)
    offered = [p for p in providers_at(venue) if p.offers(Environment(held.environment))]
    return render_template(
        "accounts/key.html",
        follower=current_follower(),
        account=account_view(held, {venue.name: venue}, 0),
        venue=venue_view(venue),
        ways=login_fields(venue),
        providers=offered,
        addresses=settings_in_force().egress_addresses,
        problem=problem,
    )


def _disconnect_page(held: Connection, problem: str) -> str:
    venues = connecting.venues_in_force(settings_in_force())
    count = connecting.open_trades([held.account_id]).get(held.account_id, 0)
    return render_template(
        "accounts/disconnect.html",
        follower=current_follower(),
        accounts=[account_view(held, venues, count)],
        action=url_for("account.disconnect", account_id=held.account_id),
        open_trades=count,
        problem=problem,
    )


def _all_page(problem: str) -> str:
    views = [view for view in list_accounts(current_follower().user_id) if not view.is_over]
    return render_template(
        "accounts/disconnect.html",
        follower=current_follower(),
        accounts=views,
        action=url_for("account.disconnect_all"),
        open_trades=sum(view.open_trades for view in views),
        problem=problem,
    )
