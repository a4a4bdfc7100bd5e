"""Paper accounts in MongoDB: every change is one transaction, so that money and orders never disagree.

A submit reads the book from a snapshot, decides, and writes account, orders, fills and its log entry
together. Two changes of one account conflict on the account's row; the loser starts over, bounded.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import pymongo
from pymongo import DESCENDING, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.brokers.codes import Doubt, Refusal
from shared.brokers.paper import Decide
from shared.brokers.paper_state import BookChange, PaperBook, PaperOrder
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, RetryableError
from shared.domain.orders import FillReport, OrderLookup, OrderRequest
from shared.models import paper as documents
from shared.models.base import BaseDocument
from shared.models.mapping import Row, from_row, rows_of, to_row

T = TypeVar("T")

_TRIES = 12
_COMMIT_TRIES = 3
_LOOKUP_SECONDS = 3.0
_SNAPSHOT = ReadConcern("snapshot")
_MAJORITY = WriteConcern("majority", j=True, wtimeout=5000)


class MongoPaperStore:
    """The paper venue's books on a replica set; one instance per process, used from several threads."""

    def create_account(self, account_id: str, opening_balance: Decimal, at: datetime) -> bool:
        """Open an account with cash if there is none; tell whether it was created."""
        row = {
            "_id": account_id,
            "cash": opening_balance,
            "positions": [],
            "next_order": 1,
            "next_fill": 1,
            "version": 1,
            "created_at": at,
        }
        try:
            rows_of(documents.PaperAccount).insert_one(row)
        except DuplicateKeyError:
            return False
        except PyMongoError as error:
            # Repeating it is safe, so nothing is ambiguous here.
            raise _unavailable(error) from error
        return True

    def submit(self, account_id: str, request: OrderRequest, at: datetime, decide: Decide) -> BookChange:
        """Apply one submit and log it; a refusal is logged by itself before it is raised."""
        log = _submit_row(account_id, request, at)

        def work(session: ClientSession) -> BookChange:
            change = _required(decide(self._read_book(account_id, session)))
            self._write(change, session)
            order = change.orders[0]
            accepted = {**log, "outcome": "ACCEPTED", "venue_order_id": order.venue_order_id}
            rows_of(documents.PaperSubmit).insert_one(accepted, session=session)
            return change

        try:
            return self._in_transaction(work)
        except (PermanentError, DuplicateOrderId) as refusal:
            if refusal.code != Refusal.UNKNOWN_ACCOUNT:
                self._log_refusal({**log, "outcome": refusal.code})
            raise

    def change(self, account_id: str, decide: Decide) -> BookChange | None:
        """Apply one change; None if there was nothing to change."""

        def work(session: ClientSession) -> BookChange | None:
            change = decide(self._read_book(account_id, session))
            if change is not None:
                self._write(change, session)
            return change

        return self._in_transaction(work)

    def find_book(self, account_id: str) -> PaperBook:
        """Read an account's book as of one moment."""
        return self._in_transaction(lambda session: self._read_book(account_id, session))

    def find_order(self, account_id: str, lookup: OrderLookup) -> PaperOrder | None:
        """Find an order; a miss makes every submit that has begun on this account start over."""
        try:
            with pymongo.timeout(_LOOKUP_SECONDS):
                order = self._find_order(account_id, lookup)
                if order is not None:
                    return order
                # Waits for a transaction that has written this row, and conflicts with one that will.
                touched = rows_of(documents.PaperAccount).update_one(
                    {"_id": account_id}, {"$inc": {"version": 1}}
                )
                if touched.matched_count == 0:
                    raise _unknown(account_id)
                return self._find_order(account_id, lookup)
        except PyMongoError as error:
            raise _unavailable(error) from error

    def list_orders(self, account_id: str, symbol: str, since: datetime) -> Sequence[PaperOrder]:
        """List open orders of a symbol, and those that changed since a moment, oldest first."""
        changed = {"account_id": account_id, "symbol": symbol, "updated_at": {"$gte": since}}
        book = self.find_book(account_id)
        found = {
            row["number"]: from_row(PaperOrder, row) for row in self._read(documents.PaperOrder, changed)
        }
        for order in book.open_orders:
            if order.symbol == symbol:
                found.setdefault(order.number, order)
        return [found[number] for number in sorted(found)]

    def list_fills(
        self,
        account_id: str,
        *,
        symbol: str,
        since: datetime | None = None,
        venue_order_id: str | None = None,
    ) -> Sequence[FillReport]:
        """List fills of a symbol in order of time, of one order or since a moment."""
        query: Row = {"account_id": account_id, "symbol": symbol}
        if since is not None:
            query["at"] = {"$gte": since}
        if venue_order_id is not None:
            query["venue_order_id"] = venue_order_id
        fills = [from_row(FillReport, row) for row in self._read(documents.PaperFill, query)]
        return sorted(fills, key=lambda fill: (fill.at, int(fill.venue_fill_id[1:])))

    def list_waiting(self, symbols: Sequence[str]) -> Sequence[tuple[str, PaperOrder]]:
        """List open orders of all accounts on these symbols, with their account ids."""
        query = {"is_open": True, "symbol": {"$in": list(symbols)}}
        found = self._read(documents.PaperOrder, query)
        return [(row["account_id"], from_row(PaperOrder, row)) for row in found]

    def _find_order(self, account_id: str, lookup: OrderLookup) -> PaperOrder | None:
        query: Row = {"account_id": account_id, "client_order_id": lookup.client_order_id}
        if lookup.venue_order_id is not None:
            query["number"] = int(lookup.venue_order_id.removeprefix("P"))
        row = rows_of(documents.PaperOrder).find_one(query, sort=[("number", DESCENDING)])
        return from_row(PaperOrder, row) if row is not None else None

    def _read(self, document: type[BaseDocument], query: Row) -> list[Row]:
        try:
            return list(rows_of(document).find(query))
        except PyMongoError as error:
            raise _unavailable(error) from error

    def _read_book(self, account_id: str, session: ClientSession) -> PaperBook:
        row = rows_of(documents.PaperAccount).find_one({"_id": account_id}, session=session)
        if row is None:
            raise _unknown(account_id)
        open_orders = rows_of(documents.PaperOrder).find(
            {"account_id": account_id, "is_open": True}, session=session
        )
        return PaperBook(
            account_id=account_id,
            cash=row["cash"],
            positions={entry["symbol"]: entry["quantity"] for entry in row["positions"]},
            open_orders=tuple(
                sorted((from_row(PaperOrder, found) for found in open_orders), key=lambda one: one.number)
            ),
            next_order=row["next_order"],
            next_fill=row["next_fill"],
        )

    def _write(self, change: BookChange, session: ClientSession) -> None:
        book = change.book
        account = {
            "cash": book.cash,
            "positions": [{"symbol": name, "quantity": held} for name, held in book.positions.items()],
            "next_order": book.next_order,
            "next_fill": book.next_fill,
        }
        # First, so that a conflict shows before anything else is written.
        rows_of(documents.PaperAccount).update_one(
            {"_id": book.account_id}, {"$set": account, "$inc": {"version": 1}}, session=session
        )
        orders = [_order_row(book.account_id, order) for order in change.orders]
        rows_of(documents.PaperOrder).bulk_write(
            [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in orders], session=session
        )
        if change.fills:
            fills = [_fill_row(book.account_id, fill) for fill in change.fills]
            rows_of(documents.PaperFill).insert_many(fills, session=session)

    def _log_refusal(self, row: Row) -> None:
        try:
            rows_of(documents.PaperSubmit).insert_one(row)
        except PyMongoError as error:
            # The refusal changed nothing, so the sender may come again and be refused again.
            raise _unavailable(error) from error

    def _in_transaction(self, work: Callable[[ClientSession], T]) -> T:
        client = rows_of(documents.PaperAccount).database.client
        for tries in range(_TRIES):
            try:
                with client.start_session() as session:
                    session.start_transaction(read_concern=_SNAPSHOT, write_concern=_MAJORITY)
                    # Leaving the session by an exception aborts the transaction.
                    result = work(session)
                    _commit(session)
                    return result
            except PyMongoError as error:
                # Without a commit nothing happened; a server that is away is not asked twelve times.
                is_away = isinstance(error, ConnectionFailure)
                if is_away or not error.has_error_label("TransientTransactionError"):
                    raise _unavailable(error) from error
            time.sleep(min(0.001 * 2**tries, 0.05))
        raise RetryableError(Doubt.STORE_BUSY, f"{_TRIES} conflicts in a row")


def _commit(session: ClientSession) -> None:
    for tries in range(_COMMIT_TRIES):
        try:
            session.commit_transaction()
        except PyMongoError as error:
            if not error.has_error_label("UnknownTransactionCommitResult"):
                raise
            if tries == _COMMIT_TRIES - 1:
                raise AmbiguousError(Doubt.COMMIT_UNKNOWN, type(error).__name__) from error
        else:
            return


def _order_row(account_id: str, order: PaperOrder) -> Row:
    row = to_row(order)
    row |= {"_id": f"{account_id}:{order.venue_order_id}", "account_id": account_id, "is_open": order.is_open}
    return row


def _fill_row(account_id: str, fill: FillReport) -> Row:
    return {**to_row(fill), "_id": f"{account_id}:{fill.venue_fill_id}", "account_id": account_id}


def _submit_row(account_id: str, request: OrderRequest, at: datetime) -> Row:
    return {
        "account_id": account_id,
        "client_order_id": request.client_order_id,
        "symbol": request.symbol,
        "side": str(request.side),
        "order_type": str(request.order_type),
        "quantity": request.quantity,
        "limit_price": request.limit_price,
        "stop_price": request.stop_price,
        "at": at,
    }


def _required(change: BookChange | None) -> BookChange:
    if change is None:
        raise ValueError("a submit always changes the book")
    return change


def _unknown(account_id: str) -> PermanentError:
    return PermanentError(Refusal.UNKNOWN_ACCOUNT, f"no paper account {account_id}")


def _unavailable(error: Any) -> RetryableError:
    return RetryableError(Doubt.STORE_UNAVAILABLE, f"{type(error).__name__}: {str(error)[:200]}")
