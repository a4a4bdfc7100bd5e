"""The endpoints that read and write a channel's messages."""

import bisect

from aiohttp import web

from tests.emulators.discord.answers import ApiError, answer, invalid_form, nothing
from tests.emulators.discord.bodies import changes_from_body, draft_from_body, read_body
from tests.emulators.discord.messages import Messages
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.sessions import without_content
from tests.emulators.discord.state import World

_DEFAULT_LIMIT, _GREATEST_LIMIT = 50, 100


class AboutMessages:
    """The endpoints under /channels/{id}/messages."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, below the API's prefix."""
        one = "/channels/{channel_id}/messages/{message_id}"
        return [
            web.get("/channels/{channel_id}/messages", self.get_history),
            web.post("/channels/{channel_id}/messages", self.post),
            web.post("/channels/{channel_id}/messages/bulk-delete", self.delete_many),
            web.get(one, self.get_one),
            web.patch(one, self.edit),
            web.delete(one, self.delete),
        ]

    async def get_history(self, request: web.Request) -> web.Response:
        """Return up to `limit` messages after, before or around an id, or the newest; always newest first."""
        channel_id = request.match_info["channel_id"]
        self._world.get("channels", channel_id)
        limit = int(request.query.get("limit", _DEFAULT_LIMIT))
        if not 1 <= limit <= _GREATEST_LIMIT:
            raise invalid_form("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
        chosen = _choose(self._world.history(channel_id), dict(request.query), limit)
        found = [self._world.get("messages", str(message_id)) for message_id in reversed(chosen)]
        return answer([self._as_seen(message) for message in found])

    async def get_one(self, request: web.Request) -> web.Response:
        """Return one message."""
        return answer(self._as_seen(self._message(request)))

    async def post(self, request: web.Request) -> web.Response:
        """Post as the bot; with `enforce_nonce` a nonce seen a moment ago returns the message it made."""
        channel = self._world.get("channels", request.match_info["channel_id"])
        for recipient in channel.get("recipients", []):
            if f"dms_closed/{recipient['id']}" in self._world.tables["settings"]:
                raise ApiError(403, 50007, "Cannot send messages to this user")
        body = await read_body(request)
        draft = draft_from_body(body, channel["id"], self._world.bot)
        self._refuse_reply_to_nothing(body)
        if body.get("enforce_nonce") and body.get("nonce") is not None:
            return answer(self._messages.post_once(draft, body["nonce"]))
        return answer(self._messages.post(draft))

    async def edit(self, request: web.Request) -> web.Response:
        """Edit one of the bot's own messages."""
        message = self._message(request)
        if message["author"]["id"] != self._world.bot["id"]:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        return answer(self._messages.edit(message["id"], changes_from_body(await read_body(request))))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message."""
        self._messages.delete(self._message(request)["id"])
        return nothing()

    async def delete_many(self, request: web.Request) -> web.Response:
        """Delete 2 to 100 messages at once."""
        body = await read_body(request)
        self._messages.delete_many([str(message_id) for message_id in body["messages"]])
        return nothing()

    def _message(self, request: web.Request) -> Json:
        message = self._world.get("messages", request.match_info["message_id"])
        if message["channel_id"] != request.match_info["channel_id"]:
            raise ApiError(404, 10008, "Unknown Message")
        return message

    def _refuse_reply_to_nothing(self, body: Json) -> None:
        reference = body.get("message_reference") or {}
        parent_id = str(reference.get("message_id", ""))
        if (
            parent_id
            and parent_id not in self._world.tables["messages"]
            and reference.get("fail_if_not_exists", True)
        ):
            raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")

    def _as_seen(self, message: Json) -> Json:
        # Over REST it is the application's switch that counts, not the intents of a session.
        if "message_content" in self._world.privileged_intents:
            return message
        in_guild = self._world.guild_of(message["channel_id"]) is not None
        return without_content(message, self._world.bot["id"], in_guild=in_guild)


def _choose(history: list[int], query: dict[str, str], limit: int) -> list[int]:
    """Return the ids asked for, oldest first."""
    if "after" in query:
        start = bisect.bisect_right(history, int(query["after"]))
        return history[start : start + limit]
    if "before" in query:
        end = bisect.bisect_left(history, int(query["before"]))
        return history[max(0, end - limit) : end]
    if "around" in query:
        middle = bisect.bisect_left(history, int(query["around"]))
        start = max(0, middle - limit // 2)
        return history[start : start + limit]
    return history[-limit:]
