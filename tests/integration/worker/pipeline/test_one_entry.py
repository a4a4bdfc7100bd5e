"""One signal is one entry: however often it is edited, whenever, and through however many doors it comes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.domain.trades import TradeStatus
from shared.models import trades
from shared.models.messages import InboxMessage
from tests.integration.worker.pipeline.driver import AUTHOR, CHANNEL, Driver
from tests.integration.worker.pipeline.hand import sweep_and_answer
from tests.integration.worker.pipeline.trade_states import Said, State, forget_the_answer, go_on
from worker.pipeline.ingest import ingest
from worker.pipeline.submit import execute

FIVE = tuple(range(1, 6))


def stop_after(said: Said, edits: int) -> Decimal:
    return (said.stop * (1 + Decimal(edits) / 100)).quantize(Decimal("0.01"), "ROUND_HALF_EVEN")


def post_edits(driver: Driver, said: Said, original: InboxMessage) -> None:
    """Edit a message five times, each time with a nearer stop; nobody hears of it yet."""
    for number in FIVE:
        driver.post(
            said.text(stop=stop_after(said, number)),
            message_id=original.message_id,
            posted_at=original.posted_at,
            revision=number,
            event="edit",
            edited_at=datetime.now(UTC),
        )


@pytest.fixture
def said(driver: Driver) -> Said:
    """A signal for one follower."""
    price = driver.quote("BTC/USDT").ask
    return Said("market", price * Decimal("0.8"), price * Decimal("1.1"))


def assert_entered_once(driver: Driver, message: InboxMessage, stop: Decimal) -> None:
    """One entry, at the venue too, covered at the stop of the last edit."""
    [entry] = [o for o in driver.orders(message) if o.purpose is Purpose.ENTRY]
    assert entry.status is OrderStatus.FILLED
    trade = driver.trade(message)
    assert (trade.status, trade.entered) == (TradeStatus.OPEN, entry.quantity)
    assert trade.stop_price == stop
    assert trade.resting == trade.coverable > 0


@pytest.mark.parametrize(
    "when", ["before the reading", "before the claim", "during the claim", "after the fill"]
)
def test_five_edits_lead_to_one_entry_with_the_stop_of_the_last(
    driver: Driver, said: Said, when: str
) -> None:
    bot = driver.add_follower(driver.add_provider())
    row_id = driver.post(said.text())
    if when != "before the reading":
        ingest(driver.context, row_id)
    original = driver.message(row_id)
    if when == "during the claim":
        driver.lose_bells()
        execute(driver.context, [order.order_id for order in driver.orders(original)])
        driver.lose_bells()
        forget_the_answer(driver, original)
    if when == "after the fill":
        driver.answer_bells()
    if when == "before the claim":
        driver.lose_bells()
    post_edits(driver, said, original)
    driver.answer_bells()
    for _ in range(3):
        sweep_and_answer(driver)
    if when == "during the claim":
        go_on(driver, State.UNKNOWN, original)
    assert_entered_once(driver, original, stop_after(said, 5))
    bought = [row for row in driver.submits(bot) if row["side"] == "buy"]
    assert len(bought) == 1


@pytest.mark.parametrize("doors", [("discord", "hook"), ("hook", "discord")])
@pytest.mark.parametrize("rung_twice", [False, True])
def test_the_same_alert_by_discord_and_by_hook_is_one_entry(
    driver: Driver, said: Said, doors: tuple[str, str], rung_twice: bool
) -> None:
    bot = driver.add_follower(driver.add_provider())
    rows = [driver.post(said.text(), source=door, message_id=f"{door}-1") for door in doors]
    while driver.bells():
        driver.answer_one_bell(2 if rung_twice else 1)
    # Whichever was read first is the one.
    second, first = sorted(map(driver.message, rows), key=lambda said: len(driver.orders(said)))
    assert_entered_once(driver, first, said.stop.quantize(Decimal("0.01"), "ROUND_HALF_EVEN"))
    assert trades.of_message(second.source, CHANNEL, second.message_id) == []
    assert [receipt.code for receipt in driver.receipts(second)] == ["DUPLICATE_CONTENT"]
    assert len([row for row in driver.submits(bot) if row["side"] == "buy"]) == 1
    assert {first.author_id, second.author_id} == {AUTHOR}
