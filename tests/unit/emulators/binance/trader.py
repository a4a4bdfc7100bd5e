"""A hand for the tests: one account that sends commands to an engine, without HTTP between them."""

from typing import Any

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.amounts import parse_amount, write_amount
from tests.emulators.binance.book import Book
from tests.emulators.binance.commands import COMMANDS, Command
from tests.emulators.binance.controls import CONTROLS
from tests.emulators.binance.engine import Engine
from tests.emulators.binance.orders import Order

START = 1_790_000_000_000


class Trader:
    """Speaks the venue's parameters; every command comes a millisecond after the one before."""

    def __init__(self, **balances: str) -> None:
        self.engine = Engine(Book())
        free = {asset: parse_amount(amount) for asset, amount in balances.items()}
        self.account = self.engine.book.accounts["key"] = Account("key", b"secret", free=free)
        self.at = START

    def send(self, name: str, fraction: str | None = None, **params: str) -> Any:
        """Run a request such as `POST /api/v3/order`."""
        self.at += 1
        share = parse_amount(fraction) if fraction else None
        return COMMANDS[name](self.engine, Command(self.account, params, self.at, share))

    def order(
        self, side: str, kind: str, quantity: str, *, fraction: str | None = None, **params: str
    ) -> Any:
        """Place an order on BTCUSDT."""
        terms = {"symbol": "BTCUSDT", "side": side, "type": kind, "quantity": quantity, **params}
        if kind in {"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"}:
            terms.setdefault("timeInForce", "GTC")
        return self.send("POST /api/v3/order", fraction, newOrderRespType="FULL", **terms)

    def pair(self, quantity: str = "1", *, fraction: str | None = None, **params: str) -> Any:
        """Place a sell above and a stop below the price of BTCUSDT; an empty text takes a parameter out."""
        terms = {
            "symbol": "BTCUSDT",
            "side": "SELL",
            "quantity": quantity,
            "aboveType": "LIMIT_MAKER",
            "abovePrice": "70000",
            "aboveClientOrderId": "target",
            "belowType": "STOP_LOSS",
            "belowStopPrice": "60000",
            "belowClientOrderId": "stop",
            "listClientOrderId": "cover",
        }
        sent = {name: value for name, value in {**terms, **params}.items() if value}
        return self.send("POST /api/v3/orderList/oco", fraction, **sent)

    def cancel(self, **params: str) -> Any:
        """Cancel an order on BTCUSDT."""
        return self.send("DELETE /api/v3/order", symbol="BTCUSDT", **params)

    def control(self, what: str, **wish: Any) -> None:
        """Do what tests do to the venue."""
        self.at += 1
        CONTROLS[what](self.engine, wish, self.at)

    def price(self, price: str | None = None) -> None:
        """Move BTCUSDT, or quote it again."""
        self.control("price", symbol="BTCUSDT", price=price)

    def found(self, name: str) -> Order:
        """The latest order with a client order id."""
        return self.account.ledgers["BTCUSDT"].latest[name]

    def status(self, name: str) -> str:
        return self.found(name).status

    def free(self, asset: str) -> str:
        return _short(self.account.free.get(asset, 0))

    def locked(self, asset: str) -> str:
        return _short(self.account.locked.get(asset, 0))


def _short(amount: int) -> str:
    return write_amount(amount).rstrip("0").rstrip(".")
