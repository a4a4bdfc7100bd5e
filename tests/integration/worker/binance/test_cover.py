"""Cover at Binance: stop and target in one list, moved, taken away and placed anew, and never more than is held."""

from decimal import Decimal

from shared.domain.bots import BotSettings
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, Purpose
from shared.domain.trades import StopSource, Trade, TradeStatus
from shared.models import due, orders
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from shared.models.orders import Order as OrderDocument
from tests.integration.worker.binance.conftest import Desk
from worker.pipeline.protect import protect
from worker.pipeline.reconcile import reconcile_due

ALL_IN = BotSettings(max_position_percent=Decimal(100))


def say_long(desk: Desk, *targets: str, symbol: str = "BTC/USDT") -> InboxMessage:
    """Post a long at market with a stop 5 % below and targets at these multiples of the price."""
    price = desk.driver.context.fresh_quotes("binance", "sandbox", [symbol])[symbol].ask
    lines = [f"TP{n} {price * Decimal(share):.2f}" for n, share in enumerate(targets, 1)]
    return desk.driver.say("\n".join([f"LONG {symbol} now", f"SL {price * Decimal('0.95'):.2f}", *lines]))


def live(desk: Desk, message: InboxMessage, *purposes: Purpose) -> list[Order]:
    resting = {OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED}
    return [o for o in desk.driver.orders(message) if o.purpose in purposes and o.status in resting]


def look(desk: Desk) -> None:
    """Let everything that rests be asked about now, and carry out what follows."""
    rows_of(OrderDocument).update_many({}, {"$set": {"next_check_at": due.datetime(2000, 1, 1)}})
    reconcile_due(desk.driver.context)
    desk.driver.answer_bells()


def beyond(target: Order) -> str:
    """A price at which the bid has reached a target."""
    assert target.limit_price is not None
    return f"{target.limit_price * Decimal('1.001'):.2f}"


def is_covered(trade: Trade) -> bool:
    return trade.resting + trade.managed == trade.coverable > 0


def test_two_targets_become_two_lists_each_with_its_stop_and_the_venue_holds_all_of_it(desk: Desk) -> None:
    _, key = desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, "1.05", "1.10")
    trade = desk.driver.trade(message)
    assert is_covered(trade)
    stops, targets = live(desk, message, Purpose.STOP), live(desk, message, Purpose.TARGET)
    assert len(stops) == len(targets) == 2
    assert {o.pair_id for o in stops} == {o.pair_id for o in targets}
    assert sum(o.quantity for o in stops) == trade.coverable
    # What is held is what was bought less the commission, to the lot.
    assert trade.held < trade.entered
    assert len([o for o in desk.venue.orders(key) if o["status"] == "NEW"]) == 4
    # A target goes with its stop and not once more alone: refused as a duplicate today, sold twice once it has filled.
    sent = desk.venue.summary()["submits_by_client_id"]
    assert {sent[f"{key}:{order.client_order_id}"] for order in desk.driver.orders(message)} == {1}


def test_a_target_that_fills_takes_its_stop_with_it_and_the_other_half_stays_covered(desk: Desk) -> None:
    desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, "1.05", "1.10")
    first = min(live(desk, message, Purpose.TARGET), key=lambda o: o.limit_price or 0)
    desk.venue.set_price("BTC/USDT", beyond(first))
    look(desk)
    trade = desk.driver.trade(message)
    assert trade.exited == first.quantity
    assert is_covered(trade)
    assert [o.remaining for o in live(desk, message, Purpose.STOP)] == [trade.coverable]


def test_once_the_first_target_is_reached_the_stop_moves_to_the_entry_where_that_was_asked_for(
    desk: Desk,
) -> None:
    settings = BotSettings(max_position_percent=Decimal(100), break_even_after=1)
    desk.add_follower(desk.driver.add_provider(), settings=settings)
    message = say_long(desk, "1.05", "1.10", symbol="ETH/USDT")
    first = min(live(desk, message, Purpose.TARGET), key=lambda o: o.limit_price or 0)
    desk.venue.set_price("ETH/USDT", beyond(first))
    look(desk)
    trade = desk.driver.trade(message)
    assert trade.stop_source is StopSource.BREAK_EVEN
    assert {o.stop_price for o in live(desk, message, Purpose.STOP)} == {trade.stop_price}
    assert is_covered(trade)


def test_a_target_filled_in_part_loses_its_stop_and_the_rest_is_paired_anew(desk: Desk) -> None:
    desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, "1.04", symbol="SOL/USDT")
    (target,) = live(desk, message, Purpose.TARGET)
    desk.venue.fill_partly("0.5", client_order_id=target.order_id)
    desk.venue.set_price("SOL/USDT", beyond(target))
    look(desk)
    trade = desk.driver.trade(message)
    assert 0 < trade.exited < trade.entered
    assert is_covered(trade) or trade.status is TradeStatus.CLOSED


def test_a_stop_that_triggers_closes_the_trade_and_leaves_nothing_behind(desk: Desk) -> None:
    _, key = desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, "1.05", "1.10", symbol="XRP/USDT")
    (price,) = {o.stop_price for o in live(desk, message, Purpose.STOP)}
    desk.venue.set_price("XRP/USDT", str(price))
    look(desk)
    trade = desk.driver.trade(message)
    assert (trade.status, trade.close_reason) == (TradeStatus.CLOSED, "STOP_HIT")
    assert [o for o in desk.venue.orders(key) if o["status"] == "NEW"] == []
    assert orders.count_unresolved() == 0


def test_a_lone_stop_that_moves_is_replaced_in_one_write(desk: Desk) -> None:
    desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, symbol="DOGE/USDT")
    before = desk.driver.trade(message)
    desk.driver.say("Move stop to break even", reply_to=message.message_id)
    after = desk.driver.trade(message)
    assert after.stop_price != before.stop_price
    if after.status is TradeStatus.OPEN:
        (stop,) = live(desk, message, Purpose.STOP)
        assert (stop.stop_price, stop.replaces is not None) == (after.stop_price, True)
        assert is_covered(after)


def move_stop(desk: Desk, message: InboxMessage) -> None:
    """Say a higher stop, and answer as many bells as that may take."""
    price = desk.driver.trade(message).planned_entry * Decimal("0.97")
    desk.driver.post(f"Move stop to {price:.2f}", reply_to=message.message_id)
    for _ in range(30):
        desk.driver.answer_one_bell()
    assert not desk.driver.bells(), "it never waits"


def try_again(desk: Desk, message: InboxMessage) -> Trade:
    """Let the pause after a refusal be over, and protect the trade."""
    rows_of(OrderDocument).update_many(
        {"status": "REJECTED"}, {"$set": {"sent_at": due.datetime(2000, 1, 1)}}
    )
    protect(desk.driver.context, [desk.driver.trade(message).trade_id])
    return desk.driver.trade(message)


def refusals(desk: Desk, message: InboxMessage) -> list[str | None]:
    return [o.code for o in desk.driver.orders(message) if o.status is OrderStatus.REJECTED]


def test_a_move_that_the_venue_refuses_whole_leaves_the_old_stop_and_waits_for_its_next_try(
    desk: Desk,
) -> None:
    _, key = desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, symbol="LINK/USDT")
    (old,) = live(desk, message, Purpose.STOP)
    desk.venue.change_account(key, can_trade=False)
    move_stop(desk, message)
    assert refusals(desk, message) == ["UNAUTHORIZED"]
    assert [o.order_id for o in live(desk, message, Purpose.STOP)] == [old.order_id]
    assert is_covered(desk.driver.trade(message))
    desk.venue.change_account(key, can_trade=True)
    after = try_again(desk, message)
    assert [o.stop_price for o in live(desk, message, Purpose.STOP)] == [after.stop_price]
    assert is_covered(after)


def test_a_move_of_which_only_the_cancel_succeeded_is_known_to_have_left_the_position_naked(
    desk: Desk,
) -> None:
    desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, symbol="LINK/USDT")
    desk.venue.set_market("LINK/USDT", "BREAK")
    move_stop(desk, message)
    naked = desk.driver.trade(message)
    assert refusals(desk, message)[0] == "MARKET_CLOSED"
    assert naked.resting == 0
    assert naked.naked_since is not None
    desk.venue.set_market("LINK/USDT", "TRADING")
    after = try_again(desk, message)
    assert [o.stop_price for o in live(desk, message, Purpose.STOP)] == [after.stop_price]
    assert is_covered(after)


def test_a_close_takes_the_lists_away_first_and_then_sells_all(desk: Desk) -> None:
    _, key = desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, "1.05", "1.10", symbol="LTC/USDT")
    desk.driver.say("Close LTC/USDT now", reply_to=message.message_id)
    trade = desk.driver.trade(message)
    assert (trade.status, trade.close_reason) == (TradeStatus.CLOSED, "PROVIDER_CLOSED")
    assert [o for o in desk.venue.orders(key) if o["status"] == "NEW"] == []


def test_a_partial_close_sells_its_share_and_the_rest_is_covered_again(desk: Desk) -> None:
    desk.add_follower(desk.driver.add_provider())
    message = say_long(desk, "1.05", "1.10", symbol="ADA/USDT")
    desk.driver.say("Close half of ADA/USDT", reply_to=message.message_id)
    trade = desk.driver.trade(message)
    assert abs(trade.exited / trade.entered - Decimal("0.5")) < Decimal("0.01")
    assert is_covered(trade)
