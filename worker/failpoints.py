"""Named crash points for the fault tests; refused unless the database is a test one on loopback.

`FAILPOINTS` names a folder. A file in its sub-folder `after_claim` is one death: the process that passes that
point and takes the file away is killed on the spot. As many files, as many deaths, whoever passes; the
process that comes back passes unharmed.
"""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

from shared.settings import ConfigurationError, Settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_folder: Path | None = None


def arm_failpoints(settings: Settings) -> None:
    """Take the folder of crash points from the settings.

    Raises
    ------
    ConfigurationError
        If there is one while the database is not a test one on loopback.
    """
    global _folder  # noqa: PLW0603 - armed once at the start of a process
    if settings.failpoints:
        parts = urlsplit(settings.mongodb_uri)
        if parts.hostname not in _LOOPBACK or not parts.path.lstrip("/").startswith("test"):
            raise ConfigurationError(["FAILPOINTS is for a test database on loopback only"])
    _folder = Path(settings.failpoints) if settings.failpoints else None


def failpoint(name: str) -> None:
    """Die here if the tests asked for it."""
    if _folder is None:
        return
    for death in (_folder / name).glob("*"):
        try:
            death.unlink()
        except FileNotFoundError:
            continue  # another process died of this one
        os.kill(os.getpid(), signal.SIGKILL)
