"""What tests do to the venue's state: prices, scripts, accounts, settings. Logged and played again like orders."""

from collections.abc import Callable
from typing import Any

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.amounts import parse_amount
from tests.emulators.binance.book import Market, Script
from tests.emulators.binance.engine import Engine

Wish = dict[str, Any]

STATUSES = frozenset({"TRADING", "BREAK", "HALT"})


def set_price(engine: Engine, wish: Wish, at: int) -> None:
    """Move one price, or quote the same again if none is given."""
    market = market_of(engine, wish["symbol"])
    price = parse_amount(wish["price"]) if wish.get("price") else market.price
    engine.matching.move(market, price, at)


def walk(engine: Engine, wish: Wish, at: int) -> None:
    """Move many prices by one step of the venue's own walk."""
    for symbol, price in wish["prices"].items():
        engine.matching.move(market_of(engine, symbol), parse_amount(price), at)
    engine.book.walks += 1


def script_partial(engine: Engine, wish: Wish, at: int) -> None:
    """Let the next execution that matches fill a fraction only."""
    symbol = wish.get("symbol")
    script = Script(
        parse_amount(wish["fraction"]),
        market_of(engine, symbol).listing.symbol if symbol else None,
        wish.get("client_order_id"),
    )
    engine.book.scripts.append(script)


def set_account(engine: Engine, wish: Wish, at: int) -> None:
    """Create an account, or change what is given of an existing one; balances named are set anew."""
    key = wish["key"]
    account = engine.book.account(key)
    if account is None:
        account = engine.book.accounts[key] = Account(key, wish["secret"].encode())
    if wish.get("secret"):
        account.secret = wish["secret"].encode()
    account.passphrase = wish.get("passphrase", account.passphrase)
    account.can_trade = wish.get("can_trade", account.can_trade)
    account.can_withdraw = wish.get("can_withdraw", account.can_withdraw)
    account.addresses = frozenset(wish.get("addresses", account.addresses))
    for asset, amount in wish.get("balances", {}).items():
        account.free[asset] = parse_amount(amount)
    account.updated_at = at


def set_market(engine: Engine, wish: Wish, at: int) -> None:
    """Open or close a market."""
    if wish["status"] not in STATUSES:
        raise ValueError(f"status is one of {sorted(STATUSES)}")
    market_of(engine, wish["symbol"]).status = wish["status"]


def change_settings(engine: Engine, wish: Wish, at: int) -> None:
    """Change how the venue behaves."""
    engine.book.settings = engine.book.settings.changed(wish)


def market_of(engine: Engine, symbol: str) -> Market:
    """Find a market by the venue's symbol or by ours."""
    name = engine.book.symbols.get(symbol, symbol)
    if name not in engine.book.markets:
        raise ValueError(f"{symbol} is not listed")
    return engine.book.markets[name]


CONTROLS: dict[str, Callable[[Engine, Wish, int], None]] = {
    "price": set_price,
    "walk": walk,
    "partial": script_partial,
    "account": set_account,
    "market": set_market,
    "settings": change_settings,
}
