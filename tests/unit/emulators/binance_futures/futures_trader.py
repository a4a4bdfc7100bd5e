"""A hand for the tests: one account of futures that sends commands to an engine, without HTTP between them."""

from typing import Any

from tests.emulators.binance.amounts import parse_amount
from tests.emulators.binance.commands import Command
from tests.emulators.binance_futures.accounts import FuturesAccount, Position
from tests.emulators.binance_futures.book import FuturesBook
from tests.emulators.binance_futures.commands import COMMANDS
from tests.emulators.binance_futures.controls import CONTROLS
from tests.emulators.binance_futures.engine import FuturesEngine

START = 1_790_000_000_000
SYMBOL = "S090USDT"


class FuturesTrader:
    """Speaks the venue's parameters; every command comes a millisecond after the one before. S090 begins at 100."""

    def __init__(self, wallet: str = "10000", **terms: Any) -> None:
        self.engine = FuturesEngine(FuturesBook())
        self.at = START
        self.control("account", key="key", secret="secret", balances={"USDT": wallet})
        self.control("terms", key="key", symbol=SYMBOL, **{"leverage": 10, "is_isolated": True, **terms})

    @property
    def account(self) -> FuturesAccount:
        return self.engine.book.accounts["key"]

    @property
    def position(self) -> Position:
        return self.account.positions[SYMBOL]

    def control(self, what: str, **wish: Any) -> None:
        """Do what a test does through `/_control`."""
        self.at += 1
        CONTROLS[what](self.engine, wish, self.at)

    def price(self, price: str) -> None:
        """Move the price."""
        self.control("price", symbol=SYMBOL, price=price)

    def send(self, name: str, fraction: str | None = None, **params: str) -> Any:
        """Run a request such as `POST /fapi/v1/order`."""
        self.at += 1
        share = parse_amount(fraction) if fraction else None
        return COMMANDS[name](self.engine, Command(self.account, params, self.at, share))

    def order(self, side: str, quantity: str, *, fraction: str | None = None, **params: str) -> Any:
        """Place an order at market, or at a price where one is given."""
        kind = {"type": "LIMIT", "timeInForce": "GTC"} if "price" in params else {"type": "MARKET"}
        terms = {"symbol": SYMBOL, "side": side, "quantity": quantity, **kind, **params}
        return self.send("POST /fapi/v1/order", fraction, **terms)

    def wait(self, side: str, kind: str, quantity: str, **params: str) -> Any:
        """Place an order that waits for a price."""
        terms = {"symbol": SYMBOL, "side": side, "type": kind, "quantity": quantity, **params}
        return self.send("POST /fapi/v1/algoOrder", algoType="CONDITIONAL", **terms)
