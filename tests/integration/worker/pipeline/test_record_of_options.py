"""Options that a record follows: their underlying is priced before their end, and says what they are worth then."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.listed_options import read_occ_symbol
from shared.domain.reference import MINUTE, ReferencePosition, ReferenceStatus
from shared.domain.reference_expiry import last_minute
from shared.models import market, references
from shared.models.mapping import rows_of
from shared.models.references import Reference
from tests.integration.worker.pipeline.driver import Driver
from tests.unit.shared.domain.reference_builders import make_opening, make_reference
from worker.pipeline.prices import ending_underlyings
from worker.pipeline.references import follow_one

S = ReferenceStatus


def the_only_one() -> ReferencePosition:
    (row,) = rows_of(Reference).find({}, {"_id": 1})
    position = references.find(row["_id"])
    assert position is not None
    return position


def test_an_option_that_was_held_to_its_end_is_worth_what_the_stored_price_of_its_underlying_says(
    driver: Driver,
) -> None:
    provider_id = driver.add_provider()
    option = read_occ_symbol(f"SPY{datetime.now(UTC) - timedelta(days=3):%y%m%d}C00600000")
    assert option is not None
    symbol = f"SPY{option.expiry:%y%m%d}C00600000"
    end = last_minute(option)
    posted = end - timedelta(minutes=20)
    opening = make_opening(provider_id=provider_id, symbol=symbol, posted_at=posted)
    references.create_many_once([make_reference(opening=opening, stop_loss=Decimal(1))])
    for name, price, at in ((symbol, 4, posted), ("SPY", 590, posted), ("SPY", 606, end)):
        market.record_prices("paper", "paper", {name: Decimal(price)}, at, synthetic=False)
    assert follow_one(provider_id, end - MINUTE) == 1
    assert the_only_one().status is S.OPEN
    assert follow_one(provider_id, end + MINUTE) == 1
    position = the_only_one()
    assert (position.status, position.close_reason, position.ended_at) == (S.CLOSED, "OPTION_EXPIRED", end)
    assert [part.price for part in position.exits] == [6]


def test_the_underlying_of_a_followed_option_is_asked_for_in_its_last_two_hours(driver: Driver) -> None:
    option = read_occ_symbol("SPY261218C00600000")
    assert option is not None
    symbols, place = ["SPY261218C00600000", "NOPE261218C00600000", "BTC/USDT"], ("paper", "paper")

    def asked_before_end(minutes: int) -> set[str]:
        return ending_underlyings(driver.context, place, symbols, option.ends_at - timedelta(minutes=minutes))

    assert [asked_before_end(minutes) for minutes in (121, 119, 1, 0)] == [set(), {"SPY"}, {"SPY"}, set()]
