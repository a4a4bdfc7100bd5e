"""On margin at Binance's futures: terms before the first order, exits that share a position, funding, and positions that
are gone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.order_status import OrderStatus
from shared.domain.orders import OrderRequest, OrderType, Purpose, TimeInForce
from shared.domain.signals import Side
from shared.domain.trades import TradeStatus
from shared.models import accounts, fundings, trades, users
from shared.models.fills import Fill
from shared.models.fundings import Funding
from shared.models.mapping import rows_of
from shared.models.messages import InboxMessage
from shared.models.together import run
from shared.models.trades import Trade as TradeDocument
from tests.integration.worker.venues.conftest import OpenDesk, VenueDesk
from worker.pipeline.balances import refresh
from worker.pipeline.day_results import days_of
from worker.pipeline.external import SURE_AFTER
from worker.pipeline.funding import collect_funding

PAIR, CONTRACT = "S060/USDT", "S060USDT"
LONG = f"LONG {PAIR} 10x\nEntry: market\nStop loss: 95\nTargets: 105 / 110"
SHORT = f"SHORT {PAIR} 10x\nEntry: market\nStop loss: 105\nTarget: 90"


@pytest.fixture
def open_futures(open_desk: OpenDesk) -> Any:
    def make(**settings: Any) -> VenueDesk:
        desk = open_desk("binance_futures", **settings)
        desk.control.set_price(CONTRACT, "100")
        return desk

    return make


@pytest.fixture
def desk(open_futures: Any) -> VenueDesk:
    found: VenueDesk = open_futures()
    return found


def entry(desk: VenueDesk, message: InboxMessage) -> Any:
    [found] = desk.orders(message, Purpose.ENTRY)
    return found


def terms_asked(desk: VenueDesk) -> list[str]:
    """The leverages that were asked for, in order."""
    return [
        line["params"]["leverage"]
        for line in desk.control.lines()
        if line["key"] == desk.key and line["path"] == "/fapi/v1/leverage" and line["method"] == "POST"
    ]


def orders_sent(desk: VenueDesk) -> int:
    """How many orders reached the venue."""
    paths = {"/fapi/v1/order", "/fapi/v1/algoOrder"}
    lines = desk.control.lines()
    return sum(
        line["key"] == desk.key and line["method"] == "POST" and line["path"] in paths for line in lines
    )


def test_isolated_margin_and_the_least_leverage_are_in_force_before_the_first_order(desk: VenueDesk) -> None:
    message = desk.say(LONG)
    # The provider says ten, the follower's cap is three.
    assert terms_asked(desk) == ["3"]
    writes = [
        line["path"] for line in desk.control.lines() if line["key"] == desk.key and line["method"] == "POST"
    ]
    assert writes[:3] == ["/fapi/v1/marginType", "/fapi/v1/leverage", "/fapi/v1/order"]
    trade = desk.trade(message)
    assert (trade.status, trade.leverage, trade.side) == (TradeStatus.OPEN, 3, Side.BUY)
    assert desk.position(CONTRACT) == trade.held > 0


def test_a_stop_for_all_and_the_targets_share_the_position(desk: VenueDesk) -> None:
    message = desk.say(LONG)
    trade = desk.trade(message)
    resting = desk.resting(message)
    assert (OrderType.STOP, trade.held, Decimal(95)) in resting
    assert sum(quantity for kind, quantity, _ in resting if kind is OrderType.LIMIT) == trade.held
    assert (trade.resting, trade.needs_cover, trade.naked_since) == (trade.coverable, False, None)


def test_after_a_target_the_stop_is_replaced_by_one_that_fits(desk: VenueDesk) -> None:
    message = desk.say(LONG)
    whole = desk.trade(message).held
    desk.move(CONTRACT, "105.01")
    trade = desk.trade(message)
    assert trade.held < whole
    assert [quantity for kind, quantity, _ in desk.resting(message) if kind is OrderType.STOP] == [trade.held]
    desk.move(CONTRACT, "95")
    assert (desk.trade(message).status, desk.position(CONTRACT)) == (TradeStatus.CLOSED, 0)


def test_a_hedged_account_enters_nothing_and_its_owner_reads_why(desk: VenueDesk) -> None:
    desk.control.change_account(desk.key, is_hedged=True)
    message = desk.say(LONG)
    found = entry(desk, message)
    assert (found.status, found.code, orders_sent(desk)) == (OrderStatus.DENIED, "HEDGE_MODE", 0)
    assert desk.trade(message).status is TradeStatus.CANCELED
    assert desk.driver.account(desk.bot).reservations == {}


def test_terms_that_the_venue_does_not_keep_are_noticed_when_they_are_read_back(desk: VenueDesk) -> None:
    desk.control.settings(keeps_leverage=True)
    found = entry(desk, desk.say(LONG))
    desk.control.settings(keeps_leverage=False)
    assert (found.status, found.code, orders_sent(desk)) == (OrderStatus.DENIED, "MARGIN_NOT_SET", 0)


def test_a_venue_that_does_not_answer_is_asked_again_while_the_signal_is_fresh(desk: VenueDesk) -> None:
    desk.control.add_fault("lookup_down", path="/fapi/v1/accountConfig", key=desk.key)
    message = desk.say(LONG)
    found = entry(desk, message)
    assert (found.status, found.waits_for) == (OrderStatus.INITIALIZED, "SERVER_FAILED")
    # What it is to hold is its margin, not its value.
    [held] = desk.driver.account(desk.bot).reservations.values()
    assert abs(held.notional - Decimal(1000) / 3) < 5
    desk.control.clear_faults()
    desk.move(CONTRACT, "100")
    assert desk.trade(message).status is TradeStatus.OPEN


def test_a_key_that_is_refused_needs_a_new_login(desk: VenueDesk) -> None:
    desk.control.add_fault("unauthorized", path="/fapi/v1/accountConfig", key=desk.key)
    assert entry(desk, desk.say(LONG)).code == "UNAUTHORIZED"
    assert desk.driver.account(desk.bot).status == "needs_reauth"


def test_terms_that_were_seen_a_moment_ago_are_not_asked_for_again(open_futures: Any) -> None:
    desk: VenueDesk = open_futures(max_per_symbol=5, max_open_positions=9)
    desk.say(LONG)
    asked = sum(line["path"] == "/fapi/v1/accountConfig" for line in desk.control.lines())
    desk.say(LONG.replace("95", "94"))
    assert sum(line["path"] == "/fapi/v1/accountConfig" for line in desk.control.lines()) == asked
    assert terms_asked(desk) == ["3"]


def test_what_would_be_liquidated_before_its_stop_is_denied(open_futures: Any) -> None:
    desk: VenueDesk = open_futures(max_leverage=50)
    message = desk.say(f"LONG {PAIR} 50x\nEntry: market\nStop loss: 95")
    [receipt] = desk.driver.receipts(message)
    assert receipt.code == "LIQUIDATION_BEFORE_STOP"
    assert terms_asked(desk) == []


def test_funding_is_counted_once_in_the_result(desk: VenueDesk) -> None:
    message = desk.say(LONG)
    before = desk.trade(message).realised_pnl
    for rate in ("0.0003", "-0.00012"):
        desk.control.pay_funding(CONTRACT, rate)
    for _ in range(2):
        collect_funding(desk.driver.context)
        desk.driver.answer_bells()
    trade = desk.trade(message)
    paid = Decimal(desk.control.books(desk.key)["FUNDING_FEE"])
    assert paid < 0
    assert (trade.funding, trade.realised_pnl) == (paid, before + paid)
    assert fundings.sums_of([trade.trade_id]) == {trade.trade_id: paid}


def close_at_the_venue(desk: VenueDesk, message: InboxMessage) -> None:
    """Buy a short back by an order that is none of ours, as its owner does in the venue's own app, or the venue does."""
    held = desk.trade(message).held
    order = OrderRequest("by-hand", PAIR, Side.BUY, OrderType.MARKET, TimeInForce.GTC, held, reduce_only=True)
    context = desk.driver.context
    context.loop.run(context.broker(desk.driver.account(desk.bot)).submit_order(order), 10)


def test_a_position_that_is_gone_at_the_venue_ends_the_trade(desk: VenueDesk) -> None:
    message = desk.say(SHORT)
    account_id = desk.bot.account_id
    refresh(desk.driver.context, [account_id])
    assert desk.trade(message).gone_since is None
    close_at_the_venue(desk, message)
    assert desk.position(CONTRACT) == 0
    refresh(desk.driver.context, [account_id])
    gone = desk.trade(message).gone_since
    assert gone is not None
    # One read is no proof: it takes a second one, some seconds later.
    assert desk.trade(message).status is TradeStatus.OPEN
    rows_of(TradeDocument).update_one({}, {"$set": {"gone_since": gone - SURE_AFTER}})
    for _ in range(3):
        refresh(desk.driver.context, [account_id])
        desk.look()
    ended = desk.trade(message)
    assert (ended.status, ended.close_reason, ended.held) == (TradeStatus.CLOSED, "CLOSED_EXTERNALLY", 0)
    assert desk.resting(message) == []


def test_a_stop_that_trails_rests_at_the_venue_beside_the_one_that_stands_still(open_futures: Any) -> None:
    desk: VenueDesk = open_futures(trailing_stop_percent=Decimal(4))
    message = desk.say(LONG)
    held = desk.trade(message).held
    stops = [(kind, quantity) for kind, quantity, _ in desk.resting(message) if kind is not OrderType.LIMIT]
    assert sorted(stops) == [(OrderType.STOP, held), (OrderType.TRAILING_STOP, held)]
    assert desk.trade(message).is_watched is False


@pytest.mark.parametrize("text", ["Close it", "Close 50%"])
def test_a_provider_closes_all_or_a_part(desk: VenueDesk, text: str) -> None:
    message = desk.say(LONG)
    held = desk.trade(message).held
    desk.driver.say(text, reply_to=message.message_id)
    left = desk.trade(message).held
    assert left == desk.position(CONTRACT) == (0 if text == "Close it" else held - desk.trade(message).exited)
    stops = [quantity for kind, quantity, _ in desk.resting(message) if kind is OrderType.STOP]
    assert stops == ([left] if left else [])


def test_funding_is_a_result_of_the_day_on_which_it_was_paid(desk: VenueDesk) -> None:
    message = desk.say(LONG)
    for rate in ("0.0003", "0.0005"):
        desk.control.pay_funding(CONTRACT, rate)
    collect_funding(desk.driver.context)
    trade = desk.trade(message)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    # The position, its fees and the first payment are of yesterday.
    rows_of(TradeDocument).update_one({}, {"$set": {"opened_at": yesterday}})
    rows_of(Fill).update_many({}, {"$set": {"at": yesterday}})
    first, second = sorted(row["amount"] for row in rows_of(Funding).find())
    rows_of(Funding).update_one({"amount": second}, {"$set": {"at": yesterday}})
    now = datetime.now(UTC)
    people = run(users.finding_people([trade.user_id], now))
    owned = run(accounts.finding_of_users([trade.user_id]))
    trading = run(trades.finding_of_users([trade.user_id], now - timedelta(hours=26)))
    day = days_of(desk.driver.context, people, owned, trading).by_account[trade.account_id]
    assert day.realised == first
