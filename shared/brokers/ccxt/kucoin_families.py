"""Where KuCoin keeps an order: in the family of stops until its stop is met, then as a plain order.

The plain order has another id of the venue's and the same id of ours, so look-ups go by ours alone. An order only ever
moves from the stops to the plain ones: asked in this order, none is missed on its way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from shared.brokers.ccxt import kucoin_history as history
from shared.brokers.ccxt.kucoin_orders import PLAIN_PATH, STOP_PATH, venue_symbol
from shared.brokers.ccxt.kucoin_place import Place, Session, read_data
from shared.brokers.ccxt.kucoin_refusals import failure, is_unknown_order
from shared.brokers.ccxt.kucoin_reports import (
    moment,
    read_fills,
    read_order,
    read_stop,
    triggered_at,
    was_met,
)
from shared.brokers.codes import Doubt, OrderNote
from shared.brokers.http import HttpAnswer, read_answer
from shared.domain.errors import RetryableError
from shared.domain.money import ZERO
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderLookup, OrderReport

Found = TypeVar("Found")
Meant = TypeVar("Meant")
Row = Mapping[str, Any]

PLAIN_ENDPOINT = "GET /api/v1/hf/orders/client-order/{clientOid}"
_PLAIN = f"{PLAIN_PATH}/client-order/{{clientOid}}"
_FIND_STOP = f"{STOP_PATH}/queryOrderByClientOid"
_STOP_BY_ID = f"{STOP_PATH}/{{orderId}}"
_CANCEL_STOP = f"{STOP_PATH}/cancelOrderByClientOid"
# The venue's ids of stops begin like this.
_STOP_ID = "vs"
# For so long an order whose stop was met may be on its way from one family to the other.
_ON_ITS_WAY = timedelta(seconds=30)


def is_stop_id(venue_order_id: str | None) -> bool:
    """Tell whether an id of the venue's names an order that waited for its stop when we saw it last."""
    return venue_order_id is not None and venue_order_id.startswith(_STOP_ID)


class Families:
    """The orders of one account, by our ids."""

    def __init__(self, place: Place, session: Session) -> None:
        self._place = place
        self._session = session

    async def find(self, lookup: OrderLookup) -> OrderReport | None:
        """Find an order that may wait for its stop; None where neither family has it.

        Raises RetryableError while an order whose stop was met is on its way, and like any read.
        """
        stop = await self._find_stop(lookup)
        waiting = None if stop is None else self._read_stop(stop, lookup)
        if waiting is not None:
            return waiting
        plain = await self.find_plain(lookup)
        if plain is not None:
            return plain
        if stop is None:
            # By our id the venue shows no stop that was cancelled, by its own it does.
            stop = await self._find_stop_by_its_id(lookup)
        return None if stop is None else self._read_stop(stop, lookup) or self._ended_stop(stop, lookup)

    async def find_plain(self, lookup: OrderLookup) -> OrderReport | None:
        """Find a plain order with its executions; None where there is none. Raises like any read."""
        answer = await self._session.send("GET", _PLAIN, _named(lookup))
        row = None if is_unknown_order(answer) else read_data(answer, lambda data: data)
        if row is None:
            return None
        report = _read(row, lambda found: read_order(found, lookup.symbol))
        if report.client_order_id != lookup.client_order_id:
            raise RetryableError(Doubt.UNREADABLE_ANSWER, "the answer is about another order")
        return await self._with_fills(report)

    async def cancel_plain(self, lookup: OrderLookup) -> bool:
        """Ask for the cancel of a plain order; False where none rests under such a name. Raises like any write."""
        return await self._delete(_PLAIN, lookup) is not None

    async def cancel_stop(self, lookup: OrderLookup) -> OrderReport | None:
        """Cancel an order that waits for its stop, which the answer proves; None where none does.

        Raises like any write.
        """
        answer = await self._delete(_CANCEL_STOP, lookup)
        if answer is None:
            return None
        order_id = read_answer(answer, lambda said: said["data"].get("cancelledOrderId"), is_write=True)
        if order_id is None:
            return None
        return _ended(
            lookup, str(order_id), OrderNote.CANCELED_BY_REQUEST, at=self._place.now(), accepted_at=None
        )

    async def _delete(self, path: str, lookup: OrderLookup) -> HttpAnswer | None:
        answer = await self._session.send("DELETE", path, _named(lookup))
        if is_unknown_order(answer):
            return None
        error = failure(answer, is_write=True)
        if error is not None:
            raise error
        return answer

    async def _find_stop(self, lookup: OrderLookup) -> Row | None:
        answer = await self._session.send("GET", _FIND_STOP, _named(lookup))
        if is_unknown_order(answer):
            return None

        def newest(rows: Any) -> Row | None:
            own = [row for row in rows or () if row["clientOid"] == lookup.client_order_id]
            return max(own, key=lambda row: int(row["createdAt"]), default=None)

        return read_data(answer, newest)

    async def _find_stop_by_its_id(self, lookup: OrderLookup) -> Row | None:
        if lookup.venue_order_id is None or not is_stop_id(lookup.venue_order_id):
            return None
        answer = await self._session.send("GET", _STOP_BY_ID, {"orderId": lookup.venue_order_id})
        row = None if is_unknown_order(answer) else read_data(answer, lambda data: data)
        if row is not None and _read(row, lambda found: found["clientOid"]) != lookup.client_order_id:
            raise RetryableError(Doubt.UNREADABLE_ANSWER, "the answer is about another order")
        return row

    def _read_stop(self, row: Row, lookup: OrderLookup) -> OrderReport | None:
        return _read(row, lambda found: read_stop(found, lookup.symbol, self._place.now()))

    def _ended_stop(self, row: Row, lookup: OrderLookup) -> OrderReport | None:
        """Say what became of a stop that waits no more and is no plain order; None where the venue does not tell."""
        order_id, accepted_at = _read(row, lambda found: (str(found["id"]), moment(found["createdAt"])))
        at, now = _read(row, triggered_at), self._place.now()
        if not _read(row, was_met):
            return _ended(lookup, order_id, OrderNote.CANCELED_BY_REQUEST, at=now, accepted_at=accepted_at)
        if at is not None and now - at < _ON_ITS_WAY:
            raise RetryableError(Doubt.UNREADABLE_ANSWER, "the stop was met, and its order is not listed yet")
        # The venue ends a stop for which nothing is free when it is met.
        note = OrderNote.NOTHING_FREE
        return None if at is None else _ended(lookup, order_id, note, at=at, accepted_at=accepted_at)

    async def _with_fills(self, report: OrderReport) -> OrderReport:
        if not report.filled_quantity:
            return report
        name = venue_symbol(report.symbol)
        rows = await history.list_fills_of(self._session, name, report.venue_order_id)
        fills = _read(rows, lambda found: read_fills(found, report.symbol, report.client_order_id))
        if _total(fills) > report.filled_quantity:
            # The list is newer than the order: who asks again is told both.
            return report
        # What the venue has counted and does not list yet is asked for again by whoever keeps the order.
        return replace(report, fills=fills)


def _named(lookup: OrderLookup) -> dict[str, str]:
    return {"clientOid": lookup.client_order_id, "symbol": venue_symbol(lookup.symbol)}


def _ended(
    lookup: OrderLookup, order_id: str, code: OrderNote, *, at: datetime, accepted_at: datetime | None
) -> OrderReport:
    return OrderReport(
        client_order_id=lookup.client_order_id,
        venue_order_id=order_id,
        symbol=lookup.symbol,
        status=OrderStatus.CANCELED,
        filled_quantity=ZERO,
        average_fill_price=None,
        at=at,
        accepted_at=accepted_at,
        code=code,
        open_quantity=ZERO,
    )


def _read(found: Found, read: Callable[[Found], Meant]) -> Meant:
    return read_answer(HttpAnswer(200, found), read, is_write=False)


def _total(fills: Sequence[FillReport]) -> Decimal:
    return sum((fill.quantity for fill in fills), ZERO)
