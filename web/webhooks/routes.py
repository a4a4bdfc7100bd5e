"""POST /hooks/signals/<provider>: prove, read, record once, ring, and answer 202 at once."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from pymongo.errors import PyMongoError
from werkzeug.exceptions import HTTPException

from shared.inbox import IncomingMessage, Recorded, parse_object, record_message
from shared.logs import get_logger
from shared.models import hooks, messages
from shared.models.hooks import Hook, Taken
from shared.models.mapping import millisecond
from web.auth.policy import public
from web.extensions import settings_in_force
from web.limits import address_of_request, limited, take
from web.webhooks.bodies import BadBody, Body, read_body
from web.webhooks.secrets import Decoy, open_secrets
from web.webhooks.signing import WINDOW_SECONDS, is_of_now, is_secret, is_signed, request_digest

log = get_logger(__name__)

blueprint = Blueprint("webhooks", __name__)

DECOY = "trade_executor_hook_decoy"
MAX_BODY_BYTES = 512 * 1024

_REPLAYED = ("Recorded already", "This very request was taken before.")


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A request that is its provider's, and what names it."""

    hook: Hook
    body: Body
    digest: str
    signed_at: datetime


@blueprint.post("/hooks/signals/<provider>")
@public
@limited("itself")
def signals(provider: str) -> ResponseReturnValue:
    """Record what a provider posts from elsewhere, once, as the bot records a message."""
    request.max_content_length = MAX_BODY_BYTES
    raw = request.get_data(cache=True)
    now = datetime.now(UTC)
    try:
        accepted = _prove(provider, raw, now)
        if accepted is None:
            return _refuse(401, "Not accepted", "The signature, its time or the secret is not right.")
        return _record_once(accepted, _message_of(accepted, now), now)
    except BadBody as error:
        return _refuse(400, "That cannot be read", str(error))


def _prove(provider: str, raw: bytes, now: datetime) -> _Accepted | None:
    """Return the request if it is its provider's; None whatever is wrong with it.

    Raises
    ------
    BadBody
        If it is signed and cannot be read.
    """
    hook = hooks.find_hook(provider)
    decoy = cast(Decoy, current_app.extensions[DECOY])
    keys = open_secrets(settings_in_force(), hook, decoy, now)
    timestamp, signature = request.headers.get("X-Timestamp", ""), request.headers.get("X-Signature", "")
    is_text = request.mimetype == "text/plain"
    if timestamp or signature:
        if not is_signed(timestamp, signature, raw, keys, now) or hook is None:
            _note_refused(hook, "signature")
            return None
        body = read_body(raw, is_text=is_text)
        digest = request_digest(hook.provider_id, timestamp, raw)
        return _Accepted(hook, body, digest, datetime.fromtimestamp(int(timestamp), UTC))
    try:
        body = read_body(raw, is_text=is_text)
    except BadBody:
        body = Body()  # a stranger's body is not explained to them
    fits = is_secret(body.secret, keys) and is_of_now(body.time, now)
    if hook is None or not fits or not hook.takes_secret_in_body or body.time is None:
        _note_refused(hook, "secret")
        return None
    return _Accepted(hook, body, request_digest(hook.provider_id, "", raw), body.time)


def _note_refused(hook: Hook | None, what: str) -> None:
    provider_id = hook.provider_id if hook is not None else None
    log.info("hook.refused", provider_id=provider_id, reason=what, address=request.remote_addr)


def _message_of(accepted: _Accepted, now: datetime) -> IncomingMessage:
    """Make the inbox's message; whose it is follows from the proof, never from the body."""
    hook, body = accepted.hook, accepted.body
    data: dict[str, object]
    if body.message is not None:
        data = dict(body.message)
        data["channel_id"] = data.get("channel_id") or next(iter(hook.channel_ids), "")
    else:
        data = {
            "channel_id": next(iter(hook.channel_ids), ""),
            "message_id": body.alert_id or f"alert-{accepted.digest[:32]}",
            "author_name": "TradingView",
            "content": body.content,
            "posted_at": min(body.time or accepted.signed_at, now).isoformat(),
        }
    data |= {"source": "hook", "guild_id": hook.guild_id, "author_id": hook.author_id, "is_webhook": True}
    try:
        incoming = parse_object(data)
    except ValueError as error:
        raise BadBody(str(error)) from None
    if incoming.channel_id not in hook.channel_ids:
        raise BadBody("channel_id: is none of this provider's channels")
    if (incoming.posted_at - now).total_seconds() > WINDOW_SECONDS:
        raise BadBody("posted_at: lies in the future")
    return incoming


def _record_once(accepted: _Accepted, incoming: IncomingMessage, now: datetime) -> ResponseReturnValue:
    hook, digest = accepted.hook, accepted.digest
    if messages.is_of_another("hook", incoming.channel_id, incoming.message_id, hook.author_id):
        return _refuse(409, "Taken", "Another provider of this channel has a message with this id.")
    taken = hooks.take_request(digest, hook.provider_id, millisecond(now))
    if taken is Taken.DONE:
        return _refuse(409, *_REPLAYED)
    if taken is Taken.BUSY:
        return _refuse(409, "Being recorded", "This very request is being taken at this moment.")
    try:
        take("hooks", provider=hook.provider_id)
        recorded = record_message(incoming, now)
    except (HTTPException, PyMongoError):
        # The sender may come again with the same request.
        with suppress(PyMongoError):
            hooks.give_back(digest)
        raise
    hooks.finish_request(digest)
    if taken is Taken.OVER and not recorded.created:
        return _refuse(409, *_REPLAYED)
    _note_recorded(hook, recorded)
    response = jsonify(recorded.model_dump())
    response.status_code = 202
    return response


def _note_recorded(hook: Hook, recorded: Recorded) -> None:
    log.info(
        "hook.recorded",
        provider_id=hook.provider_id,
        message_id=recorded.message_id,
        row_id=recorded.id,
        created=recorded.created,
    )


def _refuse(status: int, title: str, text: str) -> Response:
    # Counted for the address: only what is new and proved uses up what a provider may send.
    take("hooks_refused", address=address_of_request())
    response = jsonify(error={"status": status, "title": title, "text": text})
    response.status_code = status
    return response
