"""The .env file: values are added, nothing that is there is lost, and nobody else can read it."""

import os
import re
from pathlib import Path

from dotenv import dotenv_values

from web.commands.frame import CommandError

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./?&-]*")
_MODE = 0o600


class EnvironmentFile:
    """A .env with its comments; made from a template that explains every variable.

    Parameters
    ----------
    path
        The file to keep; it need not exist.
    template
        What a new one begins with (.env.example).
    """

    def __init__(self, path: Path, template: Path) -> None:
        self._path = path
        try:
            source = path if path.exists() else template
            self._text = source.read_text(encoding="utf-8") if source.exists() else ""
            stored = dotenv_values(path, interpolate=False) if path.exists() else {}
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from None
        self._values = {name: value for name, value in stored.items() if value}

    def get(self, name: str) -> str:
        """Return a value, or an empty text."""
        return self._values.get(name) or ""

    def put(self, name: str, value: str) -> None:
        """Set a value on the line that names the variable, or on a new one."""
        if "\n" in value or "\r" in value or "\0" in value:
            raise CommandError(f"{name} must be one line")
        self._values[name] = value
        line = f"{name}={_quoted(value)}"
        pattern = re.compile(rf"^\s*(?:export\s+)?{re.escape(name)}\s*=.*$", re.MULTILINE)
        if pattern.search(self._text):
            self._text = pattern.sub(lambda _match: line, self._text)
        else:
            self._text = f"{self._text.rstrip()}\n{line}\n".lstrip("\n")

    def write(self) -> None:
        """Replace the file as a whole, readable by its owner alone; raises CommandError."""
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        try:
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self._text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise CommandError(f"{self._path} cannot be written: {error.strerror}") from None


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
