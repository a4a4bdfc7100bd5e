"""Write a passed entry down: the planned trade and its orders, with ids that a repeat derives again."""

from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.entry import Leg, entry_expiry, target_percents
from shared.domain.facts import Facts
from shared.domain.identifiers import entry_intent_id
from shared.domain.intents import Intent, first_attempt
from shared.domain.margin import leverage_of
from shared.domain.orders import Order, Purpose, TimeInForce
from shared.domain.signals import Side
from shared.domain.sized_entry import SizedEntry
from shared.domain.targets import split_targets
from shared.domain.trades import Trade, TradeStatus
from worker.pipeline.planning import Planning

# Orders far back in a fan-out are not swept before their turn came: a venue takes some 20 a second.
ORDERS_A_SECOND = 20
FIRST_CHECK_SECONDS = 5


def make_trade(planning: Planning, facts: Facts, sized: SizedEntry, now: datetime) -> Trade:
    """Write the planned trade of one follower, with its stop and the targets that lie ahead."""
    instrument = facts.instrument
    prices = planning.signal.take_profits
    if instrument is None:
        raise ValueError("a planned trade has an instrument")
    return Trade(
        trade_id=facts.trade_id,
        user_id=facts.bot.user_id,
        account_id=facts.account.account_id,
        trading_bot_id=facts.bot.trading_bot_id,
        provider_id=planning.terms.provider_id,
        signal_id=planning.record.signal_id,
        source=planning.message.source,
        channel_id=planning.message.channel_id,
        message_id=planning.message.message_id,
        venue=facts.account.venue,
        environment=facts.account.environment,
        symbol=instrument.symbol,
        side=facts.side,
        status=TradeStatus.PENDING,
        planned_quantity=sized.quantity,
        planned_entry=sized.reference,
        stop_source=sized.stop.source,
        created_at=now,
        stop_price=sized.stop.price,
        stop_percent=sized.stop.percent,
        initial_stop_price=sized.stop.price,
        targets=split_targets(
            tuple(instrument.round_price(p) for p in _sane_targets(prices, facts.side, sized)),
            facts.bot.settings.target_split,
        ),
        targets_percent=target_percents(planning.signal, instrument, sized.reference),
        target_split=facts.bot.settings.target_split,
        break_even_after=facts.bot.settings.break_even_after,
        leverage=leverage_of(facts),
        trail_percent=facts.bot.settings.trailing_stop_percent or None,
    )


def _sane_targets(prices: tuple[Decimal, ...], side: Side, sized: SizedEntry) -> tuple[Decimal, ...]:
    """Leave out targets that lie behind the entry: they would be met at once."""
    ahead = [p for p in prices if (p > sized.reference if side is Side.BUY else p < sized.reference)]
    return tuple(sorted(set(ahead), reverse=side is Side.SELL))


def make_orders(
    planning: Planning,
    facts: Facts,
    sized: SizedEntry,
    trade: Trade,
    now: datetime,
    *,
    place: int,
    longest: TimeInForce = TimeInForce.GTC,
) -> tuple[Order, ...]:
    """Write one entry order per leg; `place` is the follower's place in the fan-out, `longest` as the venue has it."""
    next_check_at = now + timedelta(seconds=FIRST_CHECK_SECONDS + place / ORDERS_A_SECOND)
    return tuple(
        first_attempt(trade, _entry(planning, facts, number, leg, quantity), now, next_check_at, longest)
        for number, (leg, quantity) in enumerate(sized.legs)
    )


def _entry(planning: Planning, facts: Facts, number: int, leg: Leg, quantity: Decimal) -> Intent:
    message, bot = planning.message, facts.bot
    # Who was asked first and said yes is not to lose the time that the question took.
    begins = message.posted_at if facts.confirmed_until is None else facts.now
    return Intent(
        intent_id=entry_intent_id(
            bot.trading_bot_id, message.source, message.channel_id, message.message_id, number
        ),
        purpose=Purpose.ENTRY,
        leg=number,
        order_type=leg.order_type,
        quantity=quantity,
        limit_price=leg.limit_price,
        stop_price=leg.stop_price,
        send_by=begins + timedelta(seconds=bot.settings.max_signal_age_seconds),
        expires_at=entry_expiry(begins, bot.settings),
    )
