"""What an account may do at Coinbase: place an order, and cancel some."""

from collections.abc import Callable
from typing import Any

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.commands import Command
from tests.emulators.binance.engine import Engine, Wanted
from tests.emulators.coinbase.forms import order_refused, read_terms
from tests.emulators.coinbase.reports import Report, placed
from tests.emulators.exchange.book import ExchangeBook, find_by_name
from tests.emulators.exchange.refusals import Said, Told

PLACE = "POST /api/v3/brokerage/orders"
CANCEL = "POST /api/v3/brokerage/orders/batch_cancel"


def place(engine: Engine, command: Command) -> Report:
    """Take an order; where its id was used before, for whatever, say that the old one was taken."""
    said: dict[str, Any] = dict(command.params)
    terms = read_terms(said)
    old = find_by_name(command.account, terms.client_order_id)
    if old is not None:
        return placed(old)
    market = engine.book.markets.get(str(said.get("product_id")))
    if market is None:
        raise order_refused("INVALID_PRODUCT_ID")
    return placed(engine.place(command.account, market, terms, command.at, command.fraction))


def cancel(engine: Engine, command: Command) -> Report:
    """Cancel orders by the venue's ids, each for itself."""
    wanted: Any = command.params.get("order_ids")
    if not isinstance(wanted, list) or not wanted:
        raise Told(Said(400, "INVALID_ARGUMENT", "order_ids is a list"))
    return {"results": [_cancel_one(engine, command.account, str(each), command.at) for each in wanted]}


def _cancel_one(engine: Engine, account: Account, order_id: str, at: int) -> Report:
    book = engine.book
    assert isinstance(book, ExchangeBook)
    order = book.find_by_id(account, order_id)
    reason = "UNKNOWN_CANCEL_FAILURE_REASON"
    if order is None:
        reason = "UNKNOWN_CANCEL_ORDER"
    elif not order.is_open:
        reason = "ORDER_IS_FULLY_FILLED" if order.status == "FILLED" else "INVALID_CANCEL_REQUEST"
    else:
        engine.cancel(account, book.market(order.listing.symbol), Wanted(order.order_id, None), at)
    # The reason is there where nothing failed, too.
    return {
        "success": reason.startswith("UNKNOWN_CANCEL_F"),
        "failure_reason": reason,
        "order_id": order_id,
    }


COMMANDS: dict[str, Callable[[Engine, Command], Any]] = {PLACE: place, CANCEL: cancel}
