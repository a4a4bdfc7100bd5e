"""The gates, in order: each a pure function of the facts that passes or denies with a reason.

A gate sees everything about one signal for one trading bot and says what it looked at and what it
was held against, so that a receipt explains itself. The first denial ends the walk (DESIGN 7).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from shared.domain.accounts import AccountStatus
from shared.domain.confirmations import CONFIRMATION_EXPIRED
from shared.domain.errors import Denial
from shared.domain.facts import Facts
from shared.domain.money import ZERO, to_plain
from shared.domain.orders import OrderType
from shared.domain.plans import PLANS
from shared.domain.receipts import GateResult, Verdict
from shared.domain.signals import Side
from shared.domain.sized_entry import priced_legs, size_entry
from shared.domain.trades import AliveTrade, Trade

MAX_NAKED_SECONDS = 10
"""How long a filled entry may stand without a stop because nobody has asked the venue yet."""


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
    if facts.confirmed_until is not None:
        return _confirmed_in_time(facts, facts.confirmed_until)
    age = (facts.now - facts.posted_at).total_seconds()
    limit = facts.bot.settings.max_signal_age_seconds
    seen = f"{age:.0f} s"
    if age <= limit:
        return Seen(seen, f"{limit} s")
    detail = f"The signal was {seen} old when it could be traded; your limit is {limit} s."
    return Seen(seen, f"{limit} s", Denial("STALE", detail))


def _confirmed_in_time(facts: Facts, until: datetime) -> Seen:
    # The follower was asked first: how long the question was good for takes the place of the signal's age.
    left = (until - facts.now).total_seconds()
    if left >= 0:
        return Seen(f"confirmed, {left:.0f} s left", "the time to confirm")
    seen = f"confirmed, {-left:.0f} s too late"
    detail = "You confirmed it, but it could not be traded before the time to confirm was over."
    return Seen(seen, "the time to confirm", Denial(CONFIRMATION_EXPIRED, detail))


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
    priced = priced_legs(facts)
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


def _cover_speed(facts: Facts) -> Seen:
    limit = f"{MAX_NAKED_SECONDS} s"
    priced = priced_legs(facts)
    rests = not isinstance(priced, Denial) and any(
        leg.order_type is not OrderType.MARKET for leg in priced[0]
    )
    if not rests:
        return Seen("at market", limit)
    seen = f"{facts.detection_seconds} s"
    if facts.detection_seconds <= MAX_NAKED_SECONDS:
        return Seen(seen, limit)
    detail = f"At this venue's limit a fill that waits could stand {seen} before its stop; at most {limit} are allowed."
    return Seen(seen, limit, Denial("COVER_TOO_SLOW", detail))


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


def _others(facts: Facts) -> tuple[AliveTrade | Trade, ...]:
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
    ("cover_speed", _cover_speed),
    ("netting", _netting),
    ("max_open_positions", _max_open),
    ("max_per_symbol", _max_per_symbol),
    ("sizing", _sizing),
    ("buying_power", _buying_power),
)
