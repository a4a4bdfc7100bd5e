"""Secrets for commands: from a file or standard input, never from arguments, never in an error."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from shared.brokers.venue import Venue
from web.commands.frame import CommandError

_MAX_BYTES = 16_384


def read_secret(path: Path) -> SecretStr:
    """Read a secret text from a file, or from standard input where the path is `-`.

    Raises
    ------
    CommandError
        If the file cannot be read, is empty, too long or no text.
    """
    source = "standard input" if str(path) == "-" else str(path)
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{source} cannot be read: {error.strerror}") from None
    if len(data) > _MAX_BYTES:
        raise CommandError(f"{source} is longer than {_MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise CommandError(f"{source} is not text") from None
    if not text:
        raise CommandError(f"{source} is empty")
    return SecretStr(text)


def read_credentials(path: Path, venue: Venue) -> SecretStr:
    """Read what a venue's login takes, a JSON object, and return it as the JSON text that is sealed.

    Raises
    ------
    CommandError
        If it is no object with the fields of one of the venue's ways to log in; the message shows none of it.
    """
    try:
        given: Any = json.loads(read_secret(path).get_secret_value())
    except (ValueError, RecursionError):
        raise CommandError(f"the credentials must be JSON: {_shape(venue.credentials[0])}") from None
    if not isinstance(given, dict) or not any(set(given) == set(fields) for fields in venue.credentials):
        shapes = " or ".join(_shape(fields) for fields in venue.credentials)
        raise CommandError(f"{venue.title}'s credentials must be a JSON object, {shapes}, and no more")
    for name, text in given.items():
        if not isinstance(text, str) or not text.strip():
            raise CommandError(f'"{name}" must be a text that is not empty')
    return write_credentials(**{name: text.strip() for name, text in given.items()})


def write_credentials(**fields: str) -> SecretStr:
    """Write what a login takes as the workers read it after opening."""
    return SecretStr(json.dumps(fields))


def _shape(fields: Iterable[str]) -> str:
    return json.dumps(dict.fromkeys(fields, "..."))
