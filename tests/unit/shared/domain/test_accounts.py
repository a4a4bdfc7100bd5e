"""Accounts: what is free for a new entry, and when a balance is too old to say."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.accounts import Reservation
from tests.unit.shared.domain.builders import NOW, make_account

AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=2)

A_MINUTE = timedelta(minutes=1)


def held(notional: Decimal) -> Reservation:
    return Reservation("trade", "BTC/USDT", notional, Decimal(1), NOW)


@given(AMOUNTS, st.lists(AMOUNTS, max_size=4))
def test_available_is_the_free_balance_less_every_reservation(free: Decimal, notionals: list[Decimal]):
    account = make_account(
        balance_free=free, reservations={str(n): held(notional) for n, notional in enumerate(notionals)}
    )
    assert account.available() == free - sum(notionals)


def test_without_a_balance_nothing_is_known_to_be_available():
    assert make_account(balance_free=None).available() is None


def test_a_balance_is_fresh_up_to_its_age_and_not_beyond():
    account = make_account(balance_at=NOW - timedelta(seconds=60))
    assert account.is_balance_fresh(NOW, A_MINUTE)
    assert not account.is_balance_fresh(NOW + timedelta(milliseconds=1), A_MINUTE)
    assert not make_account(balance_at=None).is_balance_fresh(NOW, A_MINUTE)
