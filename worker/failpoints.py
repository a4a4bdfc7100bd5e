"""Named crash points for the fault tests; refused unless the database is a test one on loopback.

`FAILPOINTS` names a folder. A file in its sub-folder `after_claim` is one death: the process that passes that
point and takes the file away is killed on the spot. As many files, as many deaths, whoever passes; the
process that comes back passes unharmed. What has fired lies in the sub-folder `fired`: one file a death, named after
the point, its time is the death's.
"""

import os
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kombu.transport.redis import QoS

from shared.settings import ConfigurationError, Settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_FIRED = "fired"
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
    if _folder is not None:
        (_folder / _FIRED).mkdir(parents=True, exist_ok=True)


def failpoint(name: str) -> None:
    """Die here if the tests asked for it."""
    if _folder is None:
        return
    for death in (_folder / name).glob("*"):
        try:
            # One process wins a death; its file says afterwards that it fired.
            os.utime(death)
            death.rename(_folder / _FIRED / f"{name}.{death.name}")
        except FileNotFoundError:
            continue  # another process died of this one
        os.kill(os.getpid(), signal.SIGKILL)


def guard_taken_messages() -> None:
    """Put a crash point between the moment at which a queue gives a task away and the note that it was taken.

    In this gap Redis has forgotten the task and nobody else knows of it (RELIABILITY 1.1).
    """
    if _folder is None:
        return
    note_taken = QoS.append

    def append(self: Any, message: Any, delivery_tag: Any) -> None:
        failpoint("before_unacked")
        note_taken(self, message, delivery_tag)

    setattr(QoS, "append", append)  # noqa: B010 - a method is replaced on purpose
