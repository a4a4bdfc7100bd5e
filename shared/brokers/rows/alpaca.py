"""Alpaca: what it can do, and what it publishes of its limits.

Stocks: an OCO order takes two prices in one write, but only its first leg takes an id of ours; the other gets one of
the venue's, so after a lost answer it could not be looked up. Hence SINGLE and not PAIRED: stops rest, targets are
watched. The venue has trailing stops; the engine moves ours itself, because no stop that stands still could rest beside.
Parts of a share are taken for the day only and as simple orders. Crypto knows no stop at market. Options take market
and limit orders for the day and nothing else. Orders for stocks that come while the exchange is closed are queued by
the venue until it opens; market orders for options are refused then.
"""

from dataclasses import replace
from decimal import Decimal

from shared.brokers.capabilities import Capabilities, Quantities
from shared.brokers.venue import KEY_PAIR, OWN, Venue, paper_row
from shared.brokers.weights import Call, VenueLimits
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass
from shared.domain.orders import TimeInForce

STOP_LIMIT_PERCENT = Decimal(2)

# Every request counts as one. A new order and a cancel are looked up at once, and money is asked for in two parts.
LIMITS = VenueLimits(
    weight_per_minute=0,
    orders_per_10_seconds=0,
    orders_per_day=0,
    weights=dict.fromkeys(set(Call) - {Call.PAIR, Call.REPLACE}, 1)
    | dict.fromkeys((Call.SUBMIT, Call.CANCEL, Call.BALANCES), 2),
    account_weight_per_minute=200,
)

_WHOLE = Capabilities(
    venue="alpaca",
    asset_class=AssetClass.STOCK,
    takes_expiry=False,
    resolve_after_seconds=120,
    client_id_unique_for_good=True,
    cover=CoverStyle.SINGLE,
    shorts=False,
    fractional=True,
    poll_seconds=2.0,
    environments=OWN,
    quantities=Quantities.WHOLE,
    calendar="XNYS",
)

VENUE = Venue(
    name="alpaca",
    title="Alpaca",
    environments=(Environment.PAPER, *OWN),
    rows=(
        *(paper_row("alpaca", kind) for kind in (AssetClass.STOCK, AssetClass.OPTION, AssetClass.CRYPTO)),
        _WHOLE,
        replace(_WHOLE, quantities=Quantities.FRACTIONAL, longest_time_in_force=TimeInForce.DAY),
        replace(
            _WHOLE,
            asset_class=AssetClass.CRYPTO,
            quantities=Quantities.ANY,
            stop_limit_percent=STOP_LIMIT_PERCENT,
            calendar="",
        ),
        replace(
            _WHOLE,
            asset_class=AssetClass.OPTION,
            cover=CoverStyle.MANAGED,
            fractional=False,
            longest_time_in_force=TimeInForce.DAY,
        ),
    ),
    credentials=(KEY_PAIR, ("access_token",)),
    quote_asset="USD",
    published=LIMITS,
    key_advice=(
        "Make the key on your Alpaca dashboard, beside the account that it is for: paper and live "
        "have keys of their own."
    ),
)
