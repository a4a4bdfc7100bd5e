"""Writes that do two things at once: a pair of orders, and an order in place of another."""

from typing import Any

from shared.brokers.base import Replacement
from shared.brokers.ccxt.binance_listings import venue_symbol
from shared.brokers.ccxt.binance_place import PublicSession
from shared.brokers.ccxt.binance_refusals import failure_of
from shared.brokers.ccxt.binance_reports import read_canceled, read_last_price, read_placed
from shared.brokers.ccxt.binance_words import CANCEL_REFUSED_CODE, read_code
from shared.brokers.codes import Doubt, Refusal
from shared.brokers.http import HttpAnswer, doubt, read_answer
from shared.domain.errors import PermanentError, TradeError
from shared.domain.orders import OrderLookup, OrderPair, OrderReport, OrderRequest, PairLookup
from shared.domain.signals import Side

_DONE = "SUCCESS"


def read_pair(said: Any, pair: OrderPair) -> tuple[OrderReport, OrderReport]:
    """Read the answer to a new pair: the stop's report and the target's."""
    rows = {row["clientOrderId"]: row for row in said["orderReports"]}
    stop, target = (
        read_placed(rows[request.client_order_id], request.symbol, request.client_order_id)
        for request in (pair.stop, pair.target)
    )
    return stop, target


def read_canceled_pair(said: Any, lookup: PairLookup) -> tuple[OrderReport, OrderReport]:
    """Read the answer to a cancel of a pair: the stop's report and the target's."""
    rows = {row["origClientOrderId"]: row for row in said["orderReports"]}
    stop, target = (
        read_canceled(rows[leg.client_order_id], leg.symbol, leg.client_order_id)
        for leg in (lookup.stop, lookup.target)
    )
    return stop, target


async def name_passed_leg(session: PublicSession, pair: OrderPair, error: TradeError) -> TradeError:
    """Say which leg's price the market has passed, where the venue only says that one was.

    The last price is asked for; if it cannot be read, or lies between the two by now, the error stays as it is.
    """
    stop, target = pair.stop.stop_price, pair.target.limit_price
    if error.code != Refusal.PRICES_OUT_OF_ORDER or stop is None or target is None:
        return error
    try:
        answer = await session.ask("ticker/price", {"symbol": venue_symbol(pair.stop.symbol)})
        last = read_answer(answer, read_last_price, is_write=False)
    except TradeError:
        return error
    sells = pair.stop.side is Side.SELL
    if last <= stop if sells else last >= stop:
        return PermanentError(
            Refusal.STOP_ALREADY_PASSED,
            f"Binance refused: the market, at {last}, has already passed the stop at {stop}.",
        )
    if last >= target if sells else last <= target:
        return PermanentError(
            Refusal.TARGET_ALREADY_PASSED,
            f"Binance refused: the market, at {last}, has already passed the target at {target}.",
        )
    return error


def read_replacement(said: Any, request: OrderRequest, replaced: OrderLookup) -> Replacement:
    """Read the answer to a replacement that succeeded in both its parts."""
    return Replacement(
        placed=read_placed(said["newOrderResponse"], request.symbol, request.client_order_id),
        replaced=read_canceled(said["cancelResponse"], replaced.symbol, replaced.client_order_id),
    )


def failure_of_replacement(answer: HttpAnswer, request: OrderRequest) -> TradeError:
    """Make the error of a replacement of which a part failed.

    Where the cancel failed nothing was placed; where only the new order was refused, the old one is gone and the
    error is the new one's own.
    """
    data = answer.payload.get("data")
    if not isinstance(data, dict):
        return doubt(True, Doubt.UNREADABLE_ANSWER, f"status {answer.status} without its parts")
    if data.get("cancelResult") == _DONE:
        return failure_of(data.get("newOrderResponse"), answer.status, is_write=True, request=request)
    refused = data.get("cancelResponse")
    if read_code(refused)[0] == CANCEL_REFUSED_CODE and data.get("newOrderResult") != _DONE:
        return PermanentError(
            Refusal.REPLACED_ORDER_GONE,
            "Binance refused: the order to be replaced rests no more, so nothing was placed.",
        )
    return failure_of(refused, answer.status, is_write=True)
