"""What venues publish of their limits: data only, for whoever shares the room among accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Call(StrEnum):
    """One request to a venue. What the methods of a broker and of market data are made of:

    `fetch_order` and `cancel_order` add FILLS_OF_ORDER where something was filled, and a cancel that comes too
    late adds ORDER. `fetch_orders_since` is ORDERS_SINCE and OPEN_ORDERS_OF_SYMBOL; it and `fetch_fills` ask
    once for each day since the moment. A pair refused for its prices adds LAST_PRICE. Market data and a new
    process ask for CLOCK and INSTRUMENTS once an hour.
    """

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
    KEY_RIGHTS = "key_rights"
    INSTRUMENTS = "instruments"
    QUOTES = "quotes"
    QUOTE_OF_SYMBOL = "quote_of_symbol"
    LAST_PRICE = "last_price"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class VenueLimits:
    """A venue's ceilings and what each call takes of them.

    Weight is counted by the address that asks, in whole minutes of the venue's clock; orders by account.
    A pair counts as two orders.
    """

    weight_per_minute: int
    orders_per_10_seconds: int
    orders_per_day: int
    weights: Mapping[Call, int]

    def fan_out_seconds(self, followers: int, addresses: int = 1) -> int:
        """Return how long entries and their cover take for so many followers at the limit, in whole seconds.

        Each follower costs a submit and a pair; accounts are spread evenly over the addresses.
        """
        weight = followers * (self.weights[Call.SUBMIT] + self.weights[Call.PAIR])
        return -(-weight * 60 // (self.weight_per_minute * addresses))
