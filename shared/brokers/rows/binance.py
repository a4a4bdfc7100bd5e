"""Binance spot: what it can do, and what it publishes of its limits."""

from shared.brokers.capabilities import Capabilities
from shared.brokers.venue import OWN, Venue, paper_row
from shared.brokers.weights import Call, VenueLimits
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass

LIMITS = VenueLimits(
    weight_per_minute=6000,
    orders_per_10_seconds=100,
    orders_per_day=200_000,
    weights={
        Call.SUBMIT: 1,
        Call.PAIR: 1,
        Call.REPLACE: 1,
        Call.CANCEL: 1,
        Call.ORDER: 4,
        Call.OPEN_ORDERS: 80,
        Call.OPEN_ORDERS_OF_SYMBOL: 6,
        Call.ORDERS_SINCE: 20,
        Call.FILLS: 20,
        Call.FILLS_OF_ORDER: 5,
        Call.BALANCES: 20,
        # Asked of another API with room of its own; the sandbox has none and tells it with the balances.
        Call.KEY_RIGHTS: 20,
        Call.INSTRUMENTS: 20,
        Call.QUOTES: 4,
        Call.QUOTE_OF_SYMBOL: 2,
        Call.LAST_PRICE: 2,
        Call.CLOCK: 1,
    },
)

VENUE = Venue(
    name="binance",
    title="Binance",
    environments=(Environment.PAPER, *OWN),
    rows=(
        paper_row("binance", AssetClass.CRYPTO),
        Capabilities(
            venue="binance",
            asset_class=AssetClass.CRYPTO,
            takes_expiry=True,
            resolve_after_seconds=30,
            client_id_unique_for_good=False,
            cover=CoverStyle.PAIRED,
            shorts=False,
            fractional=True,
            poll_seconds=2.0,
            environments=OWN,
            replaces_stops=True,
            # At 20 of 6,000 a minute each, some thousands of accounts take most of an hour.
            balance_max_age_seconds=3600,
        ),
    ),
    published=LIMITS,
    key_advice=(
        "Make the key at Binance under API Management: allow reading and spot trading, never "
        "withdrawals, and restrict it to our addresses where they are shown."
    ),
)
