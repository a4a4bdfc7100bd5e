"""Plays the story: what people post on the emulated Discord, and what the bot should have received of it."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.inbox import DELETE_REVISION
from tests.demo.market import Market
from tests.demo.steps import By, Kind, Step
from tests.emulators.discord.client import DiscordControl
from tests.house.population import Provider

PACE_SECONDS = 0.12


@dataclass(frozen=True)
class Room:
    """A provider's Discord places, with those who post there without being listed."""

    provider: Provider
    stranger_id: str
    false_webhook_id: str


@dataclass(frozen=True)
class Played:
    """A step that happened, and the inbox row it must have led to.

    `revision` is None where nothing may be recorded.
    """

    step: Step
    message_id: str
    channel_id: str
    revision: int | None
    content: str
    embeds: tuple[Mapping[str, Any], ...]
    at: datetime
    provider_id: str


class Story:
    """Posts step by step; levels are those of the moment.

    Parameters
    ----------
    seed
        The tape's seed.
    """

    def __init__(self, discord: DiscordControl, rooms: Mapping[str, Room], seed: str) -> None:
        self._discord = discord
        self._rooms = rooms
        self._seed = seed
        self._posts: dict[str, Played] = {}
        self.played: list[Played] = []

    def play(
        self,
        steps: Iterable[Step],
        before: Callable[[Step, Market], None],
        after: Callable[[Played], None],
    ) -> None:
        """Let the steps happen at a brisk pace; `before` may prepare the market, `after` hears of each."""
        for step in steps:
            at = datetime.now(UTC)
            origin = self._posts[step.of] if step.of is not None else None
            # An edit keeps the levels that it does not change: it is written at its original's prices.
            moment = origin.at if origin is not None and step.kind is Kind.EDIT else at
            market = Market(self._seed, lambda moment=moment: moment)  # type: ignore[misc]
            before(step, market)
            played = self._do(step, origin, market, moment)
            self.played.append(played)
            if step.kind in {Kind.POST, Kind.REPOST}:
                self._posts[step.key] = played
            after(played)
            time.sleep(PACE_SECONDS)

    def _do(self, step: Step, origin: Played | None, market: Market, at: datetime) -> Played:
        room = self._rooms[step.room]
        if step.kind is Kind.POST:
            return self._post(step, room, market.render(step.text), _render(step.embeds, market), origin, at)
        assert origin is not None
        match step.kind:
            case Kind.REPOST:
                return self._post(step, room, origin.content, origin.embeds, None, at)
            case Kind.EDIT:
                return self._edit(step, origin, market.render(step.text))
            case Kind.DELETE:
                self._discord.delete_messages([origin.message_id])
                return _follow(step, origin, DELETE_REVISION)
            case Kind.UNFURL:
                self._discord.unfurl(
                    origin.message_id, [{"title": "A preview", "url": "https://example.org"}]
                )
            case Kind.REDELIVER:
                self._discord.redeliver(origin.message_id)
        return _follow(step, origin, None)

    def _post(
        self,
        step: Step,
        room: Room,
        content: str,
        embeds: tuple[Mapping[str, Any], ...],
        parent: Played | None,
        at: datetime,
    ) -> Played:
        provider = room.provider
        channel_id = provider.side_channel_id if step.side_channel else provider.channel_id
        assert channel_id is not None
        late = at - timedelta(minutes=step.minutes_ago) if step.minutes_ago else None
        posted = self._discord.post_message(
            channel_id,
            content,
            **_poster(step.by, room),
            embeds=[dict(embed) for embed in embeds] or None,
            reply_to=parent.message_id if parent is not None else None,
            posted_at=late,
        )
        return Played(step, posted["id"], channel_id, 0, content, embeds, at, provider.provider_id)

    def _edit(self, step: Step, origin: Played, content: str) -> Played:
        edited = self._discord.edit_message(origin.message_id, content)
        moment = datetime.fromisoformat(edited["edited_timestamp"])
        return _follow(step, origin, int(moment.timestamp() * 1000), content)


def _poster(by: By, room: Room) -> dict[str, Any]:
    match by:
        case By.AUTHOR:
            return {"user_id": room.provider.author_id}
        case By.STRANGER:
            return {"user_id": room.stranger_id}
        case By.WEBHOOK:
            return {"webhook_id": room.provider.webhook_id, "username": room.provider.name}
        case By.FALSE_WEBHOOK:
            # A webhook may call itself what it likes: only its id counts.
            return {"webhook_id": room.false_webhook_id, "username": room.provider.name}


def _follow(step: Step, origin: Played, revision: int | None, content: str | None = None) -> Played:
    return Played(
        step,
        origin.message_id,
        origin.channel_id,
        revision,
        origin.content if content is None else content,
        origin.embeds,
        origin.at,
        origin.provider_id,
    )


def _render(value: Any, market: Market) -> Any:
    if isinstance(value, str):
        return market.render(value)
    if isinstance(value, Mapping):
        return {name: _render(item, market) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_render(item, market) for item in value)
    return value
