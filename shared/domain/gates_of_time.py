"""Gates about when: the signal's age, how far the market has run since, the bot's hours, the exchange's session."""

from datetime import datetime
from zoneinfo import ZoneInfo

from shared.domain.confirmations import CONFIRMATION_EXPIRED
from shared.domain.errors import Denial
from shared.domain.facts import Facts
from shared.domain.gate import Seen
from shared.domain.hours import is_within, parse_hours
from shared.domain.money import ZERO, to_plain
from shared.domain.orders import OrderType
from shared.domain.signals import Side
from shared.domain.sized_entry import priced_legs


def check_staleness(facts: Facts) -> Seen:
    """Deny a signal that is older than the bot's limit, or was confirmed too late by who was asked first."""
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


def check_drift(facts: Facts) -> Seen:
    """Deny an entry at market after a run in its direction of more than so many R since the message was posted.

    One R is the distance from the price at posting to the stop. A named entry is its own price at posting; where none
    is named and nobody looked at the market then, there is nothing to measure.
    """
    limit = facts.bot.settings.max_drift_r
    if not limit:
        return Seen("any", "off")
    threshold = f"{to_plain(limit)} R"
    priced = priced_legs(facts)
    if isinstance(priced, Denial):
        return Seen("not measured", threshold)
    legs, _, stop = priced
    at_market = [leg.price for leg in legs if leg.order_type is OrderType.MARKET]
    if not at_market:
        return Seen("waits for its price", threshold)
    posted = max(facts.signal.entry) if facts.signal.entry else facts.price_at_post
    if facts.side is Side.SELL and facts.signal.entry:
        posted = min(facts.signal.entry)
    if posted is None:
        return Seen("the price at posting is not known", threshold)
    one_r = abs(posted - stop.price)
    if one_r == ZERO:
        return Seen("not measured", threshold)
    run = at_market[0] - posted if facts.side is Side.BUY else posted - at_market[0]
    drift = run / one_r
    seen = f"{drift:.2f} R from {to_plain(posted)}"
    if drift <= limit:
        return Seen(seen, threshold)
    detail = f"The price has run {drift:.2f} R away since the message was posted; your limit is {threshold}."
    return Seen(seen, threshold, Denial("DRIFTED", detail))


def check_trading_hours(facts: Facts) -> Seen:
    """Deny outside the bot's hours, in its own time zone."""
    settings = facts.bot.settings
    if not settings.trading_hours:
        return Seen("any time", "any time")
    local = facts.now.astimezone(ZoneInfo(settings.time_zone))
    seen = local.strftime("%a %H:%M")
    if is_within(parse_hours(settings.trading_hours), local):
        return Seen(seen, settings.trading_hours)
    detail = f"It was {seen} in {settings.time_zone}; this bot trades {settings.trading_hours}."
    return Seen(seen, settings.trading_hours, Denial("OUTSIDE_HOURS", detail))


def check_session(facts: Facts) -> Seen:
    """Deny while the exchange that the bot keeps to is closed, on its holidays too."""
    session = facts.session
    if session is None:
        return Seen("any time", "no exchange")
    threshold = f"{session.exchange} open"
    if session.is_open:
        closes = f", closes {session.closes_at:%H:%M} UTC" if session.closes_at else ""
        return Seen(f"open{closes}", threshold)
    opens = f"; it opens {session.opens_at:%a %d %b %H:%M} UTC" if session.opens_at else ""
    detail = f"{session.exchange} is closed{opens}."
    return Seen("closed", threshold, Denial("MARKET_CLOSED", detail))
