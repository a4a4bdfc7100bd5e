"""On margin: terms before the first order, shorts, exits that share a position, funding, and positions taken away."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import PermanentError, RetryableError
from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderType
from shared.domain.signals import Side
from shared.domain.trades import TradeStatus
from shared.models import accounts, fundings, trades, users
from shared.models.fills import Fill
from shared.models.fundings import Funding
from shared.models.mapping import rows_of
from shared.models.together import run
from shared.models.trades import Trade as TradeDocument
from tests.integration.worker.inside.conftest import InsideDesk
from worker.pipeline.balances import refresh
from worker.pipeline.day_results import days_of
from worker.pipeline.external import SURE_AFTER
from worker.pipeline.funding import collect_funding

LONG = "LONG BTC/USDT 10x\nEntry: market\nStop loss: 95\nTargets: 105 / 110"
SHORT = "SHORT BTC/USDT 10x\nEntry: market\nStop loss: 105\nTarget: 90"


def test_isolated_margin_and_the_least_leverage_are_in_force_before_the_first_order(desk: InsideDesk) -> None:
    message = desk.say(LONG)
    # The provider says ten, the follower's cap is three.
    assert desk.book.asked == [("BTC/USDT", 3)]
    assert (desk.book.leverage, desk.book.is_isolated) == (3, True)
    trade = desk.trade(message)
    assert (trade.status, trade.leverage, trade.side) == (TradeStatus.OPEN, 3, Side.BUY)
    assert desk.book.position == trade.held > 0


def test_a_stop_for_all_and_the_targets_share_the_position(desk: InsideDesk) -> None:
    message = desk.say(LONG)
    trade = desk.trade(message)
    kinds = [(kind, quantity) for kind, quantity, _ in desk.resting(message)]
    assert (OrderType.STOP, trade.held) in kinds
    assert sum(quantity for kind, quantity in kinds if kind is OrderType.LIMIT) == trade.held
    assert (trade.resting, trade.needs_cover, trade.naked_since) == (trade.coverable, False, None)


def test_a_short_is_entered_covered_above_and_closed_by_its_target(desk: InsideDesk) -> None:
    message = desk.say(SHORT)
    trade = desk.trade(message)
    assert (trade.side, desk.book.position) == (Side.SELL, -trade.held)
    assert (OrderType.STOP, trade.held, Decimal(105)) in desk.resting(message)
    desk.move("90")
    closed = desk.trade(message)
    assert (closed.status, closed.close_reason, desk.book.position) == (TradeStatus.CLOSED, "TARGET_HIT", 0)
    fees = sum(fill.commission for row in desk.book.rows.values() for fill in row.fills)
    assert closed.realised_pnl == trade.held * 10 - fees
    assert desk.resting(message) == []


def test_after_a_target_the_stop_is_replaced_by_one_that_fits(desk: InsideDesk) -> None:
    message = desk.say(LONG)
    whole = desk.trade(message).held
    desk.move("105")
    trade = desk.trade(message)
    assert trade.held < whole
    stops = [quantity for kind, quantity, _ in desk.resting(message) if kind is OrderType.STOP]
    assert stops == [trade.held]
    desk.move("95")
    assert (desk.trade(message).status, desk.book.position) == (TradeStatus.CLOSED, 0)


def test_a_hedged_account_enters_nothing_and_its_owner_reads_why(desk: InsideDesk) -> None:
    desk.book.is_hedged = True
    message = desk.say(LONG)
    entry = desk.entry(message)
    assert (entry.status, entry.code, desk.book.rows) == (OrderStatus.DENIED, "MARGIN_NOT_SET", {})
    assert desk.trade(message).status is TradeStatus.CANCELED
    assert desk.driver.account(desk.bot).reservations == {}


def test_terms_that_the_venue_does_not_keep_are_noticed_when_they_are_read_back(desk: InsideDesk) -> None:
    desk.book.keeps_leverage = True
    entry = desk.entry(desk.say(LONG))
    assert (entry.status, entry.code, desk.book.rows) == (OrderStatus.DENIED, "MARGIN_NOT_SET", {})


def test_a_venue_that_does_not_answer_is_asked_again_while_the_signal_is_fresh(desk: InsideDesk) -> None:
    desk.book.refuses_terms = RetryableError("UNREACHABLE", "no answer")
    message = desk.say(LONG)
    entry = desk.entry(message)
    assert (entry.status, entry.waits_for) == (OrderStatus.INITIALIZED, "UNREACHABLE")
    desk.book.refuses_terms = None
    desk.move("100")
    assert desk.trade(message).status is TradeStatus.OPEN


def test_a_key_that_is_refused_needs_a_new_login(desk: InsideDesk) -> None:
    desk.book.refuses_terms = PermanentError("UNAUTHORIZED", "bad key")
    assert desk.entry(desk.say(LONG)).code == "UNAUTHORIZED"
    assert desk.driver.account(desk.bot).status == "needs_reauth"


def test_terms_that_were_seen_a_moment_ago_are_not_asked_for_again(open_desk: Any) -> None:
    desk: InsideDesk = open_desk(max_per_symbol=5, max_open_positions=9)
    desk.say(LONG)
    desk.say(LONG.replace("95", "94"))
    assert desk.book.asked == [("BTC/USDT", 3)]


def test_an_entry_reserves_its_margin_and_not_its_value(open_desk: Any) -> None:
    desk: InsideDesk = open_desk(max_leverage=10)
    desk.book.refuses_terms = RetryableError("UNREACHABLE", "no answer")
    desk.say(LONG)
    [held] = desk.driver.account(desk.bot).reservations.values()
    assert abs(held.notional - 100) < 2


def test_what_would_be_liquidated_before_its_stop_is_denied(open_desk: Any) -> None:
    desk: InsideDesk = open_desk(max_leverage=50)
    message = desk.say("LONG BTC/USDT 50x\nEntry: market\nStop loss: 95")
    [receipt] = desk.driver.receipts(message)
    assert receipt.code == "LIQUIDATION_BEFORE_STOP"
    assert desk.book.asked == []


def test_funding_is_counted_once_in_the_result(desk: InsideDesk) -> None:
    message = desk.say(LONG)
    before = desk.trade(message).realised_pnl
    for amount in ("-0.30", "0.12"):
        desk.book.pay_funding(amount)
    for _ in range(2):
        collect_funding(desk.driver.context)
        desk.driver.answer_bells()
    trade = desk.trade(message)
    assert (trade.funding, trade.realised_pnl) == (Decimal("-0.18"), before - Decimal("0.18"))
    assert fundings.sums_of([trade.trade_id]) == {trade.trade_id: Decimal("-0.18")}
    desk.move("95")
    desk.book.pay_funding("-5")
    collect_funding(desk.driver.context)
    closed = desk.trade(message)
    fees = sum(fill.commission for row in desk.book.rows.values() for fill in row.fills)
    assert (closed.status, closed.funding) == (TradeStatus.CLOSED, Decimal("-0.18"))
    assert closed.realised_pnl == trade.held * -5 - fees - Decimal("0.18")


def test_a_position_that_the_venue_took_away_ends_the_trade(desk: InsideDesk) -> None:
    message = desk.say(SHORT)
    account_id = desk.bot.account_id
    refresh(desk.driver.context, [account_id])
    assert desk.trade(message).gone_since is None
    desk.book.take_away()
    refresh(desk.driver.context, [account_id])
    gone = desk.trade(message).gone_since
    assert gone is not None
    # One read is no proof: it takes a second one, some seconds later.
    assert desk.trade(message).status is TradeStatus.OPEN
    rows_of(TradeDocument).update_one({}, {"$set": {"gone_since": gone - SURE_AFTER}})
    # The first of these reads finds that the cover has ended with the position, which is settled before it counts.
    for _ in range(2):
        refresh(desk.driver.context, [account_id])
        desk.driver.answer_bells()
    ended = desk.trade(message)
    assert (ended.status, ended.close_reason, ended.held) == (TradeStatus.CLOSED, "CLOSED_EXTERNALLY", 0)
    assert desk.resting(message) == []


def test_a_stop_that_trails_rests_at_the_venue_beside_the_one_that_stands_still(open_desk: Any) -> None:
    desk: InsideDesk = open_desk(trailing_stop_percent=Decimal(4))
    message = desk.say(LONG)
    held = desk.trade(message).held
    stops = [(kind, quantity) for kind, quantity, _ in desk.resting(message) if kind is not OrderType.LIMIT]
    assert sorted(stops) == [(OrderType.STOP, held), (OrderType.TRAILING_STOP, held)]
    assert desk.trade(message).is_watched is False


@pytest.mark.parametrize("text", ["Close it", "Close 50%"])
def test_a_provider_closes_all_or_a_part(desk: InsideDesk, text: str) -> None:
    message = desk.say(LONG)
    held = desk.trade(message).held
    desk.driver.say(text, reply_to=message.message_id)
    left = desk.trade(message).held
    assert left == desk.book.position == (0 if text == "Close it" else held - desk.trade(message).exited)
    stops = [quantity for kind, quantity, _ in desk.resting(message) if kind is OrderType.STOP]
    assert stops == ([left] if left else [])


def test_funding_is_a_result_of_the_day_on_which_it_was_paid(desk: InsideDesk) -> None:
    message = desk.say(LONG)
    for amount in ("-0.30", "-0.50"):
        desk.book.pay_funding(amount)
    collect_funding(desk.driver.context)
    trade = desk.trade(message)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    # The position, its fees and the first payment are of yesterday.
    rows_of(TradeDocument).update_one({}, {"$set": {"opened_at": yesterday}})
    rows_of(Fill).update_many({}, {"$set": {"at": yesterday}})
    rows_of(Funding).update_one({"amount": Decimal("-0.30")}, {"$set": {"at": yesterday}})
    now = datetime.now(UTC)
    people = run(users.finding_people([trade.user_id], now))
    owned = run(accounts.finding_of_users([trade.user_id]))
    trading = run(trades.finding_of_users([trade.user_id], now - timedelta(hours=26)))
    day = days_of(desk.driver.context, people, owned, trading).by_account[trade.account_id]
    assert day.realised == Decimal("-0.50")
