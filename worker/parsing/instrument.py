"""Chooses the one instrument a message is about, and the market it trades on."""

from dataclasses import dataclass

from shared.domain.instruments import AssetClass
from worker.parsing.symbols import FOLDED, GUESS, MARKED
from worker.parsing.tokens import Token
from worker.parsing.universe import CRYPTO_BASES, OWN_STOCKS, STOCKS

_STRONG_STOCK = frozenset({"bto", "stc", "pt", "pts", "shares", "stock", "eps"})
_STRONG_CRYPTO = frozenset(
    {"usdt", "spot", "leverage", "lev", "binance", "bybit", "futures", "perp", "signal id", "плечо", "杠杆"}
)
_SATOSHI = frozenset({"sat", "sats", "satoshi", "satoshis"})
NEIGHBOURHOOD = 3
CLEAR = 3
"""By how much what a message says of its market must lean to one side to outweigh what its provider usually trades."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The instrument of a message: our symbol, its family, the token that named it, and how surely."""

    symbol: str
    asset_class: AssetClass
    token: Token
    strength: int


def choose_instrument(
    tokens: list[Token], anchors: list[int], default_quote: str, default_class: AssetClass | None
) -> Chosen | None:
    """Return the best named instrument; a mere guess counts only beside one of the `anchors`."""
    best: Token | None = None
    best_rank = 0.0
    for index, token in enumerate(tokens):
        if token.symbol is None:
            continue
        distance = min((abs(index - anchor) for anchor in anchors), default=99)
        near = distance <= NEIGHBOURHOOD
        if token.symbol.strength == GUESS and not (
            near or (index == 0 and anchors and distance <= NEIGHBOURHOOD * 3)
        ):
            continue
        rank = token.symbol.strength + (1.5 if near else 0.0) * (token.symbol.strength < MARKED)
        if rank > best_rank:
            best, best_rank = token, rank
    if best is None or best.symbol is None:
        return None
    asset_class = _family(best, tokens, default_class)
    name = best.symbol.name
    if asset_class is AssetClass.CRYPTO and "/" not in name:
        name = f"{name}/{_quote(name, tokens, default_quote)}"
    return Chosen(name, asset_class, best, best.symbol.strength)


def _quote(base: str, tokens: list[Token], default_quote: str) -> str:
    """Prices in satoshi are prices in bitcoin."""
    return "BTC" if base != "BTC" and any(token.key in _SATOSHI for token in tokens) else default_quote


def _family(token: Token, tokens: list[Token], default_class: AssetClass | None) -> AssetClass:
    symbol = token.symbol
    assert symbol is not None
    if "/" in symbol.name and symbol.asset_class is not None:
        return symbol.asset_class
    crypto, stock = market_hints(tokens)
    if (
        symbol.asset_class is AssetClass.STOCK
        and crypto >= 3
        and stock == 0
        and token.kind in {"CASH", "HASH"}
    ):
        return AssetClass.CRYPTO
    if symbol.asset_class is not None:
        return symbol.asset_class
    is_clear = abs(crypto - stock) >= CLEAR
    if not is_clear and default_class in {AssetClass.CRYPTO, AssetClass.STOCK, AssetClass.OPTION}:
        return AssetClass.CRYPTO if default_class is AssetClass.CRYPTO else AssetClass.STOCK
    # A single word such as `TP` makes no coin of a ticker that every stock trader knows.
    if crypto < stock or crypto > stock + (2 if symbol.name in OWN_STOCKS else 0):
        return AssetClass.CRYPTO if crypto > stock else AssetClass.STOCK
    if (symbol.name in STOCKS and token.kind != "HASH") or token.kind == "CASH":
        return AssetClass.STOCK
    known_coin = symbol.name in CRYPTO_BASES or token.kind == "HASH" or symbol.strength == FOLDED
    return AssetClass.CRYPTO if known_coin else AssetClass.STOCK


def market_hints(tokens: list[Token]) -> tuple[int, int]:
    """Count what speaks for a crypto venue and what speaks for a stock exchange."""
    crypto = stock = 0
    for token in tokens:
        if "CRYPTO_HINT" in token.cues:
            crypto += 3 if token.key in _STRONG_CRYPTO else 1
        if "STOCK_HINT" in token.cues or token.key in _STRONG_STOCK:
            stock += 3 if token.key in _STRONG_STOCK else 1
        if token.kind == "NUM" and token.unit in {"x", "r"}:
            crypto += 2
        if token.kind == "NUM" and token.value is not None and 0 < token.value < 1 and len(token.text) >= 6:
            crypto += 1
    return crypto, stock
