"""The secrets of signal hooks: sealed when they are given, opened to check a request, never shown again."""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Final

from pydantic import SecretStr

from shared.logs import get_logger
from shared.models.hooks import Hook
from shared.settings import Settings
from web.sealing import SealingError, seal, unseal

log = get_logger(__name__)

_PURPOSE: Final = "hook-secret"


@dataclass(frozen=True, slots=True)
class Decoy:
    """A box of a provider that does not exist: a stranger's request opens it, as a provider's opens its own."""

    sealed: bytes


def make_decoy(settings: Settings) -> Decoy:
    """Make what is opened where there is nothing to open."""
    return Decoy(seal(settings.secret_key, _PURPOSE, "", token_bytes(32)))


def seal_hook_secret(settings: Settings, provider_id: str, secret: SecretStr) -> bytes:
    """Seal a hook's secret for its provider's row."""
    return seal(settings.secret_key, _PURPOSE, provider_id, secret.get_secret_value().encode())


def open_secrets(settings: Settings, hook: Hook | None, decoy: Decoy, now: datetime) -> list[bytes]:
    """Open what a request may be proved with: always two, where a provider has fewer the rest fit nothing."""
    boxes = [("", decoy.sealed), ("", decoy.sealed)]
    if hook is not None:
        boxes[0] = (hook.provider_id, hook.sealed)
        if hook.previous is not None and hook.previous_until is not None and now < hook.previous_until:
            boxes[1] = (hook.provider_id, hook.previous)
    return [_open(settings, *box) for box in boxes]


def _open(settings: Settings, provider_id: str, sealed: bytes) -> bytes:
    try:
        return unseal(settings.secret_key, _PURPOSE, provider_id, sealed)
    except SealingError as error:
        log.error("hook.secret_unreadable", provider_id=provider_id, reason=str(error))
        return token_bytes(32)
