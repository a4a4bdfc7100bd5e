"""A receipt as a row of steps: every gate with what it saw and what it was held against, then the orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.gate_titles import title_of
from shared.domain.orders import Order, Purpose
from shared.domain.receipts import Receipt, Verdict
from web.formatting import words

_PURPOSES = {Purpose.ENTRY: "Entry", Purpose.STOP: "Stop", Purpose.TARGET: "Target", Purpose.EXIT: "Exit"}


@dataclass(frozen=True, slots=True)
class Step:
    """One gate."""

    title: str
    input: str
    threshold: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order that the receipt led to."""

    purpose: str
    text: str
    status: str
    code: str
    quantity: Decimal
    filled: Decimal
    average: Decimal | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """What the gates said for one trading bot, and the orders that followed."""

    account: str
    is_passed: bool
    detail: str
    code: str
    at: datetime
    steps: tuple[Step, ...]
    orders: tuple[OrderLine, ...]


def receipt_views(
    receipts: Sequence[Receipt], orders: Mapping[str, Sequence[Order]], account_names: Mapping[str, str]
) -> list[ReceiptView]:
    """Build the views of one message's receipts."""
    return [
        ReceiptView(
            account=account_names.get(receipt.account_id, "Account"),
            is_passed=receipt.outcome is Verdict.PASSED,
            detail=receipt.detail,
            code=receipt.code,
            at=receipt.at,
            steps=tuple(
                Step(title_of(gate.name), gate.input, gate.threshold, gate.verdict) for gate in receipt.gates
            ),
            orders=tuple(_line(order) for order in orders.get(receipt.trade_id or "", ())),
        )
        for receipt in receipts
    ]


def _line(order: Order) -> OrderLine:
    price = order.limit_price if order.limit_price is not None else order.stop_price
    kind = str(order.order_type).replace("_", " ")
    return OrderLine(
        purpose=_PURPOSES[order.purpose],
        text=f"{order.side} {kind}" + (f" {price:f}" if price is not None else ""),
        status=words(str(order.status)),
        code=order.code or "",
        quantity=order.quantity,
        filled=order.filled_quantity,
        average=order.average_fill_price,
        at=order.created_at,
    )
