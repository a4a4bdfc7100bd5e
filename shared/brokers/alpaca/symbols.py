"""Which family a symbol of ours belongs to at Alpaca, told by its form alone."""

import re

from shared.domain.instruments import AssetClass

_is_occ = re.compile(r"[A-Z]{1,6}[0-9]?\d{6}[CP]\d{8}").fullmatch


def asset_class_of(symbol: str) -> AssetClass:
    """Tell crypto by its slash and options by their OCC form; the others are stocks."""
    if "/" in symbol:
        return AssetClass.CRYPTO
    return AssetClass.OPTION if _is_occ(symbol) else AssetClass.STOCK


def same_symbol(told: str, ours: str) -> bool:
    """Tell whether the venue means a symbol of ours: some of its lists write crypto pairs without the slash."""
    return told.replace("/", "") == ours.replace("/", "")
