"""Binance's markets as places know them: how ccxt names their APIs, how they list and how they refuse."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.brokers.ccxt.binance_client import SPOT_PATHS
from shared.brokers.ccxt.binance_listings import Listings, read_listings
from shared.brokers.ccxt.binance_refusals import SPOT as SPOT_WORDS
from shared.brokers.ccxt.binance_words import Words


@dataclass(frozen=True, slots=True)
class Family:
    """One market.

    `paths`: by ccxt's name of an API, where it stands at an address. `public` and `private` are the names of those
    that are asked unless another is named. `listing_params`: what `exchangeInfo` is asked with.
    """

    name: str
    paths: Mapping[str, str]
    public: str
    private: str
    listing_params: Mapping[str, str]
    read_listings: Callable[[Any], Listings]
    words: Words


SPOT = Family(
    name="spot",
    paths=SPOT_PATHS,
    public="public",
    private="private",
    listing_params={"showPermissionSets": "false"},
    read_listings=read_listings,
    words=SPOT_WORDS,
)
