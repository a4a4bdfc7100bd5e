"""KuCoin spot: what it can do, and what it publishes of its limits.

A stop rests without holding anything: its quantity is looked for when it is met, and where it is not free any more the
stop ends without a sale. It has an order of two prices, but none that takes ids of ours for both; hence SINGLE: stops
rest, targets are watched. Plain orders may name a window in which the venue's door takes them; nothing that waits
behind the door is refused for its age, so no row says that the venue takes an expiry.

Limits are counted by account, from the first request on for 30 s: 4,000 for orders and questions about them, 2,000
apart for money and keys, and 2,000 by address for what is public; accounts that trade much may ask more. The fields
here hold the first, told by the minute. A limiter could learn from the answers' `gw-ratelimit-remaining` how much is
left of a window, from `gw-ratelimit-limit` what an account may ask, and that the three rooms are apart.
"""

from shared.brokers.capabilities import Capabilities
from shared.brokers.venue import Venue, paper_row
from shared.brokers.weights import Call, VenueLimits
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.instruments import AssetClass

LIMITS = VenueLimits(
    weight_per_minute=0,
    orders_per_10_seconds=0,
    orders_per_day=0,
    weights={
        # A new order is looked up at once, with its executions if it has any.
        Call.SUBMIT: 5,
        # Where we do not know to which family it belongs, both are asked.
        Call.CANCEL: 8,
        Call.ORDER: 8,
        # One question tells the symbols, one lists the orders of each, one all stops.
        Call.OPEN_ORDERS: 12,
        Call.OPEN_ORDERS_OF_SYMBOL: 10,
        Call.ORDERS_SINCE: 2,
        Call.FILLS: 2,
        Call.FILLS_OF_ORDER: 2,
        Call.BALANCES: 5,
        Call.KEY_RIGHTS: 20,
        Call.INSTRUMENTS: 4,
        Call.QUOTES: 15,
        Call.QUOTE_OF_SYMBOL: 2,
        Call.LAST_PRICE: 2,
        Call.CLOCK: 3,
    },
    account_weight_per_minute=8000,
)

VENUE = Venue(
    name="kucoin",
    title="KuCoin",
    environments=(Environment.PAPER, Environment.LIVE),
    rows=(
        paper_row("kucoin", AssetClass.CRYPTO),
        Capabilities(
            venue="kucoin",
            asset_class=AssetClass.CRYPTO,
            takes_expiry=False,
            resolve_after_seconds=120,
            client_id_unique_for_good=False,
            cover=CoverStyle.SINGLE,
            shorts=False,
            fractional=True,
            poll_seconds=2.0,
            environments=(Environment.LIVE,),
        ),
    ),
    credentials=(("api_key", "secret", "passphrase"),),
    published=LIMITS,
    key_advice=(
        "Make the key at KuCoin under API Management: allow General and Spot Trading, never Transfer "
        "or Withdrawal. The passphrase is the one that you chose for this key."
    ),
)
