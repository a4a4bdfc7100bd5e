"""Secrets for commands: from a file or standard input, never from arguments, never in an error."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

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


def read_credentials(path: Path) -> SecretStr:
    """Read `{"api_key": ..., "secret": ...}` and return it as the JSON text that is sealed.

    Raises
    ------
    CommandError
        If it is no such object; the message shows none of it.
    """
    wanted = {"api_key", "secret"}
    try:
        given: Any = json.loads(read_secret(path).get_secret_value())
    except (ValueError, RecursionError):
        raise CommandError('the credentials must be JSON: {"api_key": "...", "secret": "..."}') from None
    if not isinstance(given, dict) or set(given) != wanted:
        raise CommandError('the credentials must be a JSON object with "api_key" and "secret" and no more')
    if any(not isinstance(given[name], str) or not given[name].strip() for name in wanted):
        raise CommandError('"api_key" and "secret" must be texts that are not empty')
    return write_credentials(given["api_key"].strip(), given["secret"].strip())


def write_credentials(api_key: str, secret: str) -> SecretStr:
    """Write a key pair as the workers read it after opening."""
    return SecretStr(json.dumps({"api_key": api_key, "secret": secret}))
