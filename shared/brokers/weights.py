"""What venues publish of their limits: data only, for whoever shares the room among accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


POLL_SHARE = 0.3
"""Of a venue's limit, what the polls of resting orders may take at most."""


@dataclass(frozen=True, slots=True)
class VenueLimits:
    """A venue's ceilings and what each call takes of them.

    Weight is counted by the address that asks, in whole minutes of the venue's clock; orders by account.
    A pair counts as two orders. Where a venue counts the requests of each account, `account_weight_per_minute` is what
    one may ask; a limit that it does not have is 0.
    """

    weight_per_minute: int
    orders_per_10_seconds: int
    orders_per_day: int
    weights: Mapping[Call, int]
    account_weight_per_minute: int = 0

    def fan_out_seconds(self, followers: int, addresses: int = 1) -> int:
        """Return how long entries and their cover take for so many followers at the limit, in whole seconds.

        Each follower costs a submit and a pair; accounts are spread evenly over the addresses. Where accounts alone are
        counted, nobody waits for another: it takes what one of them takes.
        """
        each = self.weights[Call.SUBMIT] + self.weights.get(Call.PAIR, self.weights[Call.SUBMIT])
        seconds = 0
        if self.weight_per_minute:
            seconds = -(-followers * each * 60 // (self.weight_per_minute * addresses))
        if self.account_weight_per_minute and followers:
            seconds = max(seconds, -(-each * 60 // self.account_weight_per_minute))
        return seconds

    def poll_seconds(self, groups: int, share: float = POLL_SHARE) -> float:
        """Return how long a round of polls of so many accounts and symbols takes with a share of the limit."""
        weight = self.weights.get(Call.OPEN_ORDERS_OF_SYMBOL, 1)
        if self.weight_per_minute:
            return groups * weight / (self.weight_per_minute * share / 60)
        # Each account has room of its own: a round takes as long as one of them.
        return weight / (self.account_weight_per_minute * share / 60) if self.account_weight_per_minute else 0

    def scaled(self, share: float) -> "VenueLimits":
        """Return the same limits with a share of the weight."""
        return replace(
            self,
            weight_per_minute=int(self.weight_per_minute * share),
            account_weight_per_minute=int(self.account_weight_per_minute * share),
        )
