"""Every stable code that a follower, a provider or an operator can meet, with one plain sentence and who acts.

The only table of its kind: receipts, orders, messages and pages take their general sentences from here, `docs/codes.md`
is written from it (`python -m shared.domain.codes`), and a test holds it against every code in the program.
"""

import sys
from dataclasses import dataclass
from enum import StrEnum


class Actor(StrEnum):
    """Who can do something about it."""

    NOBODY = "nobody"
    FOLLOWER = "follower"
    PROVIDER = "provider"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Code:
    """One code: its sentence in general terms, who acts, and how it ends a trade in a few words, where it can."""

    code: str
    actor: Actor
    sentence: str
    ending: str = ""


# code | who acts | sentence | how it ends a trade
_ENTRIES = """
PASSED | nobody | All gates passed.
DUPLICATE_CONTENT | nobody | The provider posted the same signal within the last ten minutes; it is traded once.
DUPLICATE_ENTRY | nobody | Another bot trades this message on the same account. | another bot trades this message
HALT | operator | Trading is halted here, so nothing new is entered and no provider's wish is carried out. | trading was halted before the entry
ACCOUNT_NOT_READY | follower | The account is not active.
NO_RIGHT_TO_FOLLOW | provider | The provider is not active any more, or this follower may not follow it.
PLAN_LIMIT | follower | The plan copies only so many signals a day.
LOW_CONFIDENCE | nobody | The reading is too unsure to trade on.
SYMBOL_FILTERED | follower | The bot's filters leave this instrument out.
SIDE_FILTERED | follower | The bot does not enter in this direction.
CONTRACT_UNDECIDED | provider | The message does not say which contract: its expiry, strike or right is missing.
INSTRUMENT_NOT_TRADABLE | nobody | The account's venue does not trade this instrument.
SHORT_NOT_POSSIBLE | nobody | This account cannot sell what it does not hold.
STALE | follower | The signal was older than the bot allows when it could be traded.
DRIFTED | follower | The price had run too far since the message was posted.
OUTSIDE_HOURS | follower | The signal came outside the bot's trading hours.
NO_QUOTE | nobody | The venue gave no current price.
NO_PRICE | nobody | No price is known for this instrument, so no size can be computed.
STOP_MISSING | follower | The message names no stop, and this bot trades only with one.
STOP_WRONG_SIDE | provider | The stop is not on the losing side of the entry.
STOP_AT_ENTRY | provider | The stop is at the entry, so the risk of a unit is zero.
STOP_ALREADY_PASSED | nobody | The price had passed the stop already.
LIQUIDATION_BEFORE_STOP | follower | At this leverage the venue would take the position away before its stop is reached.
MARGIN_NOT_SET | operator | The venue did not put leverage and isolated margin in force, so nothing was sent.
COVER_TOO_SLOW | operator | At the venue's limit an entry that waits could stand too long before it has its stop.
NETTING | follower | An opposite trade of this instrument is open on the account.
MAX_OPEN_POSITIONS | follower | As many positions as the bot allows are open or about to be.
MAX_PER_SYMBOL | follower | As many positions in this instrument as the bot allows are open or about to be.
DAILY_LOSS | follower | The account has lost today what its limit allows; it enters nothing more today.
USER_DAILY_LOSS | follower | The user's accounts together have lost today what the limit allows.
NO_RATE | operator | Accounts in several currencies cannot be summed, because a rate is not known.
PORTFOLIO_RISK | follower | All stops together could lose more than the limit allows.
NO_BALANCE | operator | The account's balance is not known, so no size can be computed.
KELLY_SAMPLE | follower | The provider's record is too short for a size by half-Kelly.
KELLY_NEGATIVE | follower | The provider's record shows no edge, so half-Kelly gives no size.
BELOW_MINIMUM | follower | The size is less than the venue takes.
BUYING_POWER | follower | The order costs more than what is free and not reserved.
"""
_CONFIRMATIONS = """
AWAITS_CONFIRMATION | follower | All gates passed; the bot asks its owner first and waits for a yes.
CONFIRMATION_REFUSED | follower | It was refused when the bot asked, so it is not traded.
CONFIRMATION_EXPIRED | follower | Nobody confirmed it, or it could not be traded, before the time to confirm was over.
ANSWERED_BEFORE | nobody | The question was answered before, and differently.
NO_CONFIRMATION | nobody | There is no such question, or it is another user's.
"""
_UNSENT = """
ACCOUNT_FROZEN | operator | For more than 15 minutes the venue has not said what became of another order of this account.
BOT_NOT_ACTIVE | follower | The bot was paused or stopped meanwhile.
PAIR_BROKEN | nobody | A target goes out with its stop and never alone; both are written anew.
RATE_LIMIT | nobody | Its turn at the venue's limit came too late.
NOT_SENT_IN_TIME | operator | It could not be sent while the signal was young enough.
UNKNOWN_ENTRY | nobody | It waited for the outcome of another entry on its account and symbol until its time was over.
WITHDRAWN | provider | It was taken back, because it is not wanted any more. | the provider took the entry back
DELETED | provider | Deleted by its author: what was not sent was withdrawn. | the message was deleted before the entry
EDITED_AWAY | provider | Edited so that it is no such signal any more: what was not sent was withdrawn. | the message was edited away before the entry
ENTRY_EXPIRED | follower | It was not filled within the time that the bot gives an entry.
TARGET_BEFORE_ENTRY | nobody | The price was at the stop or the first target before the entry was filled.
LATE_ARRIVAL | nobody | It reached the venue after it had been given up, so it was cancelled.
USER_CANCELED | follower | It was cancelled by hand.
FLATTENED | operator | It was closed or cancelled by a flatten.
NO_ANSWER | nobody | The venue has not said what became of it; it is asked until it does.
NOT_PLACED | nobody | The venue has proved that it never had this order.
UNFORESEEN | operator | Something unforeseen happened while it was sent; the venue is asked what became of it.
CREDENTIALS_UNREADABLE | operator | The account's stored key cannot be opened.
"""
_VENUES = """
UNKNOWN_VENUE | operator | No venue has this name here.
ENVIRONMENT_NOT_OFFERED | operator | The venue has no such environment.
CREDENTIALS_MISSING | follower | The account has no key, and its venue needs one.
UNAUTHORIZED | follower | The venue refuses the account's key.
UNKNOWN_ACCOUNT | operator | The venue does not know the account.
UNKNOWN_SYMBOL | nobody | The venue does not know the instrument.
INVALID_ORDER | operator | The venue does not take an order like this.
INVALID_TICK | operator | The price is not one that the venue trades at.
INVALID_LOT | operator | The quantity is not one that the venue trades.
BELOW_MINIMUM_NOTIONAL | follower | The order is worth less than the venue takes.
INSUFFICIENT_FUNDS | follower | The venue refused it for lack of funds. | the venue refused it for lack of funds
REDUCE_ONLY_REFUSED | nobody | There is nothing left that the order could reduce.
TARGET_ALREADY_PASSED | nobody | The price had passed the target already.
PRICES_OUT_OF_ORDER | nobody | The stop and the target do not lie on both sides of the price.
PRICE_TOO_FAR | provider | The price is further from the market than the venue takes.
SYMBOL_NOT_PERMITTED | follower | The account may not trade this instrument at its venue.
ORDER_TYPE_NOT_OFFERED | nobody | The venue has no orders of this kind for this instrument.
EXPIRED_BEFORE_ARRIVAL | nobody | It arrived at the venue after its time.
MARKET_CLOSED | nobody | The market is closed.
TOO_MANY_ORDERS | follower | The venue holds as many orders of this account as it takes.
REPLACED_ORDER_GONE | nobody | The order that was to be replaced is not there any more.
HEDGE_MODE | follower | The account holds long and short positions beside each other; switch it to one-way mode at the venue.
MULTI_ASSETS_MODE | follower | The account lets all its assets stand for each position; switch it to single-asset mode at the venue.
POSITION_OPEN | follower | An open position or order at the venue keeps its leverage and margin as they are; close it there first.
LEVERAGE_TOO_HIGH | follower | The venue allows less leverage for this instrument or account.
DUPLICATE_ORDER_ID | nobody | The venue has an order with this id already; it is looked up.
SEND_WINDOW_CLOSED | nobody | It could not begin in time after the last look, so it did not leave; it comes again.
NOT_CONNECTED | nobody | The venue could not be reached; nothing left.
RATE_LIMITED | nobody | The venue asks us to wait.
BANNED | operator | The venue has shut our address out for a while.
CLOCK_SKEWED | operator | The venue says that our clock is wrong.
WRONG_KEY | operator | A request bore another key than its account's, so it was not sent.
ANSWER_TIMED_OUT | nobody | The venue did not answer in time; it is asked what became of it.
CONNECTION_LOST | nobody | The connection was lost before the answer; the venue is asked what became of it.
SERVER_FAILED | nobody | The venue failed; it is asked what became of it.
UNREADABLE_ANSWER | nobody | The venue's answer cannot be read; it is asked what became of it.
UNTYPED_REFUSAL | operator | The venue refused in words that we do not know; it is asked what became of it.
STORE_UNAVAILABLE | operator | The paper venue's store is away.
STORE_BUSY | nobody | The paper venue's store was busy.
COMMIT_UNKNOWN | nobody | The paper venue's store did not say whether it kept the order; it is asked.
IMMEDIATE_ONLY | nobody | Nobody took it at that price at once. | nobody took it at that price
LINKED_EXIT_FILLED | nobody | The other exit of the same position was filled.
PAIRED_EXIT_WORKED | nobody | The other exit of its pair worked.
CASH_EXHAUSTED | nobody | The account's cash ended before the order was filled in whole.
NOTHING_FREE | nobody | When the stop's price was met, nothing was free in the account for it, and the venue ended it.
CANCELED_BY_REQUEST | nobody | It was cancelled, as we asked. | the entry was cancelled
"""
_MESSAGES = """
PLANNED | nobody | Read as a signal.
UPDATED | nobody | Carried out on the open trade.
SUPERSEDED | nobody | A newer edit of this message counts.
CONTENT_UNCHANGED | nobody | The edit changed nothing that counts.
EDIT_APPLIED | nobody | The edit was carried over to the trade.
EDIT_WITHOUT_EFFECT | nobody | The edit has no effect on a trade.
WITHDRAWN_BY_EDIT | provider | Edited away: what was not sent was withdrawn.
EDITED_IN | follower | This was edited into a signal after it was posted; it needs your look before it can trade.
ORIGINAL_MISSING | nobody | Only the edit reached us; it was read as the message.
NO_PROGRESS | operator | It could not be carried out after five tries. It is kept and can be replayed.
UNKNOWN_CHANNEL | operator | No provider signals in this channel.
AUTHOR_NOT_LISTED | provider | Its author may not signal here.
NO_SIGNAL | nobody | It asks for nothing.
NOTHING_OPEN | nobody | No trade of this provider was open for it.
UPDATE_WITHOUT_SYMBOL | provider | It does not say which trade is meant, so nothing was changed.
UPDATE_AMBIGUOUS | provider | Several open signals could be meant, so nothing was changed.
"""
_READINGS = """
EMPTY | nobody | It holds no text.
TOO_LONG | nobody | It is too long to be a signal.
NO_INTENT | nobody | Talk, not a signal.
NO_INSTRUMENT | provider | It speaks of a trade but names no instrument we know.
NO_SIDE | provider | It does not say whether to buy or to sell.
QUESTION | nobody | A question, not a signal.
PLAN | nobody | It tells what may be done later, not what is done now.
WATCHING | nobody | It puts something on watch without entering it.
NEGATED | nobody | It says that no trade is taken.
HOLDING | nobody | It tells about a position that is held already.
RECAP | nobody | A recap of earlier trades.
RESULT | nobody | It tells how a trade went.
NEWS | nobody | News, not a signal.
STATUS_REPORT | nobody | A report on an open trade; it asks for nothing.
CONFLICTING_LEVELS | provider | Its levels contradict each other.
ABSURD_LEVELS | provider | Its levels cannot be right.
SEVERAL_INSTRUMENTS | provider | It names several instruments and does not say which one to trade.
UNLIKE_A_SIGNAL | nobody | It could be read as a signal, but messages like it have been talk.
"""
_UPDATES = """
PARTLY_UPDATED | nobody | A part of the update was carried out.
PARKED | nobody | The trade is not ready for it yet; it is carried out as soon as it is, and the follower is told.
CANCEL_ASKED | nobody | The venue has not said yet what became of the entry; it is cancelled as soon as that is known.
ALREADY_CLOSING | nobody | The whole position is being closed already.
ALREADY_OVER | nobody | The trade had ended before.
TOO_MANY_PARKED | provider | Too many updates of this trade wait already; this one was not taken.
STOP_RISK_TOO_HIGH | follower | To the new stop more could be lost than was planned and than the bot risks, so it was not moved.
TARGET_BEHIND_ENTRY | provider | The new targets would be met as soon as the entry is filled, so the old ones stay.
STOP_WOULD_WIDEN | provider | The new stop is further away than the one in place, so it was not moved.
NO_DIFFERENCE | nobody | The update changes nothing.
NO_LEVEL | provider | The update names no price.
NOTHING_TO_DO | nobody | The message reports and asks for nothing.
ENTRY_CHANGED | nobody | The entry was edited: what had not been filled was cancelled and is not entered again.
NOTHING_HELD | nobody | Nothing is held of the trade and no entry waits, so there was no part of it to close.
TRADE_BUSY | nobody | The trade changed at the same moment, again and again; the update was not carried out.
"""
_BY_HAND = """
BAD_REQUEST_ID | operator | The request has no usable id.
BAD_VALUE | follower | The percentage or the price cannot be meant.
NO_TRADE | follower | There is no such trade, or it is another user's.
TRADE_OVER | nobody | The trade had ended.
NOT_IN_TIME | follower | It could not be carried out in time.
NEVER_FILLED | nobody | Nothing had been filled, and no entry is waiting any more.
TOO_SMALL | follower | The share is less than the venue takes.
CLOSED_OTHERWISE | nobody | Another exit closed the position first.
NOTHING_TO_PROTECT | nobody | The trade has neither a position nor an entry that waits.
WRONG_SIDE | follower | The stop would not be on the losing side of the market.
NO_ENTRY | nobody | No entry is waiting.
FILLED_BEFORE | nobody | The entry was filled before it could be cancelled.
"""
_ENDINGS = """
STOP_HIT | nobody | The stop closed it. | closed at its stop
TARGET_HIT | nobody | The last target closed it. | closed at its target
PROVIDER_CLOSED | provider | The provider closed it. | closed by the provider
OPTION_EXPIRED | nobody | The option was held to its end and is counted at what it was worth then. | the option ended
OPTION_EXPIRED_UNPRICED | operator | The option has ended, but no price of its underlying is stored from the hour before, so it is in no figure. | the option ended without a price
STOP_PASSED | nobody | It was closed at market, because the price had passed the stop. | closed at market, because the price had passed the stop
USER_CLOSED | follower | It was closed by hand. | closed by hand
CLOSED_EXTERNALLY | follower | It was closed at the venue, not by us. | closed at the venue, not by us
EXIT | nobody | It was closed. | closed
DUST | nobody | Too little was left to hold. | too little was left to hold
NOT_FILLED | nobody | The entry was not filled. | the entry was not filled
"""
_OPERATION = """
BAD_PUBLIC_KEYS | operator | The workers cannot read their public keys.
OTHER_PUBLIC_KEYS | operator | The workers seal with another key than the one to rotate to.
NO_PRIVATE_KEY | operator | The workers do not hold the private key of the one to rotate to.
KEY_NOT_HELD | operator | A credential is sealed under a key that the workers do not hold.
UNREADABLE | operator | A credential cannot be opened with its key.
NOT_PROVED | operator | A credential that was sealed anew did not open to the same secret, so the old one stays.
"""


def _read(table: str) -> tuple[Code, ...]:
    rows = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    return tuple(Code(code, Actor(actor), *rest) for code, actor, *rest in rows)


READINGS = _read(_READINGS)
GROUPS: dict[str, tuple[Code, ...]] = {
    "Entries: what the gates say": _read(_ENTRIES),
    "Confirm-first": _read(_CONFIRMATIONS),
    "Orders: not sent, withdrawn, in doubt": _read(_UNSENT),
    "Orders: what a venue says": _read(_VENUES),
    "Messages": _read(_MESSAGES),
    "Messages that are no signal": READINGS,
    "Updates of a provider": _read(_UPDATES),
    "Commands by hand": _read(_BY_HAND),
    "Ends of trades": _read(_ENDINGS),
    "Keys of the house": _read(_OPERATION),
}
CODES: dict[str, Code] = {code.code: code for group in GROUPS.values() for code in group}


def sentence_of(code: str) -> str:
    """Return a code's sentence; one that is not in the table is written as words."""
    known = CODES.get(code)
    return known.sentence if known is not None else f"{code.replace('_', ' ').capitalize()}."


def to_markdown() -> str:
    """Write the table for people, as `docs/codes.md` holds it."""
    lines = [
        "# Codes",
        "",
        "What receipts, orders, messages, commands and trades say, and who can do something about it. A receipt's own",
        "sentence names the figures; this is the general one. Written by `python -m shared.domain.codes`.",
    ]
    for title, codes in GROUPS.items():
        lines += ["", f"## {title}", "| code | sentence | who acts |", "|---|---|---|"]
        lines += [f"| {code.code} | {code.sentence} | {code.actor} |" for code in codes]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(to_markdown())
