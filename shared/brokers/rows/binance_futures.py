"""Binance's USD-M futures: what they can do, and what they publish of their limits."""

from shared.brokers.capabilities import Capabilities
from shared.brokers.venue import OWN, Venue, paper_row
from shared.brokers.weights import Call, VenueLimits
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass

MAX_LEVERAGE = 20
"""The common ceiling: what a new account may ask of most contracts. What a symbol allows is read before it is set."""

# Orders that wait for a price are kept apart from all others, so most calls are made of a question to each.
LIMITS = VenueLimits(
    weight_per_minute=2400,
    orders_per_10_seconds=300,
    # 1,200 in a minute, which no row here can say.
    orders_per_day=1_728_000,
    weights={
        # The address pays nothing for an order; one is what is certainly enough.
        Call.SUBMIT: 1,
        Call.CANCEL: 2,
        Call.ORDER: 3,
        Call.OPEN_ORDERS: 80,
        Call.OPEN_ORDERS_OF_SYMBOL: 2,
        Call.ORDERS_SINCE: 10,
        Call.FILLS: 5,
        Call.FILLS_OF_ORDER: 5,
        # With the positions, which are read beside the balances.
        Call.BALANCES: 15,
        Call.KEY_RIGHTS: 5,
        Call.INSTRUMENTS: 1,
        Call.QUOTES: 5,
        Call.QUOTE_OF_SYMBOL: 2,
        Call.LAST_PRICE: 1,
        Call.CLOCK: 1,
    },
)

VENUE = Venue(
    name="binance_futures",
    title="Binance Futures",
    environments=(Environment.PAPER, *OWN),
    rows=(
        paper_row("binance_futures", AssetClass.CRYPTO),
        Capabilities(
            venue="binance_futures",
            asset_class=AssetClass.CRYPTO,
            takes_expiry=True,
            resolve_after_seconds=30,
            client_id_unique_for_good=False,
            cover=CoverStyle.REDUCE_ONLY,
            shorts=True,
            fractional=True,
            poll_seconds=2.0,
            environments=OWN,
            trails=True,
            max_leverage=MAX_LEVERAGE,
        ),
    ),
    published=LIMITS,
    key_advice=(
        "Make the key at Binance under API Management: allow reading and futures, never withdrawals. "
        "The account must be in one-way mode and single-asset mode."
    ),
)
