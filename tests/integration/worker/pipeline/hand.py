"""What the tests of commands by hand share: asking, the beat, and how an end is judged."""

from datetime import UTC, datetime
from decimal import Decimal

from shared.commands import Caller, record_command
from shared.domain.bots import Sizing, SizingMethod
from shared.domain.commands import OPERATOR, Command, CommandKind, Via
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.trades import Trade, TradeStatus
from shared.models import commands
from shared.models.messages import InboxMessage
from tests.integration.worker.pipeline.driver import Driver
from worker.pipeline.protect import watch_cover
from worker.pipeline.sweep import sweep


def ask(
    trade: Trade, kind: CommandKind, value: object = None, *, by: str = OPERATOR, request: str = "click"
) -> Command:
    """Record one command; nothing is answered yet."""
    text = None if value is None else str(value)
    return record_command(Caller(by, Via.WEB, request), trade.trade_id, kind, text, datetime.now(UTC)).command


def end_of(command: Command) -> Command:
    found = commands.find(command.command_id)
    assert found is not None
    return found


def exits(driver: Driver, message: InboxMessage) -> list[Order]:
    return [order for order in driver.orders(message) if order.purpose is Purpose.EXIT]


def sweep_and_answer(driver: Driver) -> None:
    """What the beat does, when everything is due."""
    driver.make_due()
    sweep(driver.context)
    watch_cover()
    driver.answer_bells()


def assert_flat_once(driver: Driver, message: InboxMessage) -> Trade:
    """The position is gone, by what it held and no more, and nothing of it is alive."""
    trade = driver.trade(message)
    assert (trade.status, trade.held) == (TradeStatus.CLOSED, 0)
    assert trade.exited == trade.entered
    assert not [order for order in driver.orders(message) if order.status in LIVE]
    return trade


def half_filled(driver: Driver) -> InboxMessage:
    """A trade of which one entry is filled and one rests."""
    driver.add_follower(driver.add_provider(), sizing=Sizing(SizingMethod.FIXED, Decimal(400)))
    ask_price = driver.quote("BTC/USDT").ask
    high, low = ask_price * Decimal("1.01"), ask_price * Decimal("0.9")
    message = driver.say(
        f"LONG BTC/USDT\nEntry: {high:.2f} and {low:.2f}\nStop loss: {low * Decimal('0.9'):.2f}"
    )
    entries = [order.status for order in driver.orders(message) if order.purpose is Purpose.ENTRY]
    assert sorted(entries) == [OrderStatus.ACCEPTED, OrderStatus.FILLED]
    return message
