"""What the system did, row by row: receipts, orders, fills, positions and reservations.

`--json` gives whole rows with the names of DESIGN 11; the tables show what fits a screen.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from shared.domain.accounts import Reservation
from shared.domain.gate_titles import describe_line
from shared.domain.receipts import Receipt as ReceiptValue
from shared.models.accounts import Account
from shared.models.external import ExternalOrder
from shared.models.fills import Fill, Position
from shared.models.mapping import Row, from_row, rows_of
from shared.models.orders import Order
from shared.models.signals import Receipt
from web.commands.answers import plain, show_lines, show_rows
from web.commands.frame import Group, json_option
from web.commands.lookups import find_account
from web.commands.session import now, open_database

account_option = click.option("--account", "account_text", help="Id or unique name.")

_HIDDEN = ("unsettled", "claim_id", "next_check_at")
_ORDER_COLUMNS = (
    "id", "purpose", "status", "code", "tries", "symbol", "side", "quantity", "filled_quantity",
    "average_fill_price", "limit_price", "stop_price", "message_id",
)  # fmt: skip
_EXTERNAL_COLUMNS = ("account_id", "symbol", "status", "open_quantity", "venue_order_id", "last_seen_at")
_FILL_COLUMNS = ("at", "symbol", "side", "quantity", "price", "commission", "commission_asset", "order_id")
_POSITION_COLUMNS = ("account_id", "symbol", "held", "coverable", "resting", "managed", "naked_seconds")
_RECEIPT_COLUMNS = ("revision", "trading_bot_id", "outcome", "code", "detail", "order_ids")
_RESERVATION_COLUMNS = ("account_id", "symbol", "notional", "risk", "at", "trade_id", "intent_id")


@click.group("receipts", cls=Group)
def receipts() -> None:
    """What the gates said."""


@receipts.command("show")
@click.option("--message", "message_id", required=True, help="Its id at Discord.")
@json_option
def show_receipts(*, message_id: str, as_json: bool) -> None:
    """Show a message's receipts: every gate's input, threshold and verdict, for every follower."""
    open_database(Receipt)
    found = rows_of(Receipt).find({"message_id": message_id}).sort([("at", 1), ("_id", 1)])
    listed = [from_row(ReceiptValue, row, "receipt_id") for row in found]
    rows = (_receipt(receipt) for receipt in listed)
    show_rows(rows, _RECEIPT_COLUMNS, as_json=as_json, empty="No receipts.")
    if not as_json:
        for receipt in listed:
            show_lines(_explained(receipt))


@click.group("orders", cls=Group)
def orders() -> None:
    """Orders of ours, in every state."""


@orders.command("show")
@account_option
@click.option("--message", "message_id", help="Its id at Discord.")
@json_option
def show_orders(*, account_text: str | None, message_id: str | None, as_json: bool) -> None:
    """Show orders, oldest first."""
    open_database(Order)
    query = _of_account(account_text) | ({"message_id": message_id} if message_id else {})
    found = rows_of(Order).find(query, dict.fromkeys(_HIDDEN, False)).sort([("created_at", 1), ("_id", 1)])
    rows = ({"id": row["_id"], "client_order_id": row["_id"], **_told(_without_id(row))} for row in found)
    show_rows(rows, _ORDER_COLUMNS, as_json=as_json, empty="No orders.")


def _told(row: Row) -> Row:
    """Put what was said of an order last, as a sentence, in the place of all its events."""
    events = row.pop("events", ())
    return {**row, "detail": next((e["detail"] for e in reversed(events) if e.get("detail")), "")}


@orders.command("external")
@account_option
@json_option
def show_external(*, account_text: str | None, as_json: bool) -> None:
    """Show orders seen at venues that are not ours, the last seen first; they are never touched."""
    open_database(ExternalOrder)
    found = rows_of(ExternalOrder).find(_of_account(account_text)).sort([("last_seen_at", -1), ("_id", 1)])
    rows = ({"id": row["_id"], **_without_id(row)} for row in found)
    show_rows(rows, _EXTERNAL_COLUMNS, as_json=as_json, empty="No orders of others.")


@click.group("fills", cls=Group)
def fills() -> None:
    """Executions."""


@fills.command("show")
@account_option
@json_option
def show_fills(*, account_text: str | None, as_json: bool) -> None:
    """Show fills, oldest first."""
    open_database(Fill)
    found = rows_of(Fill).find(_of_account(account_text)).sort([("at", 1), ("_id", 1)])
    rows = ({"id": row["_id"], **_without_id(row)} for row in found)
    show_rows(rows, _FILL_COLUMNS, as_json=as_json, empty="No fills.")


@click.group("positions", cls=Group)
def positions() -> None:
    """What is held, and how it is covered."""


@positions.command("show")
@account_option
@json_option
def show_positions(*, account_text: str | None, as_json: bool) -> None:
    """Show positions; naked_seconds counts the time without a stop, up to now where it still runs."""
    open_database(Position)
    found = rows_of(Position).find(_of_account(account_text)).sort([("account_id", 1), ("symbol", 1)])
    show_rows((_position(row) for row in found), _POSITION_COLUMNS, as_json=as_json, empty="No positions.")


@click.group("reservations", cls=Group)
def reservations() -> None:
    """Money and risk that orders on their way hold."""


@reservations.command("show")
@account_option
@json_option
def show_reservations(*, account_text: str | None, as_json: bool) -> None:
    """Show reservations by account."""
    open_database(Account)
    query = {"_id": find_account(account_text)["_id"]} if account_text else {}
    show_rows(_reservations(query), _RESERVATION_COLUMNS, as_json=as_json, empty="No reservations.")


def _of_account(text: str | None) -> Row:
    return {"account_id": find_account(text)["_id"]} if text else {}


def _without_id(row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if name != "_id"}


def _receipt(receipt: ReceiptValue) -> Row:
    row: Row = plain(receipt)
    return {"id": row["receipt_id"], **row}


def _explained(receipt: ReceiptValue) -> Iterator[str]:
    """Write a receipt in sentences: what became of it, then every gate."""
    yield f"\n{receipt.trading_bot_id}, revision {receipt.revision}: {receipt.outcome} ({receipt.code}). {receipt.detail}"
    yield from (f"  {describe_line(gate)}" for gate in receipt.gates)


def _position(row: Row) -> Row:
    return {"id": row["_id"], **_without_id(row), "naked_seconds": naked_seconds(row)}


def naked_seconds(row: Row) -> float:
    """Sum the seconds that a part stood without a stop, up to now where it still does."""
    naked = float(row["naked_seconds"])
    if row.get("naked_since") is not None:
        naked += max((now() - row["naked_since"]).total_seconds(), 0.0)
    return round(naked, 3)


def _reservations(query: Row) -> Iterator[Row]:
    holding = {**query, "reservations": {"$gt": {}}}
    for row in rows_of(Account).find(holding, {"reservations": 1, "user_id": 1}).sort("_id", 1):
        for intent_id, held in sorted(row["reservations"].items()):
            reservation = from_row(Reservation, held)
            yield {"account_id": row["_id"], "intent_id": intent_id, **plain(reservation)}
