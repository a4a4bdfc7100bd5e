"""Connecting by a login at the broker itself (OAuth2): begin, then the answer, which counts once and in its own session."""

from datetime import timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.logs import get_logger
from shared.models import connections, oauth_attempts
from shared.models.base import new_id
from shared.models.connections import Connection
from shared.models.oauth_attempts import Attempt, Unanswerable
from shared.oauth.client import OAuthClient, Tokens
from shared.oauth.errors import Ambiguous, Denied, InvalidGrant, OAuthError
from shared.oauth.proofs import challenge_of, new_state, new_verifier
from shared.oauth.providers import Provider, list_providers
from web.accounts import connecting
from web.accounts.forms import FormError, read_environment, read_name
from web.auth.policy import follower, fresh
from web.auth.session import current_follower, current_session_id
from web.extensions import settings_in_force
from web.limits import limited
from web.sealing import SealingError, seal, unseal

log = get_logger(__name__)

blueprint = Blueprint("oauth", __name__)

PURPOSE = "oauth verifier"
_LONGEST_WORD = 4096
_UNANSWERABLE = {
    Unanswerable.UNKNOWN: "This answer belongs to no login that was begun here.",
    Unanswerable.USED: "This answer was used already. A login is answered once.",
    Unanswerable.LATE: "The login took longer than ten minutes.",
    Unanswerable.ANOTHERS: "This login was begun in another session, or by somebody else.",
}
_CHANGED = "The address of the answer is not the one that was asked for."
_NO_WAY_TO_STAY = "The broker gave access for a short time only, and no way to renew it."
_DENIED = "You said no, or the broker did not give the rights to trade."


@blueprint.post("/accounts/connect/<provider_name>/login")
@limited("connect")
@fresh
def begin(provider_name: str) -> ResponseReturnValue:
    """Begin a login: remember who asked, and show the way to the broker."""
    settings, user = settings_in_force(), current_follower()
    provider, venue = _provider(provider_name)
    account_id = request.form.get("account_id") or None
    held = connections.find_of(user.user_id, account_id) if account_id else None
    if account_id and (held is None or held.venue != provider.venue):
        abort(404)
    try:
        environment, name = _read_wish(provider, venue, held)
        connecting.read_public_keys(settings)
    except FormError as error:
        return _failed(provider, str(error), 400)
    state, verifier = new_state(), new_verifier()
    state_hash = oauth_attempts.hash_of(state)
    oauth_attempts.begin(
        Attempt(
            state_hash=state_hash,
            session_hash=oauth_attempts.hash_of(current_session_id()),
            user_id=user.user_id,
            provider=provider.name,
            environment=str(environment),
            verifier=seal(settings.secret_key, PURPOSE, state_hash, verifier.encode()),
            redirect_uri=provider.redirect_uri,
            expires_at=connecting.now() + oauth_attempts.LIFETIME,
            account_id=account_id,
            name=name,
        )
    )
    # A link and not a redirect: the page's policy lets no form lead to another site.
    address = provider.address_to_authorise(state, challenge_of(verifier), environment)
    return render_template(
        "accounts/login.html", follower=user, provider=provider, address=address, name=name
    )


@blueprint.get("/oauth/<provider_name>/callback")
@limited("connect")
@follower
def answer(provider_name: str) -> ResponseReturnValue:
    """Take the broker's answer: once, by who began, in the same session, within ten minutes; else store nothing."""
    provider, venue = _provider(provider_name)
    state, code = request.args.get("state", ""), request.args.get("code", "")
    if not state or len(state) > _LONGEST_WORD or len(code) > _LONGEST_WORD:
        return _failed(provider, _UNANSWERABLE[Unanswerable.UNKNOWN], 400)
    user_id = current_follower().user_id
    found = oauth_attempts.take(state, current_session_id(), user_id, provider.name, connecting.now())
    if isinstance(found, Unanswerable):
        log.warning("oauth.unanswerable", provider=provider.name, reason=str(found))
        return _failed(provider, _UNANSWERABLE[found], 400)
    if found.redirect_uri != provider.redirect_uri:
        return _failed(provider, _CHANGED, 400)
    if request.args.get("error") or not code:
        return _failed(provider, _DENIED, 403)
    try:
        tokens = _exchange(provider, found, code)
    except OAuthError as error:
        log.warning("oauth.no_tokens", provider=provider.name, kind=type(error).__name__, error=str(error))
        return _failed(provider, *_words_of(provider, error))
    if tokens.expires_in is not None and tokens.refresh_token is None:
        return _failed(provider, _NO_WAY_TO_STAY, 502)
    return _store(provider, venue, found, tokens)


def _read_wish(provider: Provider, venue: Venue, held: Connection | None) -> tuple[Environment, str]:
    """Read which account is meant and how it is called; raises FormError."""
    environment = Environment(held.environment) if held else read_environment(venue, request.form)
    if not provider.offers(environment):
        raise FormError(f"{provider.title} has no such login for {environment} accounts.")
    if held is not None:
        return environment, held.name
    connecting.check_plan(current_follower().user_id, environment)
    return environment, read_name(request.form.get("name"), f"{venue.title} {environment}")


def _exchange(provider: Provider, found: Attempt, code: str) -> Tokens:
    try:
        verifier = unseal(settings_in_force().secret_key, PURPOSE, found.state_hash, found.verifier)
    except SealingError:
        raise InvalidGrant("the verifier does not open: SECRET_KEY is a new one") from None
    return OAuthClient(provider).exchange(code, verifier.decode())


def _store(provider: Provider, venue: Venue, found: Attempt, tokens: Tokens) -> ResponseReturnValue:
    at = connecting.now()
    try:
        keys = connecting.read_public_keys(settings_in_force())
    except FormError as error:
        return _failed(provider, str(error), 503)
    account_id = found.account_id or new_id()
    # The answer took a moment: what was given is counted from the question on.
    expires_at = tokens.expires_at(at - timedelta(seconds=5))
    sealed = connecting.seal_new(
        keys,
        (account_id, found.user_id),
        tokens.as_credentials(),
        at,
        provider=provider.name,
        expires_at=expires_at,
    )
    if found.account_id is not None:
        connecting.offer(found.user_id, account_id, sealed, at, by=provider.name)
    else:
        environment = Environment(found.environment)
        row = connecting.new_account(account_id, found.user_id, found.name, venue, environment, at)
        detail = {"venue": venue.name, "environment": found.environment, "by": provider.name}
        connecting.store_account(row, sealed, "oauth", found.user_id, detail=detail)
    return redirect(url_for("accounts.index", _anchor=f"account-{account_id}"))


def _words_of(provider: Provider, error: OAuthError) -> tuple[str, int]:
    if isinstance(error, Denied):
        return _DENIED, 403
    if isinstance(error, InvalidGrant):
        return f"{provider.title} does not take this answer: it was used, is too old, or was changed.", 400
    if isinstance(error, Ambiguous):
        return f"{provider.title} did not answer in time.", 502
    return f"{provider.title} does not answer at the moment.", 502


def _failed(provider: Provider, text: str, status: int) -> tuple[str, int]:
    page = render_template(
        "accounts/login_failed.html", follower=current_follower(), provider=provider, text=text
    )
    return page, status


def _provider(name: str) -> tuple[Provider, Venue]:
    settings = settings_in_force()
    provider = list_providers(settings).get(name)
    venue = connecting.venues_in_force(settings).get(provider.venue) if provider else None
    if provider is None or venue is None:
        abort(404)
    return provider, venue
