"""What a check says: how it stands, what was seen, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """OK needs nothing, WARN works but should be looked at, FAIL means that something will not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `advice` is empty where nothing is to be done."""

    check: str
    status: Health
    detail: str
    advice: str = ""


def ok(check: str, detail: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(check, Health.OK, detail)


def warn(check: str, detail: str, advice: str) -> Finding:
    """Say that something works but should be looked at."""
    return Finding(check, Health.WARN, detail, advice)


def fail(check: str, detail: str, advice: str) -> Finding:
    """Say that something does not work."""
    return Finding(check, Health.FAIL, detail, advice)
