"""Deterministic identities: the same facts give the same id in every process, so repeats meet."""

from hashlib import sha1
from uuid import UUID

_NAMESPACE = UUID("7b0e6a52-1f0c-5b54-9a3e-2f5d8c4e9d10")


def _derive(*parts: object) -> str:
    # Parts of a hook's message may hold any character, the separator too: escaped, two lists never collide.
    name = "\x1f".join(_escaped(str(part)) for part in parts)
    # RFC 9562, version 5, as `uuid.uuid5` computes it; a wave derives hundreds, and the class costs more than the hash.
    digest = bytearray(sha1(_NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return digest.hex()


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("\x1f", "\\x1f")


def message_row_id(source: str, channel_id: str, message_id: str, revision: int) -> str:
    """Identify one revision of one message in the inbox."""
    return _derive("message", source, channel_id, message_id, revision)


def signal_id(message_row: str) -> str:
    """Identify the reading of one message revision."""
    return _derive("signal", message_row)


def receipt_id(signal: str, trading_bot_id: str) -> str:
    """Identify what the gates said of one signal for one trading bot."""
    return _derive("receipt", signal, trading_bot_id)


def trade_id(trading_bot_id: str, source: str, channel_id: str, message_id: str) -> str:
    """Identify the trade that a message opens for one trading bot, whatever its revision."""
    return _derive("trade", trading_bot_id, source, channel_id, message_id)


def reference_id(provider_id: str, source: str, channel_id: str, message_id: str) -> str:
    """Identify the reference position of the signal in a message, whatever its revision: an edit opens no other."""
    return _derive("reference", provider_id, source, channel_id, message_id)


def entry_intent_id(trading_bot_id: str, source: str, channel_id: str, message_id: str, leg: int) -> str:
    """Identify an entry, without the message's revision: an edit never adds an entry (DESIGN 5)."""
    return _derive("entry", trading_bot_id, source, channel_id, message_id, leg)


def cover_intent_id(trade: str, purpose: str, leg: int, cover_version: int) -> str:
    """Identify a stop or a target of a trade for one version of its wanted cover."""
    return _derive("cover", trade, purpose, leg, cover_version)


def pair_id_of(trade: str, target: int, leg: int, cover_version: int) -> str:
    """Identify a stop and a target that are written together."""
    return _derive("pair", trade, target, leg, cover_version)


def exit_intent_id(trade: str, cause_id: str, leg: int) -> str:
    """Identify an exit that an update, a command or a halt asked for."""
    return _derive("exit", trade, cause_id, leg)


def command_id(trade: str, kind: str, value: str, request_id: str) -> str:
    """Identify what one request asks of a trade: a double click, or a form sent twice, is one command."""
    return _derive("command", trade, kind, value, request_id)


def halt_id(scope: str, at: object) -> str:
    """Identify one halt of a scope; with a trade it identifies that trade's flatten."""
    return _derive("halt", scope, at)


def confirmation_id(signal: str, trading_bot_id: str) -> str:
    """Identify the question whether one trading bot is to trade one signal."""
    return _derive("confirmation", signal, trading_bot_id)


def follow_id(user_id: str, provider_id: str) -> str:
    """Identify what a provider has said to somebody who wants to follow it."""
    return _derive("follow", user_id, provider_id)


def first_account_id(user_id: str) -> str:
    """Identify the paper account that a user's first login opens: two logins at once open one."""
    return _derive("first_account", user_id)


def client_order_id(intent: str, attempt: int) -> str:
    """Derive the id sent to the venue: 32 hex characters, new only with a new `attempt`."""
    return _derive("client_order", intent, attempt)


def fill_id(account_id: str, symbol: str, venue_order_id: str, venue_fill_id: str) -> str:
    """Identify a fill; venues number fills per symbol, so the symbol belongs to it."""
    return _derive("fill", account_id, symbol, venue_order_id, venue_fill_id)


def event_id(kind: str, subject_id: str, version: object) -> str:
    """Identify one event about one version of a subject, so that a repeat is the same event."""
    return _derive("event", kind, subject_id, version)


def connected_account_id(user_id: str, request_id: str) -> str:
    """Identify the account that one form connects: sent twice, it is one account."""
    return _derive("account", user_id, request_id)


def load_follower_id(kind: str, number: int, *parts: object) -> str:
    """Identify a row of the n-th follower of a load test, so that a repeated command meets it again."""
    return _derive("load", kind, number, *parts)
