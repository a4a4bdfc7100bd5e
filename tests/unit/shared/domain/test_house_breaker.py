"""Too many unknown outcomes: at the limit, below it, and without one."""

import pytest

from shared.domain.house_breaker import doubt_of


def test_from_the_limit_on_nothing_new_is_entered() -> None:
    assert doubt_of(50, 50) == (
        "The outcomes of 50 orders are unknown at once; from 50 on nothing new is entered"
    )


@pytest.mark.parametrize(("unknown", "limit"), [(49, 50), (0, 50), (10_000, 0)])
def test_below_it_or_without_one_trading_goes_on(unknown: int, limit: int) -> None:
    assert doubt_of(unknown, limit) is None
