"""Who asks: the key, the signature over query and body, and the time window, as Binance checks them."""

import hmac

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.forms import Params
from tests.emulators.binance.refusals import Refusal, illegal, missing

DEFAULT_WINDOW = 5_000
LONGEST_WINDOW = 60_000
AHEAD = 1_000
# Larger numbers are microseconds: the year 2286 in milliseconds.
LARGEST_MILLISECONDS = 10_000_000_000_000


def bad_key() -> Refusal:
    """The key is unknown, comes from the wrong address, or may not do this."""
    return Refusal(-2015, "Invalid API-key, IP, or permissions for action.", status=401)


def split_signature(part: str) -> tuple[str, str | None]:
    """Separate the signature from the query or body that carries it."""
    begin = 0 if part.startswith("signature=") else part.find("&signature=")
    if begin < 0:
        return part, None
    start = part.index("=", begin) + 1
    end = part.find("&", start)
    if end < 0:
        return part[:begin], part[start:]
    return part[:begin] + (part[end:] if begin else part[end + 1 :]), part[start:end]


def signature_of(secret: bytes, payload: str) -> str:
    """The signature that a payload should have."""
    return hmac.digest(secret, payload.encode(), "sha256").hex()


def check_signature(account: Account, payload: str, signature: str | None) -> None:
    """Raise Refusal unless this account signed exactly this payload."""
    if not signature:
        raise missing("signature")
    expected = signature_of(account.secret, payload)
    if not hmac.compare_digest(expected.encode(), signature.lower().encode()):
        raise Refusal(-1022, "Signature for this request is not valid.")


def check_time(params: Params, now: int) -> None:
    """Raise Refusal unless a request is fresh; `now` is in milliseconds."""
    sent_at, window = read_window(params)
    if sent_at >= now + AHEAD:
        raise Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now - sent_at > window:
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def read_window(params: Params) -> tuple[int, int]:
    """When a request was made and how long it is valid, in milliseconds."""
    text = params.get("timestamp")
    if not text:
        raise missing("timestamp")
    if not (text.isascii() and text.isdigit()):
        raise illegal("timestamp", "^[0-9]{1,20}$")
    sent_at = int(text)
    if sent_at >= LARGEST_MILLISECONDS:
        sent_at //= 1000
    whole, _, part = params.get("recvWindow", str(DEFAULT_WINDOW)).partition(".")
    if not (whole.isascii() and whole.isdigit() and (not part or part.isdigit())):
        raise illegal("recvWindow", r"^([0-9]{1,5})(\.[0-9]{1,3})?$")
    if int(whole) > LONGEST_WINDOW:
        raise Refusal(
            -1102, f"'recvWindow' contains unexpected value. Cannot be greater than '{LONGEST_WINDOW}'."
        )
    return sent_at, int(whole)
