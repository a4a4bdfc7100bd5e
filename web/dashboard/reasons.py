"""Codes as sentences: why a message became what it became, in the words of the people who follow it."""

from web.formatting import words

_MESSAGE_REASONS = {
    "PLANNED": "Read as a signal.",
    "UPDATED": "Carried out on the open trade.",
    "NOTHING_OPEN": "No trade of this provider was open for it.",
    "ALREADY_OVER": "The trades that it means had ended before.",
    "SUPERSEDED": "A newer edit of this message counts.",
    "CONTENT_UNCHANGED": "The edit changed nothing that counts.",
    "EDIT_APPLIED": "The edit was carried over to the trade.",
    "EDIT_WITHOUT_EFFECT": "The edit has no effect on a trade.",
    "WITHDRAWN_BY_EDIT": "Edited away: what was not sent was withdrawn.",
    "EDITED_IN": "This was edited into a signal after it was posted; it needs your look before it can trade.",
    "DELETED": "Deleted by its author: what was not sent was withdrawn.",
    "LOW_CONFIDENCE": "The reading is too unsure to trade on.",
    "NO_PROGRESS": "It could not be carried out after five tries. It is kept and can be replayed.",
    "UNKNOWN_CHANNEL": "No provider signals in this channel.",
    "AUTHOR_NOT_LISTED": "Its author may not signal here.",
    "EMPTY": "It holds no text.",
    "TOO_LONG": "It is too long to be a signal.",
    "NO_INTENT": "Talk, not a signal.",
    "QUESTION": "A question, not a signal.",
    "PLAN": "It tells what may be done later, not what is done now.",
    "WATCHING": "It puts something on watch without entering it.",
    "HOLDING": "It tells about a position that is held already.",
    "RESULT": "It tells how a trade went.",
    "UNLIKE_A_SIGNAL": "It could be read as a signal, but messages like it have been talk.",
    "RECAP": "A recap of earlier trades.",
    "NEWS": "News, not a signal.",
    "STATUS_REPORT": "A report on an open trade; it asks for nothing.",
    "SEVERAL_INSTRUMENTS": "It names several instruments and does not say which one to trade.",
    "NO_SIDE": "It does not say whether to buy or to sell.",
    "ABSURD_LEVELS": "Its levels cannot be right.",
    "CONFLICTING_LEVELS": "Its levels contradict each other.",
    "UPDATE_WITHOUT_SYMBOL": "It does not say which trade is meant, so nothing was changed.",
    "UPDATE_AMBIGUOUS": "Several open signals could be meant, so nothing was changed.",
}
_CLOSE_REASONS = {
    "STOP_HIT": "closed at its stop",
    "TARGET_HIT": "closed at its target",
    "PROVIDER_CLOSED": "closed by the provider",
    "STOP_PASSED": "closed at market, because the price had passed the stop",
    "EXIT": "closed",
    "DUST": "too little was left to hold",
    "NOT_FILLED": "the entry was not filled",
    "DUPLICATE_ENTRY": "another bot trades this message",
    "WITHDRAWN": "the provider took the entry back",
    "DELETED": "the message was deleted before the entry",
    "EDITED_AWAY": "the message was edited away before the entry",
    "HALT": "trading was halted before the entry",
    "INSUFFICIENT_FUNDS": "the venue refused it for lack of funds",
    "IMMEDIATE_ONLY": "nobody took it at that price",
    "CANCELED_BY_REQUEST": "the entry was cancelled",
}


def explain_message(reason: str, detail: str = "") -> str:
    """Say why a message has its status; an unknown code is shown as words."""
    known = _MESSAGE_REASONS.get(reason)
    if known:
        return known
    text = words(reason) if reason else "No reason was recorded"
    return f"{text}: {detail}." if detail else f"{text}."


def explain_close(reason: str | None) -> str:
    """Say in a few words how a trade ended."""
    if not reason:
        return "closed"
    known = [_CLOSE_REASONS.get(code) or words(code).lower() for code in reason.split(", ")]
    return ", ".join(known)
