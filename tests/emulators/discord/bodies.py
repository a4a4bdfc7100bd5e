"""What the body of a request asks for, in JSON or as a form with files."""

import json
from typing import Any

from aiohttp import web

from tests.emulators.discord.answers import ApiError, invalid_form
from tests.emulators.discord.messages import Draft
from tests.emulators.discord.payloads import Json

_LONGEST_CONTENT = 2000


async def read_body(request: web.Request) -> Json:
    """Return a request's JSON object: its body, or `payload_json` of a form with files.

    Files come back under `attachments`, complete but without their bytes. Raises ApiError for anything else.
    """
    if request.content_type == "multipart/form-data":
        form = await request.post()
        payload: Json = json.loads(str(form.get("payload_json", "{}")))
        described = {str(one["id"]): one for one in payload.get("attachments", [])}
        payload["attachments"] = [
            {**described.get(name[6:-1], {}), **_attachment(name[6:-1], field)}
            for name, field in form.items()
            if isinstance(field, web.FileField)
        ]
        return payload
    text = await request.text()
    try:
        body = json.loads(text or "{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiError(400, 50109, "The request body contains invalid JSON.")
    return body


def _attachment(number: str, field: web.FileField) -> Json:
    url = f"https://cdn.discordapp.com/attachments/{number}/{field.filename}"
    return {
        "id": number,
        "filename": field.filename,
        "content_type": field.content_type,
        "size": field.file.seek(0, 2),
        "url": url,
        "proxy_url": url,
    }


def draft_from_body(body: Json, channel_id: str, author: Json) -> Draft:
    """Return what a POST body asks to be posted; raise ApiError when it is empty or too long."""
    content = body.get("content") or ""
    embeds = body.get("embeds") or []
    if not (
        content or embeds or body.get("attachments") or body.get("components") or body.get("sticker_ids")
    ):
        raise ApiError(400, 50006, "Cannot send an empty message")
    _refuse_long(content)
    reference = body.get("message_reference")
    kept = {
        name: body[name] for name in ("nonce", "flags", "tts", "components") if body.get(name) is not None
    }
    return Draft(
        channel_id=channel_id,
        author=author,
        content=content,
        embeds=embeds,
        attachments=body.get("attachments") or [],
        reply_to=str(reference["message_id"]) if reference else None,
        extra=kept,
    )


def changes_from_body(body: Json) -> Json:
    """Return the fields a PATCH body changes; raise ApiError when the content is too long."""
    changes: dict[str, Any] = {
        name: body[name]
        for name in ("content", "embeds", "components", "flags", "attachments")
        if name in body
    }
    if "content" in changes:
        changes["content"] = changes["content"] or ""
        _refuse_long(changes["content"])
    if "embeds" in changes:
        changes["embeds"] = [{"type": "rich", **embed} for embed in changes["embeds"] or []]
    return changes


def _refuse_long(content: str) -> None:
    if len(content) > _LONGEST_CONTENT:
        raise invalid_form("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
