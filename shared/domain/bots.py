"""A trading bot: one user's standing instruction for one provider on one account."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.domain.instruments import AssetClass
from shared.domain.money import parse_decimal
from shared.domain.signals import Side


class BotState(StrEnum):
    """Whether the bot enters; exits and cover go on in every state."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class SizingMethod(StrEnum):
    """How a quantity is chosen."""

    FIXED = "fixed"
    PERCENT = "percent"
    RISK = "risk"
    KELLY = "kelly"


class MissingStop(StrEnum):
    """What to do with a signal that names no stop (43 % of real ones)."""

    DEFAULT = "default"
    DENY = "deny"


class WiderStops(StrEnum):
    """What to do where a provider moves a stop further away."""

    DENY = "deny"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Sizing:
    """Method and amount: quote units for FIXED, percent of equity for PERCENT and RISK."""

    method: SizingMethod
    amount: Decimal = Decimal(0)

    def __str__(self) -> str:
        return str(self.method) if self.method is SizingMethod.KELLY else f"{self.method}:{self.amount}"


def parse_sizing(text: str) -> Sizing:
    """Read `fixed:100`, `percent:2`, `risk:1` or `kelly`.

    Raises
    ------
    ValueError
        If the method is unknown or its amount is missing, not positive or above 100 percent.
    """
    method_text, _, amount_text = text.partition(":")
    try:
        method = SizingMethod(method_text)
    except ValueError:
        raise ValueError(f"sizing must be fixed:AMOUNT, percent:P, risk:P or kelly, not {text!r}") from None
    if method is SizingMethod.KELLY:
        if amount_text:
            raise ValueError("kelly takes no amount")
        return Sizing(method)
    amount = parse_decimal(amount_text) if amount_text else Decimal(0)
    if amount <= 0:
        raise ValueError(f"sizing {method} needs a positive amount")
    if method is not SizingMethod.FIXED and amount > 100:
        raise ValueError(f"sizing {method} takes at most 100 percent")
    return Sizing(method, amount)


DEFAULT_STOP_PERCENT: dict[AssetClass, Decimal] = {
    AssetClass.CRYPTO: Decimal(5),
    AssetClass.STOCK: Decimal(4),
    AssetClass.OPTION: Decimal(30),
    AssetClass.FOREX: Decimal("0.5"),
}


@dataclass(frozen=True)
class BotSettings:
    """Limits and filters of a trading bot, with the defaults of DESIGN 7.

    Times are in seconds, percentages of 100, R in distances from the entry to its stop. `default_stop_percent` of zero
    means the table by asset class. Losses are measured against what was there when the day began.
    `confirm_seconds` above zero asks the follower first, and waits so long for a yes.
    """

    max_open_positions: int = 3
    max_per_symbol: int = 1
    max_daily_loss_percent: Decimal = Decimal(5)
    max_user_loss_percent: Decimal = Decimal(5)
    max_portfolio_risk_percent: Decimal = Decimal(10)
    flatten_on_loss: bool = False
    max_signal_age_seconds: int = 120
    max_drift_r: Decimal = Decimal("0.5")
    min_confidence: Decimal = Decimal("0.6")
    entry_valid_seconds: int = 4 * 3600
    missing_stop: MissingStop = MissingStop.DEFAULT
    default_stop_percent: Decimal = Decimal(0)
    max_position_percent: Decimal = Decimal(25)
    entry_split: tuple[Decimal, ...] = ()
    target_split: tuple[Decimal, ...] = ()
    break_even_after: int = 0
    trailing_stop_percent: Decimal = Decimal(0)
    max_leverage: int = 3
    option_min_days: int = 0
    wider_stops: WiderStops = WiderStops.DENY
    allowed_symbols: tuple[str, ...] = ()
    blocked_symbols: tuple[str, ...] = ()
    asset_classes: tuple[AssetClass, ...] = ()
    sides: tuple[Side, ...] = ()
    confirm_seconds: int = 0
    trading_hours: str = ""
    exchange: str = ""
    time_zone: str = "UTC"

    def stop_percent(self, asset_class: AssetClass) -> Decimal:
        """Return the default stop distance in percent of the entry."""
        return self.default_stop_percent or DEFAULT_STOP_PERCENT[asset_class]


@dataclass(frozen=True)
class TradingBot:
    """Provider × account × sizing × settings, owned by one user.

    `own` names the settings that the bot itself has set; None where it has set all (see `shared.domain.layers`).
    """

    trading_bot_id: str
    user_id: str
    provider_id: str
    account_id: str
    state: BotState
    sizing: Sizing
    settings: BotSettings
    own: tuple[str, ...] | None = None
