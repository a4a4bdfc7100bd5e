"""How a reading becomes order legs: market, limit, stop entry, zones and ladders (DESIGN 7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.bots import BotSettings
from shared.domain.instruments import Instrument, pip_size
from shared.domain.money import HUNDRED
from shared.domain.orders import OrderType
from shared.domain.signals import Side, Signal, Trigger
from shared.domain.trades import StopSource, Trade

MAX_LEGS = 3
_BREAKOUT = {Side.BUY: Trigger.ABOVE, Side.SELL: Trigger.BELOW}


@dataclass(frozen=True, slots=True)
class Leg:
    """One entry order before sizing; `price` is what it is expected to cost at worst."""

    order_type: OrderType
    price: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StopChoice:
    """The stop of a trade: a price, or a percentage that waits for the fill."""

    price: Decimal
    source: StopSource
    percent: Decimal | None = None


def plan_legs(signal: Signal, instrument: Instrument, bid: Decimal, ask: Decimal) -> tuple[Leg, ...]:
    """Turn the entry of a reading into at most three legs at tradable prices."""
    side = signal.side or Side.BUY
    market = Leg(OrderType.MARKET, ask if side is Side.BUY else bid)
    if not signal.entry:
        return (market,)
    if signal.trigger is not None:
        price = instrument.round_price(signal.entry[0])
        if signal.trigger is _BREAKOUT[side]:
            return (_breakout_leg(side, price, bid, ask, market),)
        # A stop to buy below the market would trigger at once: waiting for a better price is a limit.
        return (_limit_leg(side, price, bid, ask, market),)
    return tuple(
        _limit_leg(side, instrument.round_price(price), bid, ask, market)
        for price in ladder_prices(signal.entry)
    )


def ladder_prices(points: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Choose at most three distinct prices of a zone or ladder: both ends and what lies between."""
    ordered = tuple(sorted(set(points)))
    if len(ordered) <= MAX_LEGS:
        return ordered
    return (ordered[0], ordered[len(ordered) // 2], ordered[-1])


def reference_price(legs: tuple[Leg, ...]) -> Decimal:
    """Return the mean price of the legs: what risk and percentages are measured from."""
    return sum((leg.price for leg in legs), Decimal(0)) / len(legs)


def choose_stop(
    signal: Signal, settings: BotSettings, instrument: Instrument, side: Side, reference: Decimal
) -> StopChoice | None:
    """Return whose stop the trade has; None where the message has none and the bot denies that."""
    if signal.stop_loss is not None:
        return StopChoice(instrument.round_price(signal.stop_loss), StopSource.MESSAGE)
    if signal.stop_loss_pct is not None:
        price = percent_away(reference, signal.stop_loss_pct, side.opposite)
        return StopChoice(instrument.round_price(price), StopSource.MESSAGE, signal.stop_loss_pct)
    if signal.stop_loss_pips is not None and (pip := pip_size(instrument)) is not None:
        percent = signal.stop_loss_pips * pip / reference * HUNDRED
        price = percent_away(reference, percent, side.opposite)
        return StopChoice(instrument.round_price(price), StopSource.MESSAGE, percent)
    if settings.missing_stop.value == "deny":
        return None
    percent = settings.stop_percent(instrument.asset_class)
    price = percent_away(reference, percent, side.opposite)
    return StopChoice(instrument.round_price(price), StopSource.DEFAULT, percent)


def target_percents(signal: Signal, instrument: Instrument, reference: Decimal) -> tuple[Decimal, ...]:
    """Return targets given as distances as percentages of the entry; pips only where the instrument has them."""
    pip = pip_size(instrument)
    if signal.take_profits_pct or pip is None:
        return signal.take_profits_pct
    return tuple(pips * pip / reference * HUNDRED for pips in signal.take_profits_pips)


def has_passed_by(trade: Trade, bid: Decimal, ask: Decimal) -> bool:
    """Tell whether the market has been at the stop or the first target: what has not entered by then is too late."""
    first = trade.targets[0].price if trade.targets else None
    if trade.side is Side.BUY:
        at_stop = trade.stop_price is not None and ask <= trade.stop_price
        return at_stop or (first is not None and bid >= first)
    at_stop = trade.stop_price is not None and bid >= trade.stop_price
    return at_stop or (first is not None and ask <= first)


def percent_away(price: Decimal, percent: Decimal, direction: Side) -> Decimal:
    """Return the price `percent` above (BUY) or below (SELL) a price."""
    share = percent / HUNDRED
    return price * (1 + share if direction is Side.BUY else 1 - share)


def entry_expiry(posted_at: datetime, settings: BotSettings) -> datetime:
    """Return when an unfilled entry is given up."""
    return posted_at + timedelta(seconds=settings.entry_valid_seconds)


def _limit_leg(side: Side, price: Decimal, bid: Decimal, ask: Decimal, market: Leg) -> Leg:
    is_better = ask <= price if side is Side.BUY else bid >= price
    return market if is_better else Leg(OrderType.LIMIT, price, limit_price=price)


def _breakout_leg(side: Side, price: Decimal, bid: Decimal, ask: Decimal, market: Leg) -> Leg:
    is_passed = ask >= price if side is Side.BUY else bid <= price
    return market if is_passed else Leg(OrderType.STOP, price, stop_price=price)
