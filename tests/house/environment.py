"""The environment of a house: generated secrets, free ports, and nothing of the developer's own settings."""

import os
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from shared.programs import free_port
from shared.settings import Settings
from shared.vault import generate_key_pair

_OURS = {name.upper() for name in Settings.model_fields} | {"SECRET_KEY", "FLASK_APP", "FLASK_DEBUG"}
# Processes that may keep no bytecode start three times slower, and a house starts and kills many.
_SLOW = {"PYTHONDONTWRITEBYTECODE"}
_VENUE_PREFIX = "VENUE_URL_"


def clean_environment(source: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a shell gives every program, without any setting of this project or what only slows it."""
    return {
        name: value
        for name, value in source.items()
        if name not in _OURS | _SLOW and not name.startswith(_VENUE_PREFIX)
    }


def generate_settings() -> dict[str, str]:
    """Return secrets and ports that no other house has."""
    keys = generate_key_pair()
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "CREDENTIAL_PUBLIC_KEYS": keys.public_key,
        "CREDENTIAL_PRIVATE_KEYS": keys.private_key.get_secret_value(),
        "FLOWER_BASIC_AUTH": f"flower:{secrets.token_hex(8)}",
        "WEB_PORT": str(free_port()),
        "FLOWER_PORT": str(free_port()),
        "LOG_LEVEL": "WARNING",
        # Houses are told thousands of signals in minutes and struck on purpose; what stops that has tests of its own.
        "PROVIDER_MAX_SIGNALS": "0",
        "PROVIDER_MAX_LOSS_R": "0",
        "MAX_UNKNOWN_ORDERS": "0",
    }


def discord_settings(said: Mapping[str, str]) -> dict[str, str]:
    """Return what points the product to the emulated Discord, from what it said when it began to listen."""
    return {
        "DISCORD_API_URL": said["url"],
        "DISCORD_BOT_TOKEN": said["token"],
        "DISCORD_CLIENT_ID": said["application_id"],
        # `flask` would read the developer's .env beside ours.
        "FLASK_SKIP_DOTENV": "1",
    }


def with_database(mongodb_uri: str, name: str) -> str:
    """Return the address with another database."""
    return urlsplit(mongodb_uri)._replace(path=f"/{name}").geturl()
