"""Secrets: are they there, strong enough, and do the halves of the credential keys belong together."""

from collections.abc import Iterator

from shared.settings import Settings
from shared.vault import PrivateKeys, PublicKeys, VaultError
from web.commands.doctor.findings import Finding, fail, ok, warn

MIN_SECRET_KEY = 32
_SETUP = "run make setup"


def check_secrets(settings: Settings) -> Iterator[Finding]:
    """Check SECRET_KEY, the credential keys, Flower's password and the bot's token; shows none of them."""
    yield _secret_key(settings)
    yield _credential_keys(settings)
    yield _flower(settings)
    if settings.discord_bot_token.get_secret_value():
        yield ok("DISCORD_BOT_TOKEN", "set")
    else:
        yield warn("DISCORD_BOT_TOKEN", "not set: the bot cannot listen", _SETUP)


def _secret_key(settings: Settings) -> Finding:
    length = len(settings.secret_key.get_secret_value())
    if not length:
        return fail("SECRET_KEY", "not set", _SETUP)
    if length < MIN_SECRET_KEY:
        return fail(
            "SECRET_KEY", f"only {length} characters", f"use {MIN_SECRET_KEY} or more: {_SETUP} --force"
        )
    return ok("SECRET_KEY", f"{length} characters")


def _credential_keys(settings: Settings) -> Finding:
    check = "credential keys"
    try:
        public = PublicKeys.parse(settings.credential_public_keys)
        private = PrivateKeys.parse(settings.credential_private_keys)
    except VaultError as error:
        return fail(check, str(error), "see .env.example")
    if not public.key_ids:
        return fail(
            check, "CREDENTIAL_PUBLIC_KEYS is not set: no account with a key can be connected", _SETUP
        )
    if not private.key_ids:
        return warn(check, "no private key here", "right for a host without workers; workers need it")
    strangers = [key_id for key_id in public.key_ids if key_id not in private.key_ids]
    if strangers:
        return fail(check, f"no private key for {', '.join(strangers)}", "put the matching pair into .env")
    return ok(check, f"{len(public.key_ids)} pair, {public.key_ids[-1]} seals")


def _flower(settings: Settings) -> Finding:
    text = settings.flower_basic_auth.get_secret_value()
    user, _, password = text.partition(":")
    if not text:
        return fail("FLOWER_BASIC_AUTH", "not set: Flower does not start", _SETUP)
    if not user or not password or not text.isascii():
        return fail("FLOWER_BASIC_AUTH", "is not user:password in ASCII", _SETUP)
    return ok("FLOWER_BASIC_AUTH", "set")
