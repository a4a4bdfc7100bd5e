"""Codes as sentences: why a message became what it became, in the words of the people who follow it."""

from shared.domain.codes import CODES, sentence_of
from web.formatting import words


def explain_message(reason: str, detail: str = "") -> str:
    """Say why a message has its status; an unknown code is shown as words."""
    if reason in CODES:
        return sentence_of(reason)
    text = words(reason) if reason else "No reason was recorded"
    return f"{text}: {detail}." if detail else f"{text}."


def explain_close(reason: str | None) -> str:
    """Say in a few words how a trade ended."""
    if not reason:
        return "closed"
    known = [_ending(code) or words(code).lower() for code in reason.split(", ")]
    return ", ".join(known)


def _ending(code: str) -> str:
    known = CODES.get(code)
    return known.ending if known is not None else ""
