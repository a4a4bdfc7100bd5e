"""Listed options: taken apart, ended at New York's four o'clock, worth what lies between strike and price."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.listed_options import read_occ_symbol

CALL, PUT = "SPY261218C00600000", "SPY260717P00600000"


@pytest.mark.parametrize(
    ("symbol", "ends_at"),
    [(CALL, datetime(2026, 12, 18, 21, tzinfo=UTC)), (PUT, datetime(2026, 7, 17, 20, tzinfo=UTC))],
)
def test_it_ends_at_four_in_new_york_in_winter_and_in_summer(symbol: str, ends_at: datetime) -> None:
    option = read_occ_symbol(symbol)
    assert option is not None
    assert option.ends_at == ends_at


@pytest.mark.parametrize(
    ("symbol", "price", "worth"),
    [
        (CALL, "605.5", "5.5"),
        (CALL, "600", "0"),
        (CALL, "594.5", "0"),
        (PUT, "594.5", "5.5"),
        (PUT, "600", "0"),
        (PUT, "605.5", "0"),
    ],
)
def test_at_its_end_it_is_worth_what_its_right_gains_and_never_less_than_nothing(
    symbol: str, price: str, worth: str
) -> None:
    option = read_occ_symbol(symbol)
    assert option is not None
    assert option.intrinsic(Decimal(price)) == Decimal(worth)
