"""Who lives in a house: communities with channels and authors, and the people who follow them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo.database import Database
from redis import Redis

from tests.emulators.discord.client import DiscordControl
from tests.house.readiness import BOT_KEY
from tests.house.venues import TEST_VENUE
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.house.house import House


@dataclass(frozen=True)
class Provider:
    """A provider and the Discord places and people it is known by."""

    name: str
    provider_id: str
    guild_id: str
    channel_id: str
    author_id: str
    webhook_id: str | None = None
    side_channel_id: str | None = None


@dataclass(frozen=True)
class Follower:
    """A user with one account and one trading bot for each provider followed, by the provider's id."""

    name: str
    user_id: str
    account_id: str
    bot_ids: Mapping[str, str]


@dataclass(frozen=True)
class Population:
    """Everybody that one call created."""

    providers: tuple[Provider, ...]
    followers: tuple[Follower, ...]

    @property
    def provider(self) -> Provider:
        """The first provider, for houses that have one."""
        return self.providers[0]


def create_provider(
    house: "House", name: str, *, webhook: bool = False, side_channel: bool = False
) -> Provider:
    """Create a guild with a channel, or two, and an author, and list them as a provider."""
    discord = house.discord
    guild_id = discord.create_guild(f"{name} room")["id"]
    channel_id = discord.create_channel(guild_id, "signals")["id"]
    author_id = discord.create_user(f"{name} author", guild_id=guild_id)["id"]
    args = ["--name", name, "--guild-id", guild_id, "--channel-id", channel_id, "--author-id", author_id]
    webhook_id = None
    if webhook:
        webhook_id = str(discord.create_webhook(channel_id, f"{name} feed")["id"])
        args += ["--webhook-id", webhook_id]
    side_channel_id = None
    if side_channel:
        side_channel_id = str(discord.create_channel(guild_id, "announcements", announcement=True)["id"])
        args += ["--channel-id", side_channel_id]
    row = house.cli("providers", "create", *args)[-1]
    return Provider(name, row["provider_id"], guild_id, channel_id, author_id, webhook_id, side_channel_id)


def create_follower(
    house: "House",
    name: str,
    providers: Sequence[Provider],
    *,
    discord_id: str | None = None,
    tier: str = "premium",
    sizing: str = "fixed:200",
    venue: str = "paper",
    environment: str = "paper",
    balance: str | None = "10000",
    settings: Mapping[str, str] | None = None,
) -> Follower:
    """Create a user with an account and a bot for each provider."""
    user = house.cli("users", "create", "--discord-id", discord_id or name, "--name", name, "--tier", tier)[
        -1
    ]
    connect = ["--user", user["user_id"], "--venue", venue, "--environment", environment]
    if balance is not None:
        connect += ["--balance", balance]
    account = house.cli("accounts", "connect", *connect)[-1]
    bots: dict[str, str] = {}
    for provider in providers:
        terms = ["--account", account["account_id"], "--sizing", sizing, *_settings(settings)]
        follow = ["--user", user["user_id"], "--provider", provider.provider_id]
        bots[provider.provider_id] = house.cli("bots", "create", *follow, *terms)[-1]["trading_bot_id"]
    return Follower(name, user["user_id"], account["account_id"], bots)


def populate(
    house: "House",
    providers: Sequence[str],
    followers: int,
    *,
    sizing: str,
    venue: str,
    balance: str,
    settings: Mapping[str, str] | None,
) -> Population:
    """Create providers and numbered followers (`load-0` ...) of all of them."""
    made = tuple(create_provider(house, name) for name in providers)
    is_paper = venue == "paper"
    if venue == TEST_VENUE.name:
        control = house.venue(TEST_VENUE)
        for number in range(followers):
            control.create_account(f"load-{number}", f"load-secret-{number}", USDT=balance)
    where = ["--venue", venue, "--environment", "paper" if is_paper else "sandbox"]
    terms = ["--sizing", sizing, *_settings(settings), *(["--balance", balance] if is_paper else [])]
    bots: dict[str, dict[str, str]] = {}
    people: dict[str, dict[str, Any]] = {}
    for provider in made:
        many = ["--count", str(followers), "--provider", provider.provider_id]
        for row in house.cli("followers", "create", *many, *where, *terms):
            bots.setdefault(row["name"], {})[provider.provider_id] = row["trading_bot_id"]
            people[row["name"]] = row
    crew = tuple(
        Follower(name, row["user_id"], row["account_id"], bots[name]) for name, row in people.items()
    )
    return Population(made, crew)


def wait_for_balances(database: "Database[dict[str, Any]]", seconds: float) -> None:
    """Wait until a worker has read every account's balance."""
    accounts = database["accounts"]
    wait_until(
        lambda: accounts.count_documents({"balance_at": None}) == 0,
        "the balance of every account",
        seconds=seconds,
    )


def wait_until_watched(database: "Database[dict[str, Any]]", redis_url: str, seconds: float) -> None:
    """Wait until the bot says that it watches as many channels as the providers have."""
    wanted = len(database["providers"].distinct("channel_ids"))
    with Redis.from_url(redis_url, decode_responses=True) as client:
        wait_until(
            lambda: int(str(client.hget(BOT_KEY, "watched_channels") or 0)) >= wanted,
            "the bot watches every channel",
            seconds=seconds,
        )


def post(
    discord: DiscordControl, provider: Provider, content: str, *, webhook: bool = False, **options: Any
) -> dict[str, Any]:
    """Post as the provider's author or webhook; further options are `DiscordControl.post_message`'s."""
    if webhook:
        options |= {"webhook_id": provider.webhook_id}
    elif "user_id" not in options:
        options |= {"user_id": provider.author_id}
    return discord.post_message(options.pop("channel_id", provider.channel_id), content, **options)


def _settings(settings: Mapping[str, str] | None) -> list[str]:
    return [part for name, value in (settings or {}).items() for part in ("--set", f"{name}={value}")]
