"""The published limits: request weight per source address, unfilled orders per account.

Windows are fixed and begin on the venue's clock: the full minute, every ten seconds, midnight in UTC.
They are always counted and shown in headers; refusals come only where the settings ask for them.
"""

from dataclasses import dataclass

from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance.settings import VenueSettings

MINUTE, TEN_SECONDS, DAY = 60, 10, 86_400
# A first fill gives room back: one order to who took, five to who rested.
BACK_TO_TAKER, BACK_TO_MAKER = 1, 5


@dataclass(frozen=True, slots=True)
class Window:
    """The longer of the two windows that orders are counted in: its seconds, and what it is called."""

    seconds: int
    name: str
    short: str


DAY_WINDOW = Window(DAY, "1 DAY", "1d")
MINUTE_WINDOW = Window(MINUTE, "1 MINUTE", "1m")


@dataclass(slots=True)
class Usage:
    """What was used in one window."""

    window: int = -1
    used: int = 0
    refusals: int = 0

    def at(self, window: int) -> "Usage":
        """The usage in a window; a new one begins at zero."""
        if window != self.window:
            self.window, self.used, self.refusals = window, 0, 0
        return self


class Limits:
    """Counts, and refuses where asked to. Times are whole seconds of the venue's clock."""

    def __init__(self, long_window: Window = DAY_WINDOW) -> None:
        self._long = long_window
        self._weights: dict[str, Usage] = {}
        self._orders: dict[str, tuple[Usage, Usage]] = {}
        self._banned_until: dict[str, int] = {}

    def charge(self, address: str, weight: int, now: int, settings: VenueSettings) -> int:
        """Count a request and say how much is used; raises Refusal(429), and 418 where that is ignored."""
        usage = self._weights.setdefault(address, Usage()).at(now // MINUTE)
        usage.used += weight
        if settings.limits and usage.used > settings.weight_limit:
            usage.refusals += 1
            if usage.refusals > settings.ban_after:
                self.ban(address, now, settings.ban_seconds)
                self.check_ban(address, now)
            raise Refusal(
                -1003,
                f"Too much request weight used; current limit is {settings.weight_limit} request weight per "
                "1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
                status=429,
                headers={"Retry-After": str(MINUTE - now % MINUTE)},
            )
        return usage.used

    def used(self, address: str, now: int) -> int:
        """The weight an address has used in this minute."""
        return self._weights.setdefault(address, Usage()).at(now // MINUTE).used

    def ban(self, address: str, now: int, seconds: int) -> None:
        """Refuse everything from an address for a while."""
        self._banned_until[address] = now + seconds

    def check_ban(self, address: str, now: int) -> None:
        """Raise Refusal(418) while an address is banned."""
        until = self._banned_until.get(address)
        if until is None:
            return
        if until <= now:
            del self._banned_until[address]
            return
        raise Refusal(
            -1003,
            f"Way too much request weight used; IP banned until {until * 1000}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            status=418,
            headers={"Retry-After": str(until - now)},
        )

    def lift(self) -> None:
        """Forget every ban."""
        self._banned_until.clear()

    def check_orders(self, key: str, now: int, settings: VenueSettings) -> None:
        """Raise Refusal(429) if an account may place no more orders in this window."""
        if not settings.limits:
            return
        counts, ceilings = self.orders(key, now), (settings.order_limit, settings.day_order_limit)
        for count, ceiling, name, length in zip(
            counts, ceilings, ("10 SECOND", self._long.name), (TEN_SECONDS, self._long.seconds), strict=True
        ):
            if count >= ceiling:
                raise Refusal(
                    -1015,
                    f"Too many new orders; current limit is {ceiling} orders per {name}.",
                    status=429,
                    headers={"Retry-After": str(length - now % length)},
                )

    def count_orders(self, key: str, number: int, now: int) -> None:
        """Add new orders to an account's counts."""
        for usage in self._usages(key, now):
            usage.used += number

    def give_back(self, key: str, now: int, *, is_maker: bool) -> None:
        """An order was filled for the first time."""
        for usage in self._usages(key, now):
            usage.used = max(0, usage.used - (BACK_TO_MAKER if is_maker else BACK_TO_TAKER))

    def orders(self, key: str, now: int) -> tuple[int, int]:
        """An account's unfilled orders in these ten seconds and in the longer window."""
        short, long = self._usages(key, now)
        return short.used, long.used

    def _usages(self, key: str, now: int) -> tuple[Usage, Usage]:
        usages = self._orders.get(key)
        if usages is None:
            usages = self._orders[key] = (Usage(), Usage())
        usages[0].at(now // TEN_SECONDS)
        usages[1].at(now // self._long.seconds)
        return usages
