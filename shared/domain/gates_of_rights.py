"""Gates about who may trade what: repeats, halts, rights, plans, and the bot's filters."""

from shared.domain.accounts import AccountStatus
from shared.domain.errors import Denial
from shared.domain.facts import Facts
from shared.domain.gate import Seen
from shared.domain.plans import PLANS
from shared.domain.signals import Side


def check_duplicate(facts: Facts) -> Seen:
    """Deny what the provider said before, in another message or channel."""
    if facts.duplicate_of is None:
        return Seen("first of its content", "one in 10 minutes")
    detail = f"The provider posted the same signal before (message {facts.duplicate_of})."
    return Seen(f"same as {facts.duplicate_of}", "one in 10 minutes", Denial("DUPLICATE_CONTENT", detail))


def check_halt(facts: Facts) -> Seen:
    """Deny while the strictest halt that applies lets no entry pass."""
    if facts.halt is None:
        return Seen("active", "active")
    detail = (
        f"Trading is {facts.halt.state} for {facts.halt.scope}: {facts.halt.reason or 'no reason given'}."
    )
    return Seen(f"{facts.halt.state} ({facts.halt.scope})", "active", Denial("HALT", detail))


def check_account(facts: Facts) -> Seen:
    """Deny an account that may not be traded on."""
    status = facts.account.status
    if status is AccountStatus.ACTIVE:
        return Seen(str(status), "active")
    detail = facts.account.status_reason or f"The account {facts.account.name} is {status}."
    return Seen(str(status), "active", Denial("ACCOUNT_NOT_READY", detail))


def check_right_to_follow(facts: Facts) -> Seen:
    """Deny who may not follow the provider now."""
    if facts.provider_active and facts.may_follow:
        return Seen("allowed", "allowed")
    return Seen(
        "not allowed", "allowed", Denial("NO_RIGHT_TO_FOLLOW", "You may not follow this provider now.")
    )


def check_plan_limit(facts: Facts) -> Seen:
    """Deny what the user's plan does not copy any more today."""
    limit = PLANS[facts.tier].signals_per_day
    seen = f"{facts.signals_today} today"
    if limit is None or facts.signals_today < limit:
        return Seen(seen, "unlimited" if limit is None else str(limit))
    detail = f"The {facts.tier} plan copies {limit} signals a day."
    return Seen(seen, str(limit), Denial("PLAN_LIMIT", detail))


def check_confidence(facts: Facts) -> Seen:
    """Deny a reading that is less sure than the bot asks for."""
    wanted = facts.bot.settings.min_confidence
    seen = f"{facts.signal.confidence:.2f}"
    if facts.signal.confidence >= wanted:
        return Seen(seen, f"{wanted}")
    detail = f"The reading is {seen} sure; this bot asks for {wanted}."
    return Seen(seen, f"{wanted}", Denial("LOW_CONFIDENCE", detail))


def check_symbol_allowed(facts: Facts) -> Seen:
    """Deny by the bot's filters of symbols, sides and asset classes."""
    # A contract that is not decided is filtered by its underlying; the next gate says what is missing.
    settings, symbol = facts.bot.settings, facts.symbol or facts.signal.symbol or "no symbol"
    allowed = ", ".join(settings.allowed_symbols) or "any"
    if symbol in settings.blocked_symbols or (
        settings.allowed_symbols and symbol not in settings.allowed_symbols
    ):
        return Seen(symbol, allowed, Denial("SYMBOL_FILTERED", f"This bot does not trade {symbol}."))
    asset_class = facts.signal.asset_class
    if settings.asset_classes and asset_class not in settings.asset_classes:
        wanted = ", ".join(settings.asset_classes)
        denial = Denial("SYMBOL_FILTERED", f"This bot does not trade {asset_class}.")
        return Seen(str(asset_class), wanted, denial)
    if settings.sides and facts.side not in settings.sides:
        denial = Denial("SIDE_FILTERED", f"This bot does not enter with a {facts.side}.")
        return Seen(str(facts.side), ", ".join(settings.sides), denial)
    return Seen(symbol, allowed)


def check_tradable(facts: Facts) -> Seen:
    """Deny what the venue does not trade, or not in this direction."""
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
