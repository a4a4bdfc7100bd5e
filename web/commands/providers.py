"""`flask providers create`: who signals, in which channels, and by which Discord ids they are known."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.models.base import new_id
from shared.models.hooks import HookRequest, new_hook_row
from shared.models.mapping import Row, rows_of
from shared.models.providers import Provider
from shared.models.users import Community
from web.commands.answers import show_done
from web.commands.frame import CommandError, Group, WrongUse, json_option
from web.commands.lookups import check_identifier, check_name
from web.commands.provider_hook import read_hook_secret, seal_for
from web.commands.session import audit, now, open_database


@click.group("providers", cls=Group)
def providers() -> None:
    """Those whose messages are traded."""


@providers.command("create")
@click.option("--name", required=True, callback=check_name, help="The name to show; only one may have it.")
@click.option("--guild-id", required=True, callback=check_identifier, help="The Discord server.")
@click.option("--channel-id", "channel_ids", multiple=True, required=True, callback=check_identifier)
@click.option("--author-id", "author_ids", multiple=True, callback=check_identifier, help="Who may signal.")
@click.option("--webhook-id", "webhook_ids", multiple=True, callback=check_identifier)
@click.option(
    "--hook-secret-file",
    type=click.Path(path_type=Path),
    help="Secret of POST /hooks/signals; - reads stdin.",
)
@click.option(
    "--hook-secret-in-body",
    "in_body",
    is_flag=True,
    help="The secret may also come in the body, from senders that cannot sign (TradingView).",
)
@json_option
def create(
    *,
    name: str,
    guild_id: str,
    channel_ids: tuple[str, ...],
    author_ids: tuple[str, ...],
    webhook_ids: tuple[str, ...],
    hook_secret_file: Path | None,
    in_body: bool,
    as_json: bool,
) -> None:
    """Create a provider, and the community of its Discord server if that is new.

    At least one author, webhook or hook secret: an empty allow-list would let nobody signal.
    """
    if not author_ids and not webhook_ids and hook_secret_file is None:
        raise WrongUse("give --author-id, --webhook-id or --hook-secret-file: without one nobody may signal")
    secret = None if hook_secret_file is None else read_hook_secret(hook_secret_file)
    settings = open_database(Provider, Community, HookRequest)
    at, provider_id = now(), new_id()
    hook = None
    if secret is not None:
        hook = new_hook_row(seal_for(settings, provider_id, secret), takes_secret_in_body=in_body)
    community_id = _community_of(guild_id, at)
    row: Row = {
        "_id": provider_id,
        "name": name,
        "community_id": community_id,
        "guild_id": guild_id,
        "channel_ids": list(dict.fromkeys(channel_ids)),
        "author_ids": list(dict.fromkeys(author_ids)),
        "webhook_ids": list(dict.fromkeys(webhook_ids)),
        "hook": hook,
        "visibility": "public",
        "active": True,
        "record": {},
        "created_at": at,
    }
    try:
        rows_of(Provider).insert_one(row)
    except DuplicateKeyError:
        raise CommandError(f"a provider called {name!r} exists already") from None
    audit("provider.create", row["_id"], {"name": name, "guild_id": guild_id}, at)
    shown = {key: value for key, value in row.items() if key not in {"_id", "hook", "record"}}
    show_done(
        {"id": row["_id"], "provider_id": row["_id"], **shown},
        f"Provider {name} created: {row['_id']}",
        as_json=as_json,
    )


def _community_of(guild_id: str, at: datetime) -> str:
    """Return the community of a Discord server, made if it is new."""
    born: Row = {
        "_id": new_id(),
        "name": f"Server {guild_id}",
        "owner_discord_id": None,
        "manager_discord_ids": [],
        "created_at": at,
    }
    row: Any = rows_of(Community).find_one_and_update(
        {"guild_id": guild_id}, {"$setOnInsert": born}, upsert=True, return_document=ReturnDocument.AFTER
    )
    community_id: str = row["_id"]
    return community_id
