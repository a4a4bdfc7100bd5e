"""The states in which an update may meet a trade, each reached through the pipeline, and how each goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.bots import BotSettings, Sizing, SizingMethod
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Purpose
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from shared.models.orders import Order as OrderDocument
from shared.models.paper import PaperOrder
from tests.integration.worker.pipeline.driver import Driver
from tests.integration.worker.pipeline.hand import sweep_and_answer
from worker.pipeline.ingest import ingest
from worker.pipeline.prices import refresh_prices
from worker.pipeline.reconcile import reconcile_due
from worker.pipeline.submit import execute


class State(StrEnum):
    """Where a trade stands."""

    NOT_SENT = "not sent"
    OPEN = "open"
    PARTLY_FILLED = "partly filled"
    COVERED = "covered"
    CLOSING = "closing"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """A signal's levels as its provider wrote them."""

    entry: str
    stop: Decimal
    target: Decimal

    def text(self, *, entry: str = "", stop: Decimal | None = None, target: Decimal | None = None) -> str:
        """Write the message, with what an edit changes."""
        lines = ("LONG BTC/USDT", f"Entry: {entry or self.entry}")
        levels = (f"Stop loss: {stop or self.stop:.2f}", f"Target: {target or self.target:.2f}")
        return "\n".join((*lines, *levels))


@dataclass(frozen=True, slots=True)
class Staged:
    """A message whose trade stands where a test wants it."""

    message: InboxMessage
    said: Said


def stage(driver: Driver, state: State, settings: BotSettings | None = None) -> Staged:
    """Bring one trade of one follower into a state."""
    sizing = Sizing(SizingMethod.FIXED, Decimal(400))
    driver.add_follower(driver.add_provider(), sizing=sizing, settings=settings)
    ask = driver.quote("BTC/USDT").ask
    entries = {
        State.OPEN: f"{ask * Decimal('0.9'):.2f}",
        State.PARTLY_FILLED: f"{ask * Decimal('1.01'):.2f} and {ask * Decimal('0.9'):.2f}",
    }
    said = Said(entries.get(state, "market"), ask * Decimal("0.8"), ask * Decimal("1.1"))
    row_id = driver.post(said.text())
    _REACHED[state](driver, row_id)
    return Staged(driver.message(row_id), said)


def go_on(driver: Driver, state: State, message: InboxMessage) -> None:
    """Let happen what the state was waiting for: the entry is sent, filled or told; then the sweep's rounds."""
    if state is State.OPEN:
        fill_resting(driver, message)
    if state is State.UNKNOWN:
        driver.make_due()
        reconcile_due(driver.context)
        driver.answer_bells()
    for _ in range(2):
        sweep_and_answer(driver)


def fill_resting(driver: Driver, message: InboxMessage) -> None:
    """Let the market come to a resting entry: the venue's own row is brought to the market instead."""
    resting = [o.order_id for o in driver.orders(message) if o.status is OrderStatus.ACCEPTED]
    near = driver.quote("BTC/USDT").ask * Decimal("1.002")
    rows_of(PaperOrder).update_many(
        {"client_order_id": {"$in": resting}, "status": "ACCEPTED", "side": "buy"},
        {"$set": {"limit_price": near.quantize(Decimal("0.01"), "ROUND_HALF_EVEN")}},
    )
    refresh_prices(driver.context)
    driver.answer_bells()


def forget_the_answer(driver: Driver, message: InboxMessage) -> None:
    """Leave a sent entry as a lost answer leaves it: filled at the venue, unknown to us."""
    rows_of(OrderDocument).update_many(
        {"message_id": message.message_id, "purpose": str(Purpose.ENTRY)},
        {
            "$set": {
                "status": "UNKNOWN",
                "filled_quantity": Decimal(0),
                "average_fill_price": None,
                "venue_order_id": None,
                "open_quantity": None,
                "unsettled": False,
                "sent_at": datetime.now(UTC),
            }
        },
    )
    rows_of(OrderDocument).database["fills"].delete_many({})


def _not_sent(driver: Driver, row_id: str) -> None:
    ingest(driver.context, row_id)
    driver.lose_bells()


def _answered(driver: Driver, row_id: str) -> None:
    driver.answer_bells()
    assert driver.orders(driver.message(row_id))


def _closing(driver: Driver, row_id: str) -> None:
    driver.answer_bells()
    close = driver.post("close all", reply_to=driver.message(row_id).message_id)
    ingest(driver.context, close)
    driver.lose_bells()
    assert driver.trade(driver.message(row_id)).exit_fraction == 1


def _closed(driver: Driver, row_id: str) -> None:
    driver.answer_bells()
    driver.say("close all", reply_to=driver.message(row_id).message_id)
    assert driver.trade(driver.message(row_id)).is_over


def _unknown(driver: Driver, row_id: str) -> None:
    _not_sent(driver, row_id)
    message = driver.message(row_id)
    execute(driver.context, [order.order_id for order in driver.orders(message)])
    driver.lose_bells()
    forget_the_answer(driver, message)


_REACHED: dict[State, Callable[[Driver, str], None]] = {
    State.NOT_SENT: _not_sent,
    State.OPEN: _answered,
    State.PARTLY_FILLED: _answered,
    State.COVERED: _answered,
    State.CLOSING: _closing,
    State.CLOSED: _closed,
    State.UNKNOWN: _unknown,
}
