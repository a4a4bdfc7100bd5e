"""Where the demo plays and who is in it: three rooms on Discord, three followers on paper money."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.demo.messages import CAREFUL, CRYPTO, DEMO, FOREX, PAUSED, STOCKS
from tests.demo.story import Room
from tests.house.house import House
from tests.house.population import Follower
from web.auth.demo import DEMO_DISCORD_ID

_SLUGS = {CRYPTO: "harbor-crypto", STOCKS: "closing-bell", FOREX: "pip-garden"}
_MANY = {"max_open_positions": "40"}


@dataclass(frozen=True)
class Setting:
    """Rooms by name and followers in the order of the table."""

    rooms: Mapping[str, Room]
    followers: tuple[Follower, ...]

    @property
    def names(self) -> dict[str, str]:
        """The followers' names by user id."""
        return {follower.user_id: follower.name for follower in self.followers}


def create_rooms(house: House) -> dict[str, Room]:
    """Create a Discord server for each provider, with somebody in it who may not signal."""
    rooms = {}
    for name, slug in _SLUGS.items():
        provider = house.create_provider(name, webhook=True, side_channel=True)
        stranger = house.discord.create_user(f"{slug}-fan", guild_id=provider.guild_id)
        false_webhook = house.discord.create_webhook(provider.channel_id, name)
        rooms[name] = Room(provider, stranger["id"], false_webhook["id"])
    return rooms


def create_followers(house: House, rooms: Mapping[str, Room]) -> tuple[Follower, ...]:
    """Create the followers; the last one is under a halt before the first message."""
    providers = [room.provider for room in rooms.values()]
    demo = house.create_follower(
        DEMO, providers, discord_id=DEMO_DISCORD_ID, sizing="percent:2", settings=_MANY
    )
    careful = house.create_follower(
        CAREFUL,
        providers,
        discord_id="careful-follower",
        sizing="risk:0.05",
        balance="250000",
        settings={**_MANY, "missing_stop": "deny", "max_position_percent": "2"},
    )
    paused = house.create_follower(
        PAUSED, providers, discord_id="paused-follower", sizing="fixed:100", settings=_MANY
    )
    house.cli(
        "halt",
        "--scope",
        f"user:{paused.user_id}",
        "--state",
        "reducing",
        "--reason",
        "On holiday until Monday",
    )
    return demo, careful, paused
