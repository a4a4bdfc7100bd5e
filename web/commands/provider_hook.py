"""`flask providers hook-secret rotate`: a new secret for a signal hook, shown once, the old one good for a while."""

from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe

import click
from pydantic import SecretStr

from shared.models.hooks import HookRequest, rotate_secret
from shared.models.providers import Provider
from shared.settings import Settings
from web.commands.answers import show_done
from web.commands.frame import Command, CommandError, Group, json_option
from web.commands.lookups import find_provider
from web.commands.secret_files import read_secret
from web.commands.session import audit, now, open_database
from web.webhooks.secrets import seal_hook_secret

_MIN_CHARACTERS = 16
_SECRET_BYTES = 32
_OVERLAP_HOURS = 24.0


@click.group("hook-secret", cls=Group)
def hook_secret() -> None:
    """The secret of a provider's POST /hooks/signals."""


@hook_secret.command("rotate", cls=Command)
@click.option("--provider", "provider_text", required=True, help="Id or name.")
@click.option(
    "--overlap-hours",
    type=click.FloatRange(0, 24 * 30),
    default=_OVERLAP_HOURS,
    show_default=True,
    help="For so long the old secret stays good beside the new one; 0 ends it at once.",
)
@click.option(
    "--hook-secret-file", type=click.Path(path_type=Path), help="A secret of your own; - reads stdin."
)
@click.option(
    "--in-body/--signed-only",
    "in_body",
    default=None,
    help="Whether the secret itself may come in the body, for senders that cannot sign. Left as it is by default.",
)
@json_option
def rotate(
    *,
    provider_text: str,
    overlap_hours: float,
    hook_secret_file: Path | None,
    in_body: bool | None,
    as_json: bool,
) -> None:
    """Give a provider's hook a new secret, or its first one.

    A secret that is made here is shown once and cannot be read again; one from a file is not shown.
    """
    settings = open_database(Provider, HookRequest)
    provider = find_provider(provider_text)
    given = None if hook_secret_file is None else read_hook_secret(hook_secret_file)
    secret = given or SecretStr(token_urlsafe(_SECRET_BYTES))
    sealed = seal_for(settings, provider["_id"], secret)
    at = now()
    until = at + timedelta(hours=overlap_hours) if overlap_hours else None
    hook = rotate_secret(provider["_id"], sealed, until, takes_secret_in_body=in_body)
    if hook is None:
        raise CommandError(f"{provider['name']} is gone")
    kept_until = hook.previous_until if hook.previous else None
    detail = {"in_body": str(hook.takes_secret_in_body), "previous_until": str(kept_until or "")}
    audit("provider.hook_secret", provider["_id"], detail, at)
    row = {
        "provider_id": provider["_id"],
        "previous_until": kept_until,
        "takes_secret_in_body": hook.takes_secret_in_body,
    }
    shown = {} if given is not None else {"hook_secret": secret.get_secret_value()}
    sentence = f"{provider['name']} has a new hook secret"
    sentence += f", shown this once: {shown['hook_secret']}" if shown else ""
    sentence += f"; the old one is good until {kept_until:%Y-%m-%d %H:%M} UTC" if kept_until else ""
    show_done({**row, **shown}, sentence, as_json=as_json)


def read_hook_secret(path: Path) -> SecretStr:
    """Read a hook's secret from a file or standard input; raises CommandError for one that is too short."""
    secret = read_secret(path)
    if len(secret.get_secret_value()) < _MIN_CHARACTERS:
        raise CommandError(f"the hook secret needs {_MIN_CHARACTERS} characters or more")
    return secret


def seal_for(settings: Settings, provider_id: str, secret: SecretStr) -> bytes:
    """Seal a hook's secret; raises CommandError without a SECRET_KEY, under which the web opens it."""
    if not settings.secret_key.get_secret_value():
        raise CommandError("SECRET_KEY is not set: hook secrets are sealed under it (make setup writes .env)")
    return seal_hook_secret(settings, provider_id, secret)
