"""The endpoints whose token is in the path: answers to interactions, and incoming webhooks."""

import secrets

from aiohttp import web

from tests.emulators.discord import payloads
from tests.emulators.discord.answers import ApiError, answer, nothing
from tests.emulators.discord.bodies import draft_from_body, read_body
from tests.emulators.discord.interactions import Interactions
from tests.emulators.discord.messages import Messages
from tests.emulators.discord.state import World


class AboutWebhooks:
    """The endpoints under /interactions and /webhooks."""

    def __init__(self, world: World, messages: Messages, interactions: Interactions) -> None:
        self._world = world
        self._messages = messages
        self._interactions = interactions

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, below the API's prefix."""
        one = "/webhooks/{webhook_id}/{token}/messages/{message_id}"
        return [
            web.post("/interactions/{interaction_id}/{token}/callback", self.callback),
            web.post("/webhooks/{webhook_id}/{token}", self.execute),
            web.get(one, self.get_one),
            web.patch(one, self.edit),
            web.delete(one, self.delete),
        ]

    async def callback(self, request: web.Request) -> web.Response:
        """Take the first answer to an interaction."""
        shown = self._interactions.respond(request.match_info["token"], await read_body(request))
        return answer(shown) if request.query.get("with_response") in ("1", "true") else nothing()

    async def execute(self, request: web.Request) -> web.Response:
        """Post a follow-up to an interaction, or a message as an incoming webhook."""
        body = await read_body(request)
        if self._is_bot(request):
            return answer(self._interactions.follow_up(request.match_info["token"], body))
        webhook = self._world.get("webhooks", request.match_info["webhook_id"])
        if not secrets.compare_digest(webhook["token"], request.match_info["token"]):
            raise ApiError(401, 50027, "Invalid Webhook Token")
        author = payloads.webhook_author(webhook, body.get("username"))
        draft = draft_from_body(body, request.query.get("thread_id", webhook["channel_id"]), author)
        draft.extra["webhook_id"] = webhook["id"]
        posted = self._messages.post(draft)
        return answer(posted) if request.query.get("wait") in ("1", "true") else nothing()

    async def get_one(self, request: web.Request) -> web.Response:
        """Return a message that answers an interaction."""
        return answer(self._interactions.message(*self._named(request)))

    async def edit(self, request: web.Request) -> web.Response:
        """Edit a message that answers an interaction."""
        return answer(self._interactions.edit(*self._named(request), await read_body(request)))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message that answers an interaction."""
        self._interactions.delete(*self._named(request))
        return nothing()

    def _is_bot(self, request: web.Request) -> bool:
        return bool(request.match_info["webhook_id"] == self._world.bot["id"])

    def _named(self, request: web.Request) -> tuple[str, str]:
        if not self._is_bot(request):
            raise ApiError(404, 10015, "Unknown Webhook")
        return request.match_info["token"], request.match_info["message_id"]
