"""People, providers, accounts and venues as operators name them: by id, or by a name that only one has."""

from collections.abc import Sequence

import click

from shared.brokers.catalogue import check_environment, list_venues
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import PermanentError
from shared.models.accounts import Account
from shared.models.base import BaseDocument
from shared.models.mapping import Row, rows_of
from shared.models.providers import Provider
from shared.models.users import Community, User
from shared.settings import Settings
from web.commands.frame import CommandError

_MAX_NAME = 80


def find_user(text: str) -> Row:
    """Find a user by id, Discord id or unique name; raises CommandError otherwise."""
    return _find_one(User, "user", text, ("_id", "discord_id", "name"))


def find_provider(text: str) -> Row:
    """Find a provider by id or name; raises CommandError otherwise."""
    return _find_one(Provider, "provider", text, ("_id", "name"))


def find_account(text: str, user_id: str | None = None) -> Row:
    """Find an account by id or unique name, of one user where given; raises CommandError otherwise."""
    return _find_one(Account, "account", text, ("_id", "name"), {"user_id": user_id} if user_id else {})


def find_community(text: str) -> Row:
    """Find a community by id, guild id or unique name; raises CommandError otherwise."""
    return _find_one(Community, "community", text, ("_id", "guild_id", "name"))


def find_offer(settings: Settings, venue_name: str, environment_name: str) -> tuple[Venue, Environment]:
    """Find a venue in the catalogue and make sure that it offers the environment.

    Raises
    ------
    CommandError
        If the venue is unknown or has no such environment.
    """
    environment = Environment(environment_name)
    try:
        venues = list_venues(settings.venue_adapters, settings.live_venues)
        venue = venues.get(venue_name)
        if venue is None:
            raise CommandError(f"no venue is called {venue_name!r}; there are {', '.join(venues)}")
        check_environment(venue, environment)
    except PermanentError as error:
        raise CommandError(error.detail) from None
    return venue, environment


def check_name(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Refuse names that are empty, too long or that a terminal could not show."""
    if text is None:
        return None
    name = text.strip()
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise click.BadParameter(f"must be 1 to {_MAX_NAME} printable characters")
    return name


def check_identifier(
    _context: click.Context, _parameter: click.Parameter, value: str | tuple[str, ...] | None
) -> str | tuple[str, ...] | None:
    """Refuse what cannot be an id: empty, too long, or with spaces and signs (a mention, a name)."""
    for text in (value,) if isinstance(value, str) else value or ():
        if not 1 <= len(text) <= _MAX_NAME or not text.replace("-", "").replace("_", "").isalnum():
            raise click.BadParameter(f"{text[:40]!r} is no id (Discord: right click, Copy ID)")
    return value


def _find_one(
    document: type[BaseDocument], noun: str, text: str, names: Sequence[str], scope: Row | None = None
) -> Row:
    for name in names:
        found = list(rows_of(document).find({name: text, **(scope or {})}).limit(2))
        if len(found) == 1:
            return found[0]
        if found:
            raise CommandError(f"several {noun}s are called {text!r}: give the id")
    raise CommandError(f"no {noun} is called {text[:60]!r} or has this id")
