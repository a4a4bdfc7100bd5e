"""Finds which tokens name an instrument, and how surely.

A pair with its quote is sure, a mark (`$`, `#`) nearly so, a listed name less, an unknown word in
capitals is only a candidate that structure must confirm.
"""

import re

from shared.domain.instruments import AssetClass
from worker.parsing.lexicon import lookup
from worker.parsing.tokens import Symbol, Token
from worker.parsing.universe import (
    ALIASES,
    COMMON_WORDS,
    CRYPTO_BASES,
    CRYPTO_CROSS_QUOTES,
    CRYPTO_QUOTES,
    FIAT,
    FOLDABLE,
    INDICES,
    METALS,
    NOT_SYMBOLS,
    OWN_STOCKS,
    STOCKS,
    WORDLIKE,
)

PAIR, MARKED, LISTED, FOLDED, GUESS = 5, 4, 3, 2, 1

_SEPARATORS = frozenset("/|-_")
_CANDIDATE = re.compile(r"[A-Z][A-Z0-9]{0,9}|\d{1,4}[A-Z]{2,10}")
_GLUED_QUOTE = re.compile(r"([A-Z0-9]{1,12}?)(USDT|USDC|BUSD|FDUSD|TUSD|USD|PERP)(?:\.?P(?:ERP)?)?")


def mark_symbols(tokens: list[Token]) -> list[Token]:
    """Return the tokens with pairs merged and every instrument's token tagged SYM or MAYBE."""
    marked: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind in {"WORD", "CASH", "HASH"}:
            width = _spaced_pair_width(tokens, index)
            if width > 1:
                token = _merge(tokens[index : index + width])
                index += width - 1
            token.symbol = _read(token)
            if token.symbol is not None:
                token.tag = "SYM" if token.symbol.strength > GUESS else "MAYBE"
        elif token.kind == "NUM" and token.unit == "" and _spaced_pair_width(tokens, index) == 3:
            token = _merge(tokens[index : index + 3])
            token.symbol = Symbol(f"{token.text.split('/')[0]}/USDT", AssetClass.CRYPTO, PAIR)
            token.tag = "SYM"
            index += 2
        marked.append(token)
        index += 1
    return marked


def crypto_pair(base: str, quote: str) -> Symbol:
    """Return the symbol of a crypto pair, with the old name of bitcoin folded."""
    base = {"XBT": "BTC"}.get(base, base)
    return Symbol(f"{base}/{'USDT' if quote == 'PERP' else quote}", AssetClass.CRYPTO, PAIR)


def _spaced_pair_width(tokens: list[Token], index: int) -> int:
    """Return 3 for `BTC / USDT`, 2 for `ETH USDT`, else 1."""
    if not _could_be_base(tokens[index]):
        return 1
    following = tokens[index + 1 : index + 3]
    if len(following) == 2 and following[0].kind == "P" and following[0].key in _SEPARATORS:
        quote = following[1]
        if quote.kind in {"WORD", "CASH", "HASH"} and _is_quote(_base_name(tokens[index]), _base_name(quote)):
            return 3
    if following and following[0].kind == "WORD" and not following[0].glued:
        quote_name = following[0].text
        if quote_name.upper() in {"USDT", "USDC"} or (
            _base_name(tokens[index]) in FIAT and quote_name in FIAT
        ):
            return 2
    return 1


def _could_be_base(token: Token) -> bool:
    name = _base_name(token)
    return bool(_CANDIDATE.fullmatch(name) or name.isdigit()) and name not in {*CRYPTO_QUOTES, "SPOT"} - FIAT


def _base_name(token: Token) -> str:
    return token.text.lstrip("$#").upper()


def _is_quote(base: str, quote: str) -> bool:
    if quote in FIAT and quote != "USD":
        return base in FIAT | METALS or base in CRYPTO_BASES
    if quote in CRYPTO_QUOTES:
        return True
    return quote in CRYPTO_CROSS_QUOTES and base != quote and base not in NOT_SYMBOLS | COMMON_WORDS | FIAT


def _merge(tokens: list[Token]) -> Token:
    first, last = tokens[0], tokens[-1]
    text = f"{_base_name(first)}/{_base_name(last)}"
    return Token("WORD", text, text.lower(), first.start, last.end)


def _read(token: Token) -> Symbol | None:
    name = token.text.lstrip("$#").upper()
    if "/" in name:
        return _pair(*name.split("/", 1))
    glued = _glued_pair(name)
    if glued is not None:
        return glued
    if token.kind in {"CASH", "HASH"}:
        return _read_marked(token, name)
    alias = ALIASES.get(token.key)
    if alias is not None:
        return _aliased(alias, FOLDED if token.text.islower() else LISTED)
    return _read_bare(token, name)


def _pair(base: str, quote: str) -> Symbol | None:
    if not _is_quote(base, quote):
        return None
    if base in METALS or (base in FIAT and quote in FIAT):
        return Symbol(f"{base}/{quote}", AssetClass.FOREX, PAIR)
    return crypto_pair(base, quote)


def _glued_pair(name: str) -> Symbol | None:
    if len(name) == 6 and (name[:3] in FIAT or name[:3] in METALS) and name[3:] in FIAT:
        return Symbol(f"{name[:3]}/{name[3:]}", AssetClass.FOREX, PAIR)
    if name in INDICES:
        return Symbol(name, AssetClass.FOREX, PAIR)
    match = _GLUED_QUOTE.fullmatch(name)
    if match is None or (match[2] in {"USD", "PERP"} and match[1] not in CRYPTO_BASES):
        return None
    return crypto_pair(match[1], match[2])


def _read_marked(token: Token, name: str) -> Symbol | None:
    if name in NOT_SYMBOLS and not (
        token.kind == "CASH" and (len(name) == 1 or name in STOCKS | CRYPTO_BASES)
    ):
        return None
    if len(name) > 12 or (
        token.kind == "HASH" and len(name) > 5 and name not in CRYPTO_BASES and not token.text[1:].isupper()
    ):
        return None
    alias = ALIASES.get(token.key)
    if alias is not None and token.kind == "HASH":
        return _aliased(alias, MARKED)
    family = _listed_class(name)
    if token.kind == "HASH" and family is AssetClass.STOCK and name not in OWN_STOCKS:
        family = None  # who marks with `#` mostly trades coins, and small coins share the tickers of stocks
    return Symbol(name.split(".", maxsplit=1)[0], family, MARKED)


def _aliased(alias: str, strength: int) -> Symbol:
    if "/" in alias:
        return Symbol(alias, AssetClass.FOREX, strength)
    if alias in CRYPTO_BASES and alias not in STOCKS:
        return Symbol(alias, AssetClass.CRYPTO, strength)
    return Symbol(alias, AssetClass.STOCK, strength)


def _listed_class(name: str) -> AssetClass | None:
    crypto, stock = name in CRYPTO_BASES, name in STOCKS
    if crypto == stock:
        return None
    return AssetClass.CRYPTO if crypto else AssetClass.STOCK


def _read_bare(token: Token, name: str) -> Symbol | None:
    if not _CANDIDATE.fullmatch(name) or name in NOT_SYMBOLS or name in COMMON_WORDS:
        return None
    upper = token.text.isupper()
    listed = name in CRYPTO_BASES or name in STOCKS
    if not listed:
        known_word = bool(lookup(token.key))
        candidate = upper and not known_word and 2 <= len(name) <= 10
        return Symbol(name, None, GUESS) if candidate else None
    if not upper and name not in FOLDABLE:
        return None
    strength = LISTED if upper else FOLDED
    if name in WORDLIKE:
        strength = GUESS
        if not upper and (
            lookup(token.key) or len(name) < 3 or (not token.text.istitle() and name not in CRYPTO_BASES)
        ):
            return None
    return Symbol(name, _listed_class(name), strength)
