"""What a venue can do, one row for each asset class and kind of quantity: data that plans, gates and pages read."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle, CoverTerms
from shared.domain.instruments import AssetClass
from shared.domain.orders import TimeInForce


class Quantities(StrEnum):
    """Which quantities a row is about: some venues take fewer kinds of orders for parts of a unit."""

    ANY = "any"
    WHOLE = "whole"
    FRACTIONAL = "fractional"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one venue can do for one asset class, and there for whole or fractional quantities.

    `resolve_after_seconds` is W: how long after a claim a not-found may count as proof (30 where the
    venue takes an expiry, else 120; RELIABILITY 2). `client_id_unique_for_good` is false where a
    filled order frees its id. `replaces_stops`: a resting stop can be replaced in one write.
    `balance_max_age_seconds`: how old a balance may be that is planned with; our own fills and reservations are
    folded into it, so a venue that lets balances be read seldom is planned with an older one.
    `poll_seconds` is the shortest sensible interval between polls of one account.
    `stop_limit_percent`: the venue has no stop that sells at market; ours is a stop-limit whose limit lies so many
    percent beyond the stop, and one that the market has jumped over is closed at market. None where stops are plain.
    `longest_time_in_force`: DAY where orders end with the session and cover is placed again before the next one.
    `trails`: the venue trails stops itself. `max_leverage`: 1 where positions are paid for in full; above it
    positions are isolated, reduce-only exits share one position, and `shared.brokers.margin` is what the broker adds.
    `calendar`: the exchange (ISO 10383) whose sessions bound trading, empty where it never closes.
    """

    venue: str
    asset_class: AssetClass
    takes_expiry: bool
    resolve_after_seconds: int
    client_id_unique_for_good: bool
    cover: CoverStyle
    shorts: bool
    fractional: bool
    poll_seconds: float
    environments: tuple[Environment, ...]
    quantities: Quantities = Quantities.ANY
    replaces_stops: bool = False
    stop_limit_percent: Decimal | None = None
    longest_time_in_force: TimeInForce = TimeInForce.GTC
    trails: bool = False
    max_leverage: int = 1
    calendar: str = ""
    balance_max_age_seconds: int = 180

    @property
    def cover_terms(self) -> CoverTerms:
        """The terms that plans of cover ask for."""
        return CoverTerms(
            style=self.cover,
            replaces_stops=self.replaces_stops,
            stop_limit_percent=self.stop_limit_percent,
            longest_time_in_force=self.longest_time_in_force,
            trails=self.trails,
        )

    def is_about(self, quantity: Decimal | None) -> bool:
        """Tell whether the row is about such a quantity; without one, whether it is about whole ones."""
        if self.quantities is Quantities.ANY:
            return True
        is_whole = quantity is None or quantity == quantity.to_integral_value()
        return is_whole == (self.quantities is Quantities.WHOLE)
