"""The list of accounts, and the pages that connect one by key."""

from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from shared.brokers.venue import Venue
from shared.domain.identifiers import connected_account_id
from shared.models import connections, outbox
from shared.models.base import new_id
from shared.oauth.providers import Provider, list_providers
from web.accounts import connecting
from web.accounts.forms import FormError, login_fields, read_wish
from web.accounts.views import AccountView, account_view, venue_view
from web.auth.policy import follower, fresh
from web.auth.session import current_follower
from web.extensions import settings_in_force
from web.limits import limited

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")


@blueprint.get("")
@follower
def index() -> ResponseReturnValue:
    """Show the user's accounts."""
    user = current_follower()
    # Before the list is read: what happens meanwhile comes again, and is not missed.
    newest = outbox.newest_seq(user.user_id)
    return render_template(
        "accounts/index.html", follower=user, newest_seq=newest, accounts=list_accounts(user.user_id)
    )


@blueprint.get("/parts/accounts-list")
@follower
def part() -> ResponseReturnValue:
    """Show the list as it stands now."""
    return render_template("accounts/list.html", accounts=list_accounts(current_follower().user_id))


@blueprint.get("/connect")
@follower
def choose() -> ResponseReturnValue:
    """Show the venues to choose from, with what each can and cannot do."""
    venues = connecting.venues_in_force(settings_in_force())
    return render_template(
        "accounts/choose.html",
        follower=current_follower(),
        venues=[venue_view(venue) for venue in venues.values()],
        by_login={provider.venue for provider in list_providers(settings_in_force()).values()},
    )


@blueprint.get("/connect/<venue_name>")
@fresh
def show_form(venue_name: str) -> ResponseReturnValue:
    """Show the form that connects an account at a venue."""
    return _form(_venue(venue_name), {}, "")


@blueprint.post("/connect/<venue_name>")
@limited("connect")
@fresh
def connect(venue_name: str) -> ResponseReturnValue:
    """Connect an account: seal its key, store both, and let a worker look at it."""
    settings, user_id = settings_in_force(), current_follower().user_id
    venue = _venue(venue_name)
    try:
        wish = read_wish(venue, request.form)
        connecting.check_plan(user_id, wish.environment)
        keys = connecting.read_public_keys(settings) if wish.secret is not None else None
    except FormError as error:
        return _form(venue, request.form, str(error)), 400
    at = connecting.now()
    account_id = connected_account_id(user_id, request.form.get("request_id") or new_id())
    sealed = None
    if keys is not None and wish.secret is not None:
        sealed = connecting.seal_new(keys, (account_id, user_id), wish.secret, at)
    row = connecting.new_account(account_id, user_id, wish.name, venue, wish.environment, at)
    if wish.balance is not None:
        row["opening_balance"] = wish.balance
    detail = {"venue": venue.name, "environment": str(wish.environment), "by": "key" if sealed else "paper"}
    connecting.store_account(row, sealed, "key" if sealed else None, user_id, detail=detail)
    return redirect(url_for("accounts.index", _anchor=f"account-{account_id}"))


def list_accounts(user_id: str) -> list[AccountView]:
    """Read the user's accounts as cards; those that are over come last."""
    venues = connecting.venues_in_force(settings_in_force())
    held = connections.of_user(user_id)
    counts = connecting.open_trades([item.account_id for item in held]) if held else {}
    views = [account_view(item, venues, counts.get(item.account_id, 0)) for item in held]
    return sorted(views, key=lambda view: view.is_over)


def providers_at(venue: Venue) -> list[Provider]:
    """List the providers by which accounts at a venue can be connected without a key."""
    found = list_providers(settings_in_force()).values()
    return [provider for provider in found if provider.venue == venue.name]


def _form(venue: Venue, given: Mapping[str, str], problem: str) -> str:
    return render_template(
        "accounts/connect.html",
        follower=current_follower(),
        venue=venue_view(venue),
        ways=login_fields(venue),
        providers=providers_at(venue),
        addresses=settings_in_force().egress_addresses,
        # Whatever was typed into the fields of a login is not sent back.
        given={name: given.get(name, "") for name in ("environment", "name", "balance")},
        request_id=given.get("request_id") or new_id(),
        problem=problem,
    )


def _venue(name: str) -> Venue:
    found = connecting.venues_in_force(settings_in_force()).get(name)
    if found is None:
        abort(404)
    return found
