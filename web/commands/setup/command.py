"""The command: generated secrets, Discord, ports, servers, the first admin."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr
from pymongo.errors import PyMongoError

from shared.database import DatabaseUnavailable, check_answering, connect, ensure_indexes
from shared.domain.plans import Tier
from shared.local import PROJECT
from shared.models.mapping import rows_of
from shared.models.users import User
from shared.programs import free_port, is_free
from shared.settings import ConfigurationError, Settings, read_settings
from shared.vault import generate_key_pair
from web.commands.answers import show_done
from web.commands.frame import Command, CommandError, first_line, json_option
from web.commands.lookups import check_name
from web.commands.secret_files import read_secret
from web.commands.session import audit, now, read_command_settings
from web.commands.setup.answers import (
    LOCAL,
    check_free_port,
    check_mongodb_uri,
    check_redis_url,
    check_snowflake,
)
from web.commands.setup.discord_account import BotAccount, check_client, check_token, invite_link
from web.commands.setup.environment_file import EnvironmentFile
from web.commands.setup.questions import Interview
from web.commands.users import create_user

_ANYWHERE = {"redis_url": "redis://127.0.0.1", "mongodb_uri": "mongodb://127.0.0.1"}
_PORTS = {"WEB_PORT": ("Port of the web pages", 8000), "FLOWER_PORT": ("Port of Flower", 5555)}


@dataclass(frozen=True, slots=True)
class Flags:
    """What was given on the command line; None asks, or takes the default."""

    discord_token_file: Path | None
    discord_client_id: str | None
    discord_client_secret_file: Path | None
    discord_api_url: str | None
    web_port: str | None
    flower_port: str | None
    redis_url: str | None
    mongodb_uri: str | None
    admin_discord_id: str | None
    admin_name: str


@click.command("setup", cls=Command)
@click.option(
    "--env-file", type=click.Path(path_type=Path), default=PROJECT / ".env", help="The file to write."
)
@click.option("--force", is_flag=True, help="Let flags replace what the file says; nothing else is replaced.")
@click.option("--non-interactive", is_flag=True, help="Ask nothing: flags and defaults only.")
@click.option("--discord-token-file", type=click.Path(path_type=Path), help="The bot's token; - reads stdin.")
@click.option("--discord-client-id", help="Default: the id of the bot's application.")
@click.option("--discord-client-secret-file", type=click.Path(path_type=Path), help="- reads stdin.")
@click.option("--discord-api-url", help="Where Discord's REST API is.")
@click.option("--web-port")
@click.option("--flower-port")
@click.option("--redis-url", help="local: make run starts one.")
@click.option("--mongodb-uri", help="local: make run starts one.")
@click.option("--admin-discord-id", help="Who may see and stop everything.")
@click.option("--admin-name", callback=check_name, default="Admin", show_default=True)
@json_option
def setup(*, env_file: Path, force: bool, non_interactive: bool, as_json: bool, **flags: Any) -> None:
    """Write .env: make secrets, ask for the rest, check each answer at once.

    What the file says already stays, so this can be run again. Secrets come from files, standard input or
    a prompt without echo, never from arguments.
    """
    given = Flags(**flags)
    interview = Interview(
        EnvironmentFile(env_file, PROJECT / ".env.example"),
        is_interactive=not non_interactive,
        is_forced=force,
    )
    generated = generate_secrets(interview.file)
    bot, client_id = _set_discord(interview, given)
    for name in _PORTS:
        _set_port(interview, name, getattr(given, name.lower()))
    local = LOCAL if not non_interactive else ""
    question = "or local, which make run starts"
    interview.answer(
        "REDIS_URL", f"Redis ({question})", check_redis_url, given=given.redis_url, default=local
    )
    uri = interview.answer(
        "MONGODB_URI", f"MongoDB ({question})", check_mongodb_uri, given=given.mongodb_uri, default=local
    )
    interview.file.write()
    admin_id, admin_note = _make_admin(interview, given, uri)
    answer = {
        "env_file": str(env_file),
        "generated": generated,
        "bot": bot.name if bot else None,
        "message_content_intent": bot.message_content if bot else None,
        "invite_url": invite_link(client_id) if client_id else None,
        "admin_user_id": admin_id,
    }
    show_done(answer, _sentences(answer, admin_note), as_json=as_json)


def generate_secrets(file: EnvironmentFile) -> list[str]:
    """Make the secrets that are missing and name them; the credential keys only as a pair.

    Raises
    ------
    CommandError
        If only one half of the credential keys is there: a new pair would not open what was sealed.
    """
    made = []
    if not file.get("SECRET_KEY"):
        file.put("SECRET_KEY", secrets.token_urlsafe(48))
        made.append("SECRET_KEY")
    if not file.get("FLOWER_BASIC_AUTH"):
        file.put("FLOWER_BASIC_AUTH", f"operator:{secrets.token_urlsafe(18)}")
        made.append("FLOWER_BASIC_AUTH")
    halves = ("CREDENTIAL_PUBLIC_KEYS", "CREDENTIAL_PRIVATE_KEYS")
    present = [name for name in halves if file.get(name)]
    if len(present) == 1:
        raise CommandError(f"the file has {present[0]} without its other half: put it back, or remove both")
    if not present:
        pair = generate_key_pair()
        file.put(halves[0], pair.public_key)
        file.put(halves[1], pair.private_key.get_secret_value())
        made += halves
    return made


def _set_discord(interview: Interview, given: Flags) -> tuple[BotAccount | None, str]:
    """Ask for token, client id and secret; return the bot, where it was asked for, and the client id."""
    api_url = interview.answer(
        "DISCORD_API_URL", "Discord's API", str, given=given.discord_api_url or _api_url(interview.file)
    )
    seen: list[BotAccount] = []

    def check(token: str) -> str:
        seen.append(check_token(api_url, SecretStr(token)))
        click.echo(f"  the token is {seen[-1].name}'s", err=True)
        return token

    token = _from_file(given.discord_token_file)
    interview.answer("DISCORD_BOT_TOKEN", "Discord bot token (empty: later)", check, given=token, secret=True)
    bot = seen[-1] if seen else None
    client_id = interview.answer(
        "DISCORD_CLIENT_ID",
        "Discord application id (empty: later)",
        check_snowflake,
        given=given.discord_client_id,
        default=bot.application_id if bot else "",
    )

    def check_secret(text: str) -> str:
        if not client_id:
            raise ValueError("the application id is needed first")
        check_client(api_url, client_id, SecretStr(text))
        return text

    secret = _from_file(given.discord_client_secret_file)
    interview.answer(
        "DISCORD_CLIENT_SECRET",
        "Discord client secret (empty: later)",
        check_secret,
        given=secret,
        secret=True,
    )
    return bot, client_id


def _api_url(file: EnvironmentFile) -> str:
    """Return the address in force: the file's, the environment's, or Discord's own."""
    try:
        settings = read_settings(**_ANYWHERE)
    except ConfigurationError:
        return file.get("DISCORD_API_URL") or str(Settings.model_fields["discord_api_url"].default)
    return file.get("DISCORD_API_URL") or settings.discord_api_url


def _set_port(interview: Interview, name: str, given: str | None) -> None:
    question, usual = _PORTS[name]
    default = str(usual if is_free(usual) else free_port())
    interview.answer(name, question, check_free_port, given=given, default=default)


def _from_file(path: Path | None) -> str | None:
    return None if path is None else read_secret(path).get_secret_value()


def _make_admin(interview: Interview, given: Flags, mongodb_uri: str) -> tuple[str | None, str]:
    """Create or promote the first admin; return the id and a sentence about it."""
    discord_id = given.admin_discord_id
    if discord_id is None and interview.is_interactive:
        discord_id = click.prompt(
            "Your Discord id, to be the first admin (empty: later)", default="", err=True
        )
    if not discord_id:
        return None, "No admin yet: flask --app web users create --discord-id ID --name NAME --admin"
    try:
        check_snowflake(discord_id)
    except ValueError as error:
        raise CommandError(f"--admin-discord-id: {error}; the rest is written") from None
    later = f"flask --app web users create --discord-id {discord_id} --name '{given.admin_name}' --admin"
    try:
        uri = mongodb_uri or read_command_settings().mongodb_uri
        check_answering(connect(uri))
        ensure_indexes([User])
        return _promote(discord_id, given.admin_name), f"{given.admin_name} ({discord_id}) is admin"
    except (ConfigurationError, DatabaseUnavailable):
        return None, f"No database answers yet. Once it does: {later}"
    except PyMongoError as error:
        return None, f"MongoDB: {first_line(error)}. Later: {later}"


def _promote(discord_id: str, name: str) -> str:
    found = rows_of(User).find_one({"discord_id": discord_id})
    if found is None:
        user_id: str = create_user(discord_id, name, str(Tier.PREMIUM), is_admin=True)["_id"]
        return user_id
    rows_of(User).update_one({"_id": found["_id"]}, {"$set": {"is_admin": True}})
    audit("user.promote", found["_id"], {"discord_id": discord_id}, now())
    return str(found["_id"])


def _sentences(answer: dict[str, Any], admin_note: str) -> str:
    lines = [f"Written: {answer['env_file']} (readable by you alone)"]
    if answer["generated"]:
        lines.append(f"Made: {', '.join(answer['generated'])}")
    if answer["invite_url"]:
        lines.append(f"Invite the bot: {answer['invite_url']}")
    if answer["message_content_intent"] is False:
        lines.append("Switch on Message Content Intent on the Bot page, or every message arrives empty")
    lines += [admin_note, "Next: make run, then flask --app web doctor"]
    return "\n".join(lines)
