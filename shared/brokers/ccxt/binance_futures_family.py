"""Binance's USD-M futures as a place knows them."""

from shared.brokers.ccxt.binance_family import Family
from shared.brokers.ccxt.binance_futures_listings import read_listings
from shared.brokers.ccxt.binance_futures_refusals import WORDS

FUTURES = Family(
    name="futures",
    paths={
        "fapiPublic": "/fapi/v1",
        "fapiPrivate": "/fapi/v1",
        "fapiPrivateV2": "/fapi/v2",
        "fapiPrivateV3": "/fapi/v3",
    },
    public="fapiPublic",
    private="fapiPrivate",
    listing_params={},
    read_listings=read_listings,
    words=WORDS,
)
