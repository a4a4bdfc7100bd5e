"""What the market keeps of orders: those that work, those that wait for a price, and what they brought."""

from dataclasses import dataclass

from tests.emulators.binance.orders import Fill, Order, Terms

AT_MARKET = frozenset({"MARKET", "LIQUIDATION"})
WAITING = frozenset({"STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP", "TAKE_PROFIT", "TRAILING_STOP_MARKET"})
STOPS = frozenset({"STOP_MARKET", "STOP"})
WITH_A_PRICE = frozenset({"LIMIT", "STOP", "TAKE_PROFIT"})


@dataclass(slots=True)
class FuturesTerms(Terms):
    """Terms with what only futures have; `callback` is the distance of a trailing stop in hundred-millionths."""

    reduce_only: bool = False
    callback: int = 0


@dataclass(slots=True, eq=False)
class FuturesFill(Fill):
    """One execution, with the result that it realized."""

    realized: int = 0


@dataclass(slots=True, eq=False)
class FuturesOrder(Order):
    """One order; `algo` is the waiting one that it came of."""

    algo: "Algo | None" = None

    @property
    def reduces(self) -> bool:
        return self.terms.reduce_only


@dataclass(slots=True, eq=False)
class Algo(Order):
    """One order that waits for a price; `best` is what a trailing stop has seen, `actual` the order it became."""

    best: int = 0
    triggered_at: int = 0
    actual: FuturesOrder | None = None

    @property
    def is_open(self) -> bool:
        return self.status == "NEW"

    @property
    def told_status(self) -> str:
        """The status as the service tells it: a triggered one is finished when its order is."""
        if self.status == "TRIGGERED" and self.actual is not None and not self.actual.is_open:
            return "FINISHED"
        return self.status

    @property
    def trigger_price(self) -> int:
        """What the last price must reach; it moves with the best price where the stop trails."""
        if self.terms.type != "TRAILING_STOP_MARKET":
            return self.terms.stop_price
        away = self.best * self.terms.callback // 10**10
        return self.best + away if self.buys else self.best - away


@dataclass(frozen=True, slots=True)
class Income:
    """One line of an account's books."""

    number: int
    kind: str
    symbol: str
    amount: int
    at: int
