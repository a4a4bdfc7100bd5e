"""Why a message is no signal: every code the parser gives, with the sentence that the follower sees."""

REASONS: dict[str, str] = {
    "EMPTY": "The message holds no text.",
    "NO_INTENT": "The message asks for no trade.",
    "NO_INSTRUMENT": "The message speaks of a trade but names no instrument we know.",
    "NO_SIDE": "The message names levels but neither says nor implies long or short.",
    "QUESTION": "The message asks a question.",
    "PLAN": "The message tells what may be done later, not what is done now.",
    "WATCHING": "The message puts an instrument on watch without entering it.",
    "NEGATED": "The message says that no trade is taken.",
    "HOLDING": "The message tells about a position that is already held.",
    "RECAP": "The message sums up past trades or lists candidates.",
    "RESULT": "The message tells how a trade went.",
    "NEWS": "The message passes on news or other people's trades.",
    "STATUS_REPORT": "The message reports that a target, a stop or an entry was reached; nothing is to be done.",
    "CONFLICTING_LEVELS": "Side, entry, stop and targets of the message contradict each other.",
    "ABSURD_LEVELS": "A price of the message is impossible or absurdly far from the entry.",
    "SEVERAL_INSTRUMENTS": "The message lists several contracts without saying which one is entered.",
    "UNLIKE_A_SIGNAL": "The message could be read as a signal, but messages like it have been talk.",
    "TOO_LONG": "The message is too long to be a signal.",
}
