"""An order as the emulated Alpaca keeps and shows it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.emulators.alpaca.assets import Asset

OPEN_STATES = ("pending_new", "accepted", "new", "partially_filled")
Command = dict[str, Any]


class Refused(Exception):
    """The venue's typed refusal: an HTTP status, a code and its words."""

    def __init__(self, status: int, code: int | None, message: str, **more: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more

    def public(self) -> dict[str, Any]:
        """The refusal as the API shows it."""
        numbered = {} if self.code is None else {"code": self.code}
        return {**numbered, "message": self.message, **self.more}


@dataclass
class AlpacaOrder:
    """One order; `hold_price` is what a purchase reserves for a unit."""

    order_id: str
    key: str
    asset: Asset
    body: Command
    quantity: Decimal
    submitted_at: str
    updated_at: str
    hold_price: Decimal
    status: str = "pending_new"
    executed: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    triggered: bool = False
    best: Decimal | None = None
    fills: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATES

    @property
    def buys(self) -> bool:
        return bool(self.body["side"] == "buy")

    @property
    def left(self) -> Decimal:
        return self.quantity - self.executed if self.is_open else Decimal(0)

    @property
    def client_order_id(self) -> str:
        return str(self.body["client_order_id"])

    def price(self, name: str) -> Decimal | None:
        """A price of the order, None where it has none."""
        text = self.body.get(name)
        return None if text is None else Decimal(text)

    def public(self) -> dict[str, Any]:
        """The order as the API shows it: numbers are strings."""
        ended = {"filled": "filled_at", "canceled": "canceled_at", "expired": "expired_at"}
        times = dict.fromkeys(("filled_at", "canceled_at", "expired_at", "failed_at", "replaced_at"))
        if self.status in ended:
            times[ended[self.status]] = self.updated_at  # type: ignore[assignment]
        average = self.spent / self.executed if self.executed else None
        return {
            "id": self.order_id,
            "client_order_id": self.client_order_id,
            "created_at": self.submitted_at,
            "submitted_at": self.submitted_at,
            "updated_at": self.updated_at,
            **times,
            "asset_class": self.asset.kind,
            "symbol": self.asset.symbol,
            "notional": None,
            "qty": str(self.quantity),
            "filled_qty": str(self.executed),
            "filled_avg_price": None if average is None else str(average),
            "order_class": "simple",
            "order_type": self.body["type"],
            "type": self.body["type"],
            "side": self.body["side"],
            "time_in_force": self.body["time_in_force"],
            "limit_price": self.body.get("limit_price"),
            "stop_price": self.body.get("stop_price"),
            "trail_percent": self.body.get("trail_percent"),
            "position_intent": self.body.get("position_intent"),
            "status": self.status,
            "extended_hours": False,
            "legs": None,
        }
