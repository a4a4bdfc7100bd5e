"""Clients are ready before the first order: of venues with accounts, once each, and of no others."""

from tests.integration.worker.binance.conftest import Desk
from worker.limits import Pot
from worker.warm import WarmUp


def test_a_venue_is_opened_when_it_has_an_account_and_only_once(desk: Desk) -> None:
    warm = WarmUp(desk.driver.context)
    assert warm.open_venues() == 0
    desk.add_follower(desk.driver.add_provider())
    assert warm.open_venues() == 1
    assert warm.open_venues() == 0


def test_the_limits_in_force_are_those_that_the_venue_tells(desk: Desk) -> None:
    limits = desk.driver.context.limits(Pot("binance", "sandbox"))
    assert limits is not None
    assert (limits.weight_per_minute, limits.orders_per_10_seconds) == (10_000_000, 100_000)
    assert desk.driver.context.limits(Pot("paper", "paper")) is None
