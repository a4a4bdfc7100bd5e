"""The codes of updates, each with the sentence that the follower reads."""

UPDATED = "UPDATED"
PARTLY_UPDATED = "PARTLY_UPDATED"

CARRIED_OUT = frozenset({"", UPDATED, "ENTRY_CHANGED", "PARKED", "CANCEL_ASKED", "ALREADY_CLOSING"})
"""The codes of what was done, is being done, or will be."""

_SENTENCES = {
    "": "The update was carried out.",
    UPDATED: "The update was carried out.",
    "PARKED": "The trade is not ready for it yet; it is carried out as soon as it is, and you are told.",
    "CANCEL_ASKED": "The venue has not said yet what became of the entry; it is cancelled as soon as that is known.",
    "ALREADY_CLOSING": "The whole position is being closed already.",
    "ENTRY_CHANGED": "The entry was edited: what had not been filled was cancelled and is not entered again.",
    "HALT": "Trading is halted, so the provider's update was not carried out; your stop stays in place.",
    "STOP_WOULD_WIDEN": "The new stop is further away than the one in place, so it was not moved.",
    "STOP_RISK_TOO_HIGH": "To the new stop you would lose more than was planned and than this bot risks, so it was not moved.",
    "STOP_WRONG_SIDE": "The new stop is not on the losing side of the entry that waits, so it was not moved.",
    "TARGET_BEHIND_ENTRY": "The new targets would be met as soon as the entry is filled, so the old ones stay.",
    "NO_DIFFERENCE": "The update changes nothing.",
    "NO_LEVEL": "The update names no price.",
    "NOTHING_TO_DO": "The message reports and asks for nothing.",
    "NOTHING_HELD": "Nothing is held of the trade and no entry waits, so there was no part of it to close.",
    "NO_ENTRY": "No entry of the trade was waiting.",
    "FILLED_BEFORE": "The entry was filled before it could be cancelled; its stop is in place.",
    "NOT_FILLED": "The entry was not filled, so there was nothing to carry out.",
    "ALREADY_OVER": "The trade had ended before.",
    "TOO_MANY_PARKED": "Too many updates of this trade wait already; this one was not taken.",
    "TRADE_BUSY": "The trade changed at the same moment, again and again; the update was not carried out.",
    PARTLY_UPDATED: "A part of the update was carried out.",
}


def sentence_of(code: str) -> str:
    """Return the sentence for a code, the code itself where there is none."""
    return _SENTENCES.get(code, code)


def has_sentence(code: str) -> bool:
    """Tell whether a code is explained."""
    return code in _SENTENCES
