"""A user runs a command or presses a button: the event the bot gets, and what the bot answers to it."""

import secrets
from typing import Any

from tests.emulators.discord import payloads, sessions
from tests.emulators.discord.answers import ApiError
from tests.emulators.discord.bodies import changes_from_body, draft_from_body
from tests.emulators.discord.messages import Draft, Messages
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.sessions import SessionHub
from tests.emulators.discord.state import UnknownObjectError, World

APPLICATION_COMMAND, MESSAGE_COMPONENT = 2, 3
REPLY, DEFERRED_REPLY, UPDATE_MESSAGE = 4, 5, 7
_FLAG_LOADING = 1 << 7


class Interaction:
    """One interaction with every answer the bot gave to it."""

    def __init__(self, event: Json, user: Json) -> None:
        self.event = event
        self.user = user
        self.original: str | None = None  # id of the first answer's message
        self.loading = False  # deferred and not yet filled in
        self.private: dict[str, Json] = {}  # ephemeral messages: seen by the user alone, in no history
        self.answers: list[Json] = []

    def record(self, via: str, body: Json, message: Json | None) -> None:
        """Keep one answer for whoever asks what the bot said."""
        self.answers.append({"via": via, "body": body, "message": message})


class Interactions:
    """The interactions of this process; they do not outlive it."""

    def __init__(self, world: World, hub: SessionHub, messages: Messages) -> None:
        self._world = world
        self._hub = hub
        self._messages = messages
        self._by_token: dict[str, Interaction] = {}

    # the user's side ----------------------------------------------------------------
    def run_command(
        self, channel_id: str, user_id: str, name: str, *, options: list[Json] | None = None, kind: int = 1
    ) -> Json:
        """Run a registered command as a user; `options` nest as Discord's: [{name, type, value | options}]."""
        guild_id = self._world.guild_of(channel_id)
        command = self._command(name, guild_id, kind)
        data = {"id": command["id"], "name": name, "type": kind, "options": options or []}
        return self._begin(channel_id, user_id, APPLICATION_COMMAND, data, None)

    def press(
        self, message_id: str, user_id: str, custom_id: str, *, values: list[str] | None = None
    ) -> Json:
        """Press a button of a message, or choose values in its menu."""
        message = self._world.get("messages", message_id)
        data: Json = {
            "custom_id": custom_id,
            "component_type": 2 if values is None else 3,
            "values": values or [],
        }
        return self._begin(message["channel_id"], user_id, MESSAGE_COMPONENT, data, message)

    def answers(self, token: str) -> list[Json]:
        """Return what the bot answered so far: [{via: callback|followup|edit|delete, body, message}]."""
        return self.get(token).answers

    def get(self, token: str) -> Interaction:
        """Return an interaction; raise UnknownObjectError when the token is nobody's."""
        try:
            return self._by_token[token]
        except KeyError:
            raise UnknownObjectError("interactions", token) from None

    # the bot's side ----------------------------------------------------------------
    def respond(self, token: str, body: Json) -> Json:
        """Take the first answer and return what `with_response` shows of it; a second one is refused."""
        interaction = self.get(token)
        if any(answer["via"] == "callback" for answer in interaction.answers):
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        kind = body["type"]
        data: Json = body.get("data") or {}
        message: Json | None = None
        if kind in (REPLY, DEFERRED_REPLY):
            message = self._say(interaction, data, loading=kind == DEFERRED_REPLY)
            interaction.original = message["id"]
            interaction.loading = kind == DEFERRED_REPLY
        elif kind == UPDATE_MESSAGE:
            message = self._messages.edit(interaction.event["message"]["id"], changes_from_body(data))
        interaction.record("callback", body, message)
        callback = {"id": interaction.event["id"], "type": interaction.event["type"]}
        resource: dict[str, Any] = {"type": kind}
        if message is not None:
            resource["message"] = message
            callback["response_message_id"] = message["id"]
            callback["response_message_loading"] = kind == DEFERRED_REPLY
            callback["response_message_ephemeral"] = bool(message["flags"] & payloads.FLAG_EPHEMERAL)
        return {"interaction": callback, "resource": resource}

    def follow_up(self, token: str, body: Json) -> Json:
        """Take a further message; the first after a deferral takes the place of the loading one."""
        interaction = self.get(token)
        if interaction.loading:
            return self.edit(token, "@original", body)
        message = self._say(interaction, body, loading=False)
        interaction.record("followup", body, message)
        return message

    def message(self, token: str, message_id: str) -> Json:
        """Return one of the answers' messages; `@original` is the first."""
        interaction = self.get(token)
        wanted = interaction.original if message_id == "@original" else message_id
        return interaction.private.get(str(wanted)) or self._world.get("messages", str(wanted))

    def edit(self, token: str, message_id: str, body: Json) -> Json:
        """Change one of the answers' messages."""
        interaction = self.get(token)
        known = self.message(token, message_id)
        changes = {"flags": known["flags"] & ~_FLAG_LOADING, **changes_from_body(body)}
        if known["id"] in interaction.private:
            edited = interaction.private[known["id"]] = {**known, **changes}
        else:
            edited = self._messages.edit(known["id"], changes)
        interaction.loading = interaction.loading and known["id"] != interaction.original
        interaction.record("edit", body, edited)
        return edited

    def delete(self, token: str, message_id: str) -> None:
        """Delete one of the answers' messages."""
        interaction = self.get(token)
        known = self.message(token, message_id)
        if interaction.private.pop(known["id"], None) is None:
            self._messages.delete(known["id"])
        interaction.loading = interaction.loading and known["id"] != interaction.original
        interaction.record("delete", {}, known)

    def _say(self, interaction: Interaction, data: Json, *, loading: bool) -> Json:
        bot = self._world.bot
        channel_id = interaction.event["channel_id"]
        draft = Draft(channel_id, bot) if loading else draft_from_body(data, channel_id, bot)
        flags = int(data.get("flags") or 0) | (_FLAG_LOADING if loading else 0)
        draft.extra.update(
            {
                "flags": flags,
                "type": payloads.COMMAND_MESSAGE,
                "application_id": bot["id"],
                "interaction_metadata": {
                    "id": interaction.event["id"],
                    "type": interaction.event["type"],
                    "user": interaction.user,
                    "authorizing_integration_owners": interaction.event["authorizing_integration_owners"],
                },
            }
        )
        if flags & payloads.FLAG_EPHEMERAL:
            message = self._messages.compose(draft)
            interaction.private[message["id"]] = message
            return message
        return self._messages.post(draft)

    def _command(self, name: str, guild_id: str | None, kind: int) -> Json:
        for scope in (guild_id, "global"):
            for command in self._world.tables["commands"].get(scope or "", {"commands": []})["commands"]:
                if command["name"] == name and command["type"] == kind:
                    return dict(command)
        raise UnknownObjectError("commands", name)

    def _begin(self, channel_id: str, user_id: str, kind: int, data: Json, message: Json | None) -> Json:
        bot = self._world.bot
        channel = self._world.get("channels", channel_id)
        user = self._world.get("users", user_id)
        event: Json = {
            "id": self._world.new_id(),
            "application_id": bot["id"],
            "type": kind,
            "token": secrets.token_urlsafe(48),
            "version": 1,
            "data": data,
            "channel_id": channel_id,
            "channel": channel,
            "app_permissions": str(payloads.EVERYONE_PERMISSIONS),
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": 10_485_760,
            **self._who(channel.get("guild_id"), user),
        }
        if message is not None:
            event["message"] = message
        interaction = self._by_token[event["token"]] = Interaction(event, user)
        needed, guild_id = sessions.NO_INTENT_NEEDED, channel.get("guild_id")
        self._hub.publish("INTERACTION_CREATE", event, guild_id=guild_id, intent=needed, bot_id=bot["id"])
        return {"id": interaction.event["id"], "token": interaction.event["token"]}

    def _who(self, guild_id: str | None, user: Json) -> Json:
        if guild_id is None:
            return {"user": user, "authorizing_integration_owners": {"1": user["id"]}, "context": 1}
        allowed = str(self._world.permissions(guild_id, user["id"]))
        return {
            "member": {**self._world.full_member(guild_id, user["id"]), "permissions": allowed},
            "guild_id": guild_id,
            "guild": {"id": guild_id, "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "authorizing_integration_owners": {"0": guild_id},
            "context": 0,
        }
