"""What tests do to the market's state beyond what the spot market takes: accounts with terms, and funding."""

from tests.emulators.binance.amounts import parse_amount
from tests.emulators.binance.controls import CONTROLS as NEUTRAL
from tests.emulators.binance.controls import Wish, market_of
from tests.emulators.binance_futures.accounts import MONEY, FuturesAccount
from tests.emulators.binance_futures.engine import FuturesEngine


def set_account(engine: FuturesEngine, wish: Wish, at: int) -> None:
    """Create an account, or change what is given of an existing one; the wallet named is paid in or out."""
    key, book = wish["key"], engine.book
    account = book.account(key)
    if account is None:
        account = book.accounts[key] = FuturesAccount(key, wish["secret"].encode())
    if wish.get("secret"):
        account.secret = wish["secret"].encode()
    for name in ("can_trade", "can_withdraw", "is_hedged", "shares_assets"):
        setattr(account, name, wish.get(name, getattr(account, name)))
    account.addresses = frozenset(wish.get("addresses", account.addresses))
    if MONEY in wish.get("balances", {}):
        wanted = parse_amount(wish["balances"][MONEY])
        book.move_money(account, "TRANSFER", "", wanted - account.wallet, at)


def set_terms(engine: FuturesEngine, wish: Wish, at: int) -> None:
    """Set leverage and margin of an account's contract, as its owner does on the venue's page."""
    account = engine.book.account(wish["key"])
    position = account.positions[market_of(engine, wish["symbol"]).listing.symbol]
    position.leverage = wish.get("leverage", position.leverage)
    position.is_isolated = wish.get("is_isolated", position.is_isolated)


def pay_funding(engine: FuturesEngine, wish: Wish, at: int) -> None:
    """Let every position of a contract pay, or be paid, a share of its value."""
    rate = wish["rate"]
    amount = parse_amount(rate.removeprefix("-"))
    engine.matching.pay_funding(
        market_of(engine, wish["symbol"]), -amount if rate.startswith("-") else amount, at
    )


CONTROLS = {**NEUTRAL, "account": set_account, "terms": set_terms, "funding": pay_funding}
