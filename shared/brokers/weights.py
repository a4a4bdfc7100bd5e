"""What venues let one address and one account ask: their published limits, data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Call(StrEnum):
    """Kinds of requests as far as they weigh differently."""

    SUBMIT = "submit"
    PAIR = "pair"
    REPLACE = "replace"
    CANCEL = "cancel"
    ORDER = "order"
    OPEN_ORDERS = "open_orders"
    OPEN_ORDERS_OF_SYMBOL = "open_orders_of_symbol"
    ORDERS_SINCE = "orders_since"
    FILLS = "fills"
    FILLS_OF_ORDER = "fills_of_order"
    BALANCES = "balances"


@dataclass(frozen=True, slots=True)
class VenueLimits:
    """Weight per minute and address, orders per account, and what each kind of request weighs."""

    weight_per_minute: int
    orders_per_10_seconds: int
    orders_per_day: int
    weights: Mapping[Call, int]
