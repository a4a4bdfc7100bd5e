"""Targets: how a position is split over them, and what of each is still to be placed."""

from collections.abc import Sequence
from decimal import Decimal

from shared.domain.exits import RETRY_SECONDS
from shared.domain.identifiers import cover_intent_id
from shared.domain.instruments import Instrument
from shared.domain.intents import Intent
from shared.domain.ladder import is_tradable, repeat_last
from shared.domain.money import ZERO, to_plain
from shared.domain.order_status import LIVE, OrderStatus
from shared.domain.orders import Order, OrderType, Purpose
from shared.domain.stops import entries_over
from shared.domain.trades import Target, Trade


def split_targets(prices: tuple[Decimal, ...], weights: tuple[Decimal, ...]) -> tuple[Target, ...]:
    """Give each target its share by weight; without weights, or with fewer than targets, the last one is repeated.

    The shares sum to one.
    """
    given = repeat_last(weights, len(prices))
    whole = sum(given, ZERO)
    return tuple(Target(price, weight / whole) for price, weight in zip(prices, given, strict=True))


def target_quantities(
    targets: Sequence[Target], total: Decimal, instrument: Instrument
) -> tuple[Decimal, ...]:
    """Split a quantity over targets; small legs are merged into the last one that is large enough."""
    sizes: list[Decimal] = []
    given = carried = ZERO
    for target in targets:
        wanted = instrument.floor_quantity(total * target.fraction + carried)
        if is_tradable(instrument, wanted, target.price):
            sizes.append(wanted)
            given += wanted
            carried = ZERO
        else:
            sizes.append(ZERO)
            carried += total * target.fraction
    for i in reversed(range(len(sizes))):
        if sizes[i] > ZERO:
            sizes[i] += total - given
            break
    return tuple(sizes)


def target_shares(trade: Trade, orders: Sequence[Order], instrument: Instrument) -> tuple[Decimal, ...]:
    """Return the quantity that each target of a trade stands for, what it has sold already included.

    Targets that replace others share what is left; those that go on keep the share they were given.
    """
    is_begun = any(sold_at(trade, orders, leg) > ZERO for leg in range(len(trade.targets)))
    total = instrument.floor_quantity(trade.held + trade.exited) if is_begun else trade.coverable
    return target_quantities(trade.targets, total, instrument)


def current_targets(trade: Trade, orders: Sequence[Order]) -> list[Order]:
    """List the target orders that stand for a target the trade still wants."""
    wanted = {(leg, target.price) for leg, target in enumerate(trade.targets)}
    return [o for o in orders if o.purpose is Purpose.TARGET and (o.leg, o.limit_price) in wanted]


def watched_cause(trade: Trade, leg: int) -> str:
    """Return the cause of the exit that sells a target's share where we watch its price ourselves."""
    return f"target:{leg}:{to_plain(trade.targets[leg].price)}"


def sold_at(trade: Trade, orders: Sequence[Order], leg: int) -> Decimal:
    """Return what orders that stand for a target have sold, those that rested and those that followed a watch."""
    cause, price = watched_cause(trade, leg), trade.targets[leg].price
    sold = ZERO
    for order in orders:
        is_target = order.purpose is Purpose.TARGET and (order.leg, order.limit_price) == (leg, price)
        if is_target or (order.purpose is Purpose.EXIT and order.cause == cause):
            sold += order.filled_quantity
    return sold


def stale_targets(trade: Trade, orders: Sequence[Order]) -> list[Order]:
    """List the live target orders that stand for no target of the trade any more."""
    wanted = {o.order_id for o in current_targets(trade, orders)}
    return [
        o for o in orders if o.purpose is Purpose.TARGET and o.status in LIVE and o.order_id not in wanted
    ]


def target_intent(trade: Trade, leg: int, quantity: Decimal, *, pair_id: str | None = None) -> Intent:
    """Write down the limit order of one target for a quantity."""
    version = trade.cover_version + 1
    return Intent(
        intent_id=cover_intent_id(trade.trade_id, Purpose.TARGET, leg, version),
        purpose=Purpose.TARGET,
        leg=leg,
        order_type=OrderType.LIMIT,
        quantity=quantity,
        limit_price=trade.targets[leg].price,
        cover_version=version,
        pair_id=pair_id,
    )


def missing_targets(trade: Trade, orders: tuple[Order, ...], instrument: Instrument) -> list[Intent]:
    """List the target orders that are still to be placed where they share the position with its stop."""
    if trade.exit_cause is not None or not trade.targets or not entries_over(orders):
        return []
    known = {
        (o.leg, o.limit_price)
        for o in orders
        if o.purpose is Purpose.TARGET and (o.status in LIVE or o.filled_quantity > ZERO)
    }
    failed = sum(1 for o in orders if o.purpose is Purpose.TARGET and o.status is OrderStatus.REJECTED)
    if failed >= len(RETRY_SECONDS):
        return []
    live = (o.remaining for o in current_targets(trade, orders) if o.status in LIVE)
    free = trade.coverable - sum(live, ZERO)
    missing: list[Intent] = []
    for leg, (target, share) in enumerate(
        zip(trade.targets, target_shares(trade, orders, instrument), strict=True)
    ):
        quantity = min(share, free)
        if (leg, target.price) not in known and is_tradable(instrument, quantity, target.price):
            free -= quantity
            missing.append(target_intent(trade, leg, quantity))
    return missing
