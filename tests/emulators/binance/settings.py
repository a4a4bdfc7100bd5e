"""What tests may set about the venue as a whole."""

from dataclasses import dataclass, fields, replace
from typing import Any

MODES = {
    "client_ids": ("open", "always", "return_existing"),
    "fee_asset": ("received", "bnb", "quote"),
    "passed_stops": ("refuse", "trigger"),
}


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """How the venue behaves.

    `client_ids` says when a client order id may come again: once its order is no longer `open`, never
    (`always`), or it brings back the old order (`return_existing`). `fee_asset` is what was `received`,
    the `quote` asset, or `bnb` where there is enough of it. `passed_stops`: what becomes of a stop that the
    price has passed when it comes; `stops_lock`: whether one sets its money aside while it waits. `fills_per_execution` splits what is filled at once; each
    further part of a taker is a tick worse. `limits` enforces the ceilings: `ban_after` refusals in
    one window ban the address for `ban_seconds`.
    """

    client_ids: str = "open"
    fee_asset: str = "received"
    fee_rate: str = "0.001"
    passed_stops: str = "refuse"
    stops_lock: bool = True
    fills_per_execution: int = 1
    limits: bool = False
    weight_limit: int = 6000
    order_limit: int = 100
    day_order_limit: int = 200_000
    ban_after: int = 10
    ban_seconds: int = 120
    clock_skew_seconds: float = 0.0

    def changed(self, changes: dict[str, Any]) -> "VenueSettings":
        """A copy with some settings changed; ValueError for what does not exist."""
        unknown = changes.keys() - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"unknown settings {sorted(unknown)}")
        for name, allowed in MODES.items():
            if name in changes and changes[name] not in allowed:
                raise ValueError(f"{name} is one of {allowed}")
        return replace(self, **changes)
