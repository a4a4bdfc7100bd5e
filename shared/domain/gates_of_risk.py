"""Gates about how much: the stop, the day's loss, what is open and reserved, the size and the money for it."""

from shared.domain.day_result import DayResult, open_risk
from shared.domain.errors import Denial
from shared.domain.facts import Facts
from shared.domain.gate import Seen
from shared.domain.margin import leverage_of
from shared.domain.money import HUNDRED, ZERO, to_plain
from shared.domain.orders import OrderType
from shared.domain.signals import Side
from shared.domain.sized_entry import planned_quantity, priced_legs, size_entry
from shared.domain.trades import AliveTrade, Trade

MAX_NAKED_SECONDS = 10
"""How long a filled entry may stand without a stop because nobody has asked the venue yet."""


def check_stop(facts: Facts) -> Seen:
    """Deny without a stop, with one on the wrong side, and with one that the price has passed."""
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


def check_cover_speed(facts: Facts) -> Seen:
    """Deny a resting entry whose fill could stand too long before anybody sees it."""
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


def check_netting(facts: Facts) -> Seen:
    """Deny where an opposite trade of the symbol is open on the account."""
    opposite = [t for t in _others(facts) if t.symbol == facts.symbol and t.side is not facts.side]
    if not opposite:
        return Seen("none", "no opposite trade")
    detail = f"An opposite trade of {facts.symbol} is open on this account."
    return Seen(opposite[0].trade_id, "no opposite trade", Denial("NETTING", detail))


def check_max_open(facts: Facts) -> Seen:
    """Deny past the most positions that may be open or about to be."""
    taken = {t.trade_id for t in _others(facts)} | _reserved(facts)
    limit = facts.bot.settings.max_open_positions
    if len(taken) < limit:
        return Seen(str(len(taken)), str(limit))
    detail = f"{len(taken)} positions are open or about to be; your limit is {limit}."
    return Seen(str(len(taken)), str(limit), Denial("MAX_OPEN_POSITIONS", detail))


def check_max_per_symbol(facts: Facts) -> Seen:
    """Deny past the most of them in one symbol."""
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


def check_daily_loss(facts: Facts) -> Seen:
    """Deny once the account's loss of today, realised and open, has reached its share of the opening equity."""
    limit = facts.bot.settings.max_daily_loss_percent
    threshold = f"{to_plain(limit)} %"
    if facts.today is None:
        return Seen("unknown", threshold, Denial("NO_BALANCE", "The account's balance is not known."))
    seen = _result(facts.today, facts.account.quote_asset)
    if facts.today.loss_percent < limit:
        return Seen(seen, threshold)
    detail = f"This account has lost {facts.today.loss_percent:.2f} % today; your limit is {threshold}."
    return Seen(seen, threshold, Denial("DAILY_LOSS", detail))


def check_users_daily_loss(facts: Facts) -> Seen:
    """Deny once the user's accounts together have lost their share today."""
    limit = facts.bot.settings.max_user_loss_percent
    threshold = f"{to_plain(limit)} %"
    day = facts.users_today
    if day is None:
        return Seen("this account alone", threshold)
    if day.result is None:
        detail = f"Your accounts' loss of today cannot be summed: {day.lacks}."
        return Seen("unknown", threshold, Denial("NO_RATE", detail))
    seen = f"{_result(day.result, day.currency)}{f', {day.rates}' if day.rates else ''}"
    if day.result.loss_percent < limit:
        return Seen(seen, threshold)
    detail = (
        f"Your accounts together have lost {day.result.loss_percent:.2f} % today; your limit is {threshold}."
    )
    return Seen(seen, threshold, Denial("USER_DAILY_LOSS", detail))


def check_portfolio_risk(facts: Facts) -> Seen:
    """Deny where all stops together, with this one and what is reserved, could lose more than a share of the equity."""
    limit = facts.bot.settings.max_portfolio_risk_percent
    threshold = f"{to_plain(limit)} %"
    sized, equity = size_entry(facts), facts.equity
    if isinstance(sized, Denial) or equity is None or equity <= ZERO:
        # The sizing gate says what is missing.
        return Seen("no size", threshold)
    reservations = [held for held in facts.account.reservations.values() if held.trade_id != facts.trade_id]
    reserved = sum((held.risk for held in reservations), ZERO)
    standing = open_risk(
        (trade for trade in _others(facts) if isinstance(trade, AliveTrade)),
        {held.trade_id for held in reservations},
    )
    total = (standing + reserved + sized.risk) / equity * HUNDRED
    seen = f"{total:.2f} % (open {standing:.2f}, reserved {reserved:.2f}, this {sized.risk:.2f})"
    if total <= limit:
        return Seen(seen, threshold)
    detail = f"With this trade {total:.2f} % of your equity would be at risk; your limit is {threshold}."
    return Seen(seen, threshold, Denial("PORTFOLIO_RISK", detail))


def check_sizing(facts: Facts) -> Seen:
    """Deny where no size can be computed."""
    method = str(facts.bot.sizing)
    quantity = planned_quantity(facts)
    if isinstance(quantity, Denial):
        return Seen("no size", method, quantity)
    return Seen(to_plain(quantity), method)


def check_ladder(facts: Facts) -> Seen:
    """Deny where no leg is worth the venue's minimum; say which legs are left, and what they cost and risk at worst."""
    sized = size_entry(facts)
    minimum = facts.instrument.minimum_notional if facts.instrument else ZERO
    threshold = f"{to_plain(minimum)} a leg"
    if isinstance(sized, Denial):
        return Seen("no legs", threshold, sized)
    legs = " + ".join(f"{to_plain(size)} at {to_plain(leg.price)}" for leg, size in sized.legs)
    return Seen(f"{legs}, risk {sized.risk:.2f}", threshold)


def check_buying_power(facts: Facts) -> Seen:
    """Deny where the entry costs more than is free and not reserved."""
    sized = size_entry(facts)
    available = facts.account.available()
    if isinstance(sized, Denial) or available is None:
        return Seen("unknown", "balance", Denial("NO_BALANCE", "The account's balance is not known."))
    cost = sized.notional / (leverage_of(facts) or 1)
    if cost <= available:
        return Seen(f"{cost:.2f}", f"{available:.2f}")
    detail = f"The order costs {cost:.2f}; {available:.2f} is free and not reserved."
    return Seen(f"{cost:.2f}", f"{available:.2f}", Denial("BUYING_POWER", detail))


def _result(result: DayResult, currency: str) -> str:
    unpriced = f", {result.unpriced} without a price at their stops" if result.unpriced else ""
    return (
        f"{result.total:+.2f} of {result.opening:.2f} {currency} "
        f"(realised {result.realised:+.2f}, open {result.open:+.2f}{unpriced})"
    )


def _others(facts: Facts) -> tuple[AliveTrade | Trade, ...]:
    # A pass that is repeated after a crash must not be denied by its own trade.
    return tuple(trade for trade in facts.trades if trade.trade_id != facts.trade_id and not trade.is_over)


def _reserved(facts: Facts) -> set[str]:
    return {held.trade_id for held in facts.account.reservations.values()} - {facts.trade_id}
