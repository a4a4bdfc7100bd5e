"""The codes of updates: which of them were carried out, and the sentence that the follower reads.

Most sentences are the general ones; a few codes mean something narrower here than elsewhere.
"""

from shared.domain.codes import CODES
from shared.domain.codes import sentence_of as general_sentence

UPDATED = "UPDATED"
PARTLY_UPDATED = "PARTLY_UPDATED"

CARRIED_OUT = frozenset({"", UPDATED, "ENTRY_CHANGED", "PARKED", "CANCEL_ASKED", "ALREADY_CLOSING"})
"""The codes of what was done, is being done, or will be."""

_NARROWER = {
    "": "The update was carried out.",
    UPDATED: "The update was carried out.",
    "HALT": "Trading is halted, so the provider's update was not carried out; your stop stays in place.",
    "STOP_WRONG_SIDE": "The new stop is not on the losing side of the entry that waits, so it was not moved.",
    "NO_ENTRY": "No entry of the trade was waiting.",
    "FILLED_BEFORE": "The entry was filled before it could be cancelled; its stop is in place.",
    "NOT_FILLED": "The entry was not filled, so there was nothing to carry out.",
}


def sentence_of(code: str) -> str:
    """Return the sentence for a code, the code itself where there is none."""
    return _NARROWER.get(code) or (general_sentence(code) if has_sentence(code) else code)


def has_sentence(code: str) -> bool:
    """Tell whether a code is explained."""
    return code in _NARROWER or code in CODES
