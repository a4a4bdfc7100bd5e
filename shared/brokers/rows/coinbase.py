"""Coinbase: what it can do, and what it publishes of its limits.

It has no stop at market: ours is a stop-limit whose limit lies beyond the stop. Its brackets would hold a stop and a
target in one order, which has one id and no way to change either part alone: stops rest, targets are watched by us.
Its sandbox answers everything with the same canned text, so that there is nothing to trade at.
"""

from decimal import Decimal

from shared.brokers.capabilities import Capabilities
from shared.brokers.venue import Venue, paper_row
from shared.brokers.weights import Call, VenueLimits
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass

STOP_LIMIT_PERCENT = Decimal(2)

# Thirty requests a second of each key, whatever they are; public ones are counted by address, ten a second.
LIMITS = VenueLimits(
    weight_per_minute=0,
    orders_per_10_seconds=0,
    orders_per_day=0,
    weights=dict.fromkeys(set(Call) - {Call.PAIR, Call.REPLACE}, 1)
    # A new order and a cancel are looked up at once; an order of which only our id is known is looked for in two
    # lists; the clock is asked for twice.
    | dict.fromkeys((Call.SUBMIT, Call.CANCEL, Call.ORDER, Call.CLOCK), 2),
    account_weight_per_minute=1800,
)

VENUE = Venue(
    name="coinbase",
    title="Coinbase",
    environments=(Environment.PAPER, Environment.LIVE),
    rows=(
        paper_row("coinbase", AssetClass.CRYPTO),
        Capabilities(
            venue="coinbase",
            asset_class=AssetClass.CRYPTO,
            takes_expiry=False,
            resolve_after_seconds=120,
            client_id_unique_for_good=True,
            cover=CoverStyle.SINGLE,
            shorts=False,
            fractional=True,
            poll_seconds=2.0,
            environments=(Environment.LIVE,),
            stop_limit_percent=STOP_LIMIT_PERCENT,
        ),
    ),
    quote_asset="USD",
    private_key=True,
    published=LIMITS,
    key_advice=(
        "Make the key on Coinbase's developer platform with the rights View and Trade, never "
        "Transfer, and with the ECDSA algorithm; paste the private key with all its lines."
    ),
)
