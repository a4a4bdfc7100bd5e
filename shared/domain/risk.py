"""The gates, in order: each a pure function of the facts that passes or denies with a reason.

A gate sees everything about one signal for one trading bot and says what it looked at and what it
was held against, so that a receipt explains itself. The first denial ends the walk (DESIGN 7).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared.domain.accounts import Account, AccountStatus
from shared.domain.bots import TradingBot
from shared.domain.entry import Leg, StopChoice, choose_stop, plan_legs, reference_price
from shared.domain.errors import Denial
from shared.domain.halts import Halt
from shared.domain.instruments import Instrument
from shared.domain.ladder import repeat_last, split_quantity
from shared.domain.money import ONE, ZERO, to_plain
from shared.domain.plans import PLANS, Tier
from shared.domain.receipts import GateResult, Verdict
from shared.domain.signals import Side, Signal
from shared.domain.sizing import plan_quantity, risk_money
from shared.domain.trades import Trade

_AFTER_COMMISSION = Decimal("0.99")
"""What is left of a leg to be covered, at least: venues take up to one percent of it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the gates may look at, read before they run; `now` and prices are part of it."""

    signal: Signal
    symbol: str | None
    posted_at: datetime
    now: datetime
    bot: TradingBot
    account: Account
    tier: Tier
    signals_today: int
    provider_active: bool
    may_follow: bool
    halt: Halt | None
    duplicate_of: str | None
    instrument: Instrument | None
    shorts: bool
    bid: Decimal | None
    ask: Decimal | None
    trades: tuple[Trade, ...]
    trade_id: str
    closed_trades: int = 0

    @property
    def side(self) -> Side:
        """The side to enter; a message that implies none is a buy."""
        return self.signal.side or Side.BUY


@dataclass(frozen=True, slots=True)
class SizedEntry:
    """What passes all gates: legs with quantities, the stop, and the worst case in money."""

    legs: tuple[tuple[Leg, Decimal], ...]
    reference: Decimal
    stop: StopChoice
    quantity: Decimal
    notional: Decimal
    risk: Decimal


@dataclass(frozen=True, slots=True)
class Seen:
    """What one gate looked at and was held against; `denial` where it refuses."""

    input: str
    threshold: str
    denial: Denial | None = None


Gate = Callable[[Facts], Seen]


def run_gates(facts: Facts) -> tuple[tuple[GateResult, ...], Denial | None]:
    """Walk the gates in order; those after the first denial are marked as skipped."""
    results: list[GateResult] = []
    denial: Denial | None = None
    for name, gate in GATES:
        if denial is not None:
            results.append(GateResult(name, "", "", Verdict.SKIPPED))
            continue
        seen = gate(facts)
        denial = seen.denial
        results.append(
            GateResult(name, seen.input, seen.threshold, Verdict.DENIED if denial else Verdict.PASSED)
        )
    return tuple(results), denial


def size_entry(facts: Facts) -> SizedEntry | Denial:
    """Compute legs, stop and quantities; the gates and the plan call this same function."""
    priced = _priced(facts)
    if isinstance(priced, Denial):
        return priced
    legs, reference, stop = priced
    instrument = _known(facts.instrument)
    quantity = plan_quantity(
        facts.bot.sizing,
        instrument,
        equity=facts.account.balance_total,
        entry=reference,
        stop=stop.price,
        max_position_percent=facts.bot.settings.max_position_percent,
        closed_trades=facts.closed_trades,
    )
    if isinstance(quantity, Denial):
        return quantity
    weights = facts.bot.settings.entry_split
    sizes = _fit_to_legs(quantity, legs, reference, stop.price, instrument, weights)
    if not any(sizes):
        return Denial(
            "BELOW_MINIMUM",
            f"The size would be {to_plain(quantity)} {instrument.base}: that, or what its stop would sell, is worth "
            f"less than the venue's minimum of {to_plain(instrument.minimum_notional)} {instrument.quote}.",
        )
    sized = tuple((leg, size) for leg, size in zip(legs, sizes, strict=True) if size)
    return SizedEntry(
        legs=sized,
        reference=reference,
        stop=stop,
        quantity=sum((size for _, size in sized), ZERO),
        notional=sum((instrument.notional(size, leg.price) for leg, size in sized), ZERO),
        risk=sum((risk_money(instrument, size, leg.price, stop.price) for leg, size in sized), ZERO),
    )


def _fit_to_legs(
    quantity: Decimal,
    legs: tuple[Leg, ...],
    reference: Decimal,
    stop: Decimal,
    instrument: Instrument,
    weights: tuple[Decimal, ...],
) -> tuple[Decimal, ...]:
    """Split a quantity over legs so that together they cost and risk no more than it does at the reference.

    Dropped legs and left-over lots shift it to dearer prices; then less is taken.
    """
    worth = instrument.notional(quantity, reference)
    risk = risk_money(instrument, quantity, reference, stop)
    prices = tuple(leg.price for leg in legs)
    # A leg must be worth the venue's minimum at its stop too, after commission: or nothing could cover it.
    coverable = tuple(min(price, stop) * _AFTER_COMMISSION for price in prices)
    taken = quantity
    while True:  # ends: every pass takes at least one lot less, down to none
        sizes = split_quantity(taken, coverable, instrument, repeat_last(weights, len(legs)))
        placed = list(zip(sizes, prices, strict=True))
        if not any(sizes):
            return sizes
        excess = sum((instrument.notional(size, price) for size, price in placed), ZERO) / worth
        if risk > ZERO:
            risked = sum((risk_money(instrument, size, price, stop) for size, price in placed), ZERO)
            excess = max(excess, risked / risk)
        if excess <= ONE:
            return sizes
        taken = instrument.floor_quantity(taken / excess)


def _priced(facts: Facts) -> tuple[tuple[Leg, ...], Decimal, StopChoice] | Denial:
    if facts.bid is None or facts.ask is None:
        return Denial("NO_QUOTE", f"No current price of {facts.symbol} at {facts.account.venue}.")
    instrument = _known(facts.instrument)
    legs = plan_legs(facts.signal, instrument, facts.bid, facts.ask)
    reference = reference_price(legs)
    stop = choose_stop(facts.signal, facts.bot.settings, instrument, facts.side, reference)
    if stop is None:
        return Denial("STOP_MISSING", "The message names no stop and this bot trades only with one.")
    return legs, reference, stop


def _known(instrument: Instrument | None) -> Instrument:
    if instrument is None:
        raise ValueError("the instrument gate runs before anything that needs the instrument")
    return instrument


def _duplicate(facts: Facts) -> Seen:
    if facts.duplicate_of is None:
        return Seen("first of its content", "one in 10 minutes")
    detail = f"The provider posted the same signal before (message {facts.duplicate_of})."
    return Seen(f"same as {facts.duplicate_of}", "one in 10 minutes", Denial("DUPLICATE_CONTENT", detail))


def _halt(facts: Facts) -> Seen:
    if facts.halt is None:
        return Seen("active", "active")
    detail = (
        f"Trading is {facts.halt.state} for {facts.halt.scope}: {facts.halt.reason or 'no reason given'}."
    )
    return Seen(f"{facts.halt.state} ({facts.halt.scope})", "active", Denial("HALT", detail))


def _account(facts: Facts) -> Seen:
    status = facts.account.status
    if status is AccountStatus.ACTIVE:
        return Seen(str(status), "active")
    detail = facts.account.status_reason or f"The account {facts.account.name} is {status}."
    return Seen(str(status), "active", Denial("ACCOUNT_NOT_READY", detail))


def _right_to_follow(facts: Facts) -> Seen:
    if facts.provider_active and facts.may_follow:
        return Seen("allowed", "allowed")
    return Seen(
        "not allowed", "allowed", Denial("NO_RIGHT_TO_FOLLOW", "You may not follow this provider now.")
    )


def _plan_limit(facts: Facts) -> Seen:
    limit = PLANS[facts.tier].signals_per_day
    seen = f"{facts.signals_today} today"
    if limit is None or facts.signals_today < limit:
        return Seen(seen, "unlimited" if limit is None else str(limit))
    detail = f"The {facts.tier} plan copies {limit} signals a day."
    return Seen(seen, str(limit), Denial("PLAN_LIMIT", detail))


def _confidence(facts: Facts) -> Seen:
    wanted = facts.bot.settings.min_confidence
    seen = f"{facts.signal.confidence:.2f}"
    if facts.signal.confidence >= wanted:
        return Seen(seen, f"{wanted}")
    detail = f"The reading is {seen} sure; this bot asks for {wanted}."
    return Seen(seen, f"{wanted}", Denial("LOW_CONFIDENCE", detail))


def _symbol_allowed(facts: Facts) -> Seen:
    # A contract that is not decided is filtered by its underlying; the next gate says what is missing.
    settings, symbol = facts.bot.settings, facts.symbol or facts.signal.symbol or "no symbol"
    allowed = ", ".join(settings.allowed_symbols) or "any"
    if symbol in settings.blocked_symbols or (
        settings.allowed_symbols and symbol not in settings.allowed_symbols
    ):
        return Seen(symbol, allowed, Denial("SYMBOL_FILTERED", f"This bot does not trade {symbol}."))
    asset_class = facts.signal.asset_class
    if settings.asset_classes and asset_class not in settings.asset_classes:
        return Seen(
            str(asset_class), "filter", Denial("SYMBOL_FILTERED", f"This bot does not trade {asset_class}.")
        )
    return Seen(symbol, allowed)


def _tradable(facts: Facts) -> Seen:
    venue = facts.account.venue
    if facts.symbol is None:
        detail = "The message does not say which contract: its expiry, strike or right is missing."
        return Seen("no contract", venue, Denial("CONTRACT_UNDECIDED", detail))
    if facts.instrument is None:
        detail = f"{facts.symbol} cannot be traded at {venue}."
        return Seen(facts.symbol, venue, Denial("INSTRUMENT_NOT_TRADABLE", detail))
    if facts.side is Side.SELL and not facts.shorts:
        detail = f"{venue} cannot sell {facts.symbol} short for this account."
        return Seen("sell", "buy", Denial("SHORT_NOT_POSSIBLE", detail))
    return Seen(facts.symbol, venue)


def _staleness(facts: Facts) -> Seen:
    age = (facts.now - facts.posted_at).total_seconds()
    limit = facts.bot.settings.max_signal_age_seconds
    seen = f"{age:.0f} s"
    if age <= limit:
        return Seen(seen, f"{limit} s")
    detail = f"The signal was {seen} old when it could be traded; your limit is {limit} s."
    return Seen(seen, f"{limit} s", Denial("STALE", detail))


def _trading_hours(facts: Facts) -> Seen:
    hours = facts.bot.settings.trading_hours
    if not hours:
        return Seen("any time", "any time")
    local = facts.now.astimezone(ZoneInfo(facts.bot.settings.time_zone)).time()
    opens, closes = (time.fromisoformat(part) for part in hours.split("-"))
    inside = opens <= local < closes if opens <= closes else local >= opens or local < closes
    seen = local.strftime("%H:%M")
    if inside:
        return Seen(seen, hours)
    return Seen(seen, hours, Denial("OUTSIDE_HOURS", f"It was {seen}; this bot trades {hours}."))


def _stop(facts: Facts) -> Seen:
    priced = _priced(facts)
    if isinstance(priced, Denial):
        return Seen("none", "a stop", priced)
    legs, reference, stop = priced
    entry = reference
    if stop.percent is None:
        # A price must lie beyond every leg: a fill behind its own stop would leave at once.
        entry = (min if facts.side is Side.BUY else max)(leg.price for leg in legs)
    is_right = stop.price < entry if facts.side is Side.BUY else stop.price > entry
    seen = f"{to_plain(stop.price)} ({stop.source})"
    wanted = f"{'below' if facts.side is Side.BUY else 'above'} {to_plain(entry)}"
    if not is_right or stop.price <= ZERO:
        detail = f"The stop {to_plain(stop.price)} is not {wanted}, where the entry would be now."
        return Seen(seen, wanted, Denial("STOP_WRONG_SIDE", detail))
    held_against = facts.bid if facts.side is Side.BUY else facts.ask
    is_passed = held_against is not None and (
        held_against <= stop.price if facts.side is Side.BUY else held_against >= stop.price
    )
    if is_passed:
        return Seen(seen, wanted, Denial("STOP_ALREADY_PASSED", "The price has passed the stop already."))
    return Seen(seen, wanted)


def _netting(facts: Facts) -> Seen:
    opposite = [t for t in _others(facts) if t.symbol == facts.symbol and t.side is not facts.side]
    if not opposite:
        return Seen("none", "no opposite trade")
    detail = f"An opposite trade of {facts.symbol} is open on this account."
    return Seen(opposite[0].trade_id, "no opposite trade", Denial("NETTING", detail))


def _max_open(facts: Facts) -> Seen:
    taken = {t.trade_id for t in _others(facts)} | _reserved(facts)
    limit = facts.bot.settings.max_open_positions
    if len(taken) < limit:
        return Seen(str(len(taken)), str(limit))
    detail = f"{len(taken)} positions are open or about to be; your limit is {limit}."
    return Seen(str(len(taken)), str(limit), Denial("MAX_OPEN_POSITIONS", detail))


def _max_per_symbol(facts: Facts) -> Seen:
    limit = facts.bot.settings.max_per_symbol
    taken = {t.trade_id for t in _others(facts) if t.symbol == facts.symbol}
    taken |= {
        held.trade_id
        for held in facts.account.reservations.values()
        if held.symbol == facts.symbol and held.trade_id != facts.trade_id
    }
    if len(taken) < limit:
        return Seen(str(len(taken)), str(limit))
    detail = f"{facts.symbol} has {len(taken)} open already; your limit is {limit}."
    return Seen(str(len(taken)), str(limit), Denial("MAX_PER_SYMBOL", detail))


def _sizing(facts: Facts) -> Seen:
    sized = size_entry(facts)
    method = str(facts.bot.sizing)
    if isinstance(sized, Denial):
        return Seen("no size", method, sized)
    return Seen(f"{to_plain(sized.quantity)} = {sized.notional:.2f}, risk {sized.risk:.2f}", method)


def _buying_power(facts: Facts) -> Seen:
    sized = size_entry(facts)
    available = facts.account.available()
    if isinstance(sized, Denial) or available is None:
        return Seen("unknown", "balance", Denial("NO_BALANCE", "The account's balance is not known."))
    if sized.notional <= available:
        return Seen(f"{sized.notional:.2f}", f"{available:.2f}")
    detail = f"The order costs {sized.notional:.2f}; {available:.2f} is free and not reserved."
    return Seen(f"{sized.notional:.2f}", f"{available:.2f}", Denial("BUYING_POWER", detail))


def _others(facts: Facts) -> tuple[Trade, ...]:
    # A pass that is repeated after a crash must not be denied by its own trade.
    return tuple(trade for trade in facts.trades if trade.trade_id != facts.trade_id and not trade.is_over)


def _reserved(facts: Facts) -> set[str]:
    return {held.trade_id for held in facts.account.reservations.values()} - {facts.trade_id}


GATES: tuple[tuple[str, Gate], ...] = (
    ("duplicate", _duplicate),
    ("halt", _halt),
    ("account", _account),
    ("right_to_follow", _right_to_follow),
    ("plan_limit", _plan_limit),
    ("confidence", _confidence),
    ("symbol_allowed", _symbol_allowed),
    ("tradable", _tradable),
    ("staleness", _staleness),
    ("trading_hours", _trading_hours),
    ("stop", _stop),
    ("netting", _netting),
    ("max_open_positions", _max_open),
    ("max_per_symbol", _max_per_symbol),
    ("sizing", _sizing),
    ("buying_power", _buying_power),
)
