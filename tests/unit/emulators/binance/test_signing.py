"""Signatures and time windows, against the example that Binance publishes."""

import pytest

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance.signing import check_signature, check_time, signature_of, split_signature

SECRET = b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
QUERY = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
BODY = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
NOW = 1_499_827_319_559


def test_the_published_examples_are_signed_as_published() -> None:
    whole = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    mixed = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
    assert signature_of(SECRET, f"{QUERY}&{BODY}") == whole
    assert signature_of(SECRET, QUERY + BODY) == mixed


def test_a_signature_is_read_in_either_case() -> None:
    account = Account("key", SECRET)
    signature = signature_of(SECRET, QUERY)
    check_signature(account, QUERY, signature.upper())
    with pytest.raises(Refusal, match="-1022 Signature for this request is not valid"):
        check_signature(account, f"{QUERY}&more=1", signature)
    with pytest.raises(Refusal, match="-1102 Mandatory parameter 'signature'"):
        check_signature(account, QUERY, None)


@pytest.mark.parametrize(
    ("part", "rest", "signature"),
    [
        ("a=1&b=2&signature=ff", "a=1&b=2", "ff"),
        ("a=1&signature=ff&b=2", "a=1&b=2", "ff"),
        ("signature=ff&a=1", "a=1", "ff"),
        ("signature=ff", "", "ff"),
        ("a=1", "a=1", None),
        ("xsignature=1", "xsignature=1", None),
    ],
)
def test_the_signature_is_taken_out_wherever_it_stands(part: str, rest: str, signature: str | None) -> None:
    assert split_signature(part) == (rest, signature)


@pytest.mark.parametrize(
    ("sent_at", "window", "code"),
    [
        (NOW, None, None),
        (NOW - 5000, None, None),
        (NOW - 5001, None, -1021),
        (NOW - 5001, "6000", None),
        (NOW - 60_000, "60000", None),
        (NOW, "60001", -1102),
        (NOW + 999, None, None),
        (NOW + 1000, None, -1021),
        (NOW * 1000, None, None),
        ("soon", None, -1100),
        (None, None, -1102),
        (NOW, "6000.5", None),
        (NOW, "many", -1100),
    ],
)
def test_a_request_is_good_for_its_window_and_a_second_ahead(
    sent_at: int | str | None, window: str | None, code: int | None
) -> None:
    params = {"timestamp": str(sent_at)} if sent_at is not None else {}
    if window is not None:
        params["recvWindow"] = window
    try:
        check_time(params, NOW)
        found = None
    except Refusal as refusal:
        found = refusal.code
    assert found == code
