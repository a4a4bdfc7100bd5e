"""Updates of one trade at the same time: whoever loses reads again, and no stop moves back because of it."""

from collections.abc import Sequence
from decimal import Decimal

from shared.domain.signals import UpdateKind
from shared.domain.trades import UpdateState
from shared.domain.updates import Wish
from shared.models.messages import InboxMessage
from tests.integration.shared.models.at_once import all_at_once
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import exits, sweep_and_answer
from worker.pipeline.updates import carry_out


def at_once(driver: Driver, message: InboxMessage, wishes: Sequence[Wish]) -> list[str]:
    """Carry out several wishes of one trade in the same moment; return their codes."""
    trade_id = driver.trade(message).trade_id

    def one(number: int) -> str:
        [line] = carry_out(driver.context, message, wishes[number], f"race:{number}", [trade_id])
        return line.code

    return all_at_once(one, len(wishes))


def test_of_stops_that_move_at_the_same_time_the_nearest_stays(driver: Driver, opened: InboxMessage) -> None:
    stop = driver.trade(opened).stop_price
    assert stop is not None
    prices = [(stop * (1 + Decimal(n) / 1000)).quantize(Decimal("0.01"), "ROUND_HALF_EVEN") for n in (3, 1, 4, 2)]
    codes = at_once(driver, opened, [Wish(UpdateKind.MOVE_STOP, stop_price=price) for price in prices])
    driver.answer_bells()
    trade = driver.trade(opened)
    assert trade.stop_price == max(prices)
    assert set(codes) <= {"", "STOP_WOULD_WIDEN"}
    assert len(trade.updates) == codes.count("")
    assert trade.resting == trade.coverable


def test_of_partial_closes_at_the_same_time_one_goes_and_the_others_follow_it(
    driver: Driver, opened: InboxMessage
) -> None:
    before = driver.trade(opened)
    half = Wish(UpdateKind.CLOSE_PARTIAL, fraction=Decimal("0.5"))
    codes = at_once(driver, opened, [half] * 2)
    assert sorted(codes) == ["", "PARKED"]
    driver.answer_bells()
    for _ in range(2):
        sweep_and_answer(driver)
    trade = driver.trade(opened)
    assert len(exits(driver, opened)) == 2
    assert abs(trade.held - before.held / 4) <= Decimal("0.00002")
    assert {note.state for note in trade.updates} == {UpdateState.DONE}
