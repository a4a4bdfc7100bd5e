"""The codes of a second factor: time steps of TOTP (RFC 6238) and recovery codes."""

import hmac
from collections.abc import Iterable
from datetime import datetime
from secrets import choice
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
RECOVERY_CODES: Final = 10
ISSUER: Final = "Trade Executor"

_DRIFT_STEPS: Final = 1
# Without what people mix up: 30 letters and digits, ten of which are 49 bits.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_CHARACTERS: Final = 10


def new_seed() -> str:
    """Make a seed: 160 random bits in base32, as authenticator apps take it."""
    return pyotp.random_base32()


def address_of(seed: str, name: str) -> str:
    """Write the `otpauth://` address that an app reads from the picture."""
    return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(seed: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, this one or one beside it; None for any other code.

    Clocks of telephones drift: RFC 6238, 5.2 recommends one step. Whether the step was spent is not known here.
    """
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        return None
    counter = pyotp.HOTP(seed)
    newest = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(newest - _DRIFT_STEPS, newest + _DRIFT_STEPS + 1):
        if hmac.compare_digest(counter.at(step), code):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Make ten recovery codes, written in two groups of five."""
    return [_grouped(choice(_ALPHABET) for _ in range(_RECOVERY_CHARACTERS)) for _ in range(RECOVERY_CODES)]


def tidy(text: str) -> str:
    """Write a code as it is compared: without spaces and lines, in small letters."""
    return "".join(text.split()).replace("-", "").lower()


def _grouped(characters: Iterable[str]) -> str:
    text = "".join(characters)
    return f"{text[:5]}-{text[5:]}"
