"""Gates, reservations, intents and receipts for a chunk of followers; every step is safe to redo.

Order of writes: reserve, trades, orders, the orders' bell, receipts, events: who hears that bell needs no
receipt, and the price moves while we write. A pass that dies anywhere is finished by the next one:
identities are deterministic and what is there is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from shared.domain.accounts import Account, AccountStatus, Reservation
from shared.domain.bots import TradingBot
from shared.domain.confirmations import describe_gate
from shared.domain.errors import Denial
from shared.domain.facts import Facts, Session
from shared.domain.halts import scopes_of, strictest
from shared.domain.identifiers import trade_id
from shared.domain.orders import Order, TimeInForce
from shared.domain.plans import PLANS
from shared.domain.receipts import GateResult, Receipt, Verdict
from shared.domain.risk import run_gates
from shared.domain.sized_entry import SizedEntry, size_entry
from shared.domain.trades import Trade, TradeStatus
from shared.models import accounts, orders, trades, users
from shared.models.durable import write_all
from shared.models.mapping import millisecond
from shared.models.messages import InboxMessage
from shared.models.signals import SignalRecord
from shared.tasks import TaskName, enqueue
from worker.context import Context, utc_now
from worker.pipeline.asking import Asking, ask_first
from worker.pipeline.breaker import watch_losses
from worker.pipeline.budget import detection_seconds
from worker.pipeline.intents import make_orders, make_trade
from worker.pipeline.planning import Planning
from worker.pipeline.receipts import denied_receipt, passed_receipt, planned_before_receipts
from worker.pipeline.tell import tell
from worker.pipeline.world import World, read_world

RESERVE_ROUNDS = 4
_LOSSES = frozenset({"DAILY_LOSS", "USER_DAILY_LOSS"})
RING_CHUNK = 100


@dataclass(frozen=True, slots=True)
class _Passed:
    """A follower whose gates passed, with everything to be written."""

    bot: TradingBot
    account: Account
    sized: SizedEntry
    gates: tuple[GateResult, ...]
    trade: Trade
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """What followers are to be told; incomplete where some wait for a balance and are planned again.

    `is_cut`: the pass was long enough, and another one plans the rest.
    """

    receipts: list[Receipt]
    is_complete: bool
    is_cut: bool = False


def plan_chunk(context: Context, planning: Planning, bots: Sequence[TradingBot], *, place: int) -> ChunkPlan:
    """Plan a chunk of bots and ring for their orders; the receipts are the caller's to write."""
    written, orphans = ({}, set()) if planning.is_first_pass else _written_before(planning.message, bots)
    receipts = planned_before_receipts(planning.record, bots, written)
    todo = [bot for bot in bots if bot.trading_bot_id not in written]
    passed: list[_Passed] = []
    waiting: list[TradingBot] = []
    counted: set[str] = set()
    for _ in range(RESERVE_ROUNDS):
        if not todo:
            break
        world = read_world(context, planning, todo)
        ready: list[TradingBot] = []
        for bot in world.bots:
            (waiting if _waits_for_balance(context, planning, world, bot) else ready).append(bot)
        denied, candidates, to_ask = _judge(context, planning, world, ready, place)
        _watch_losses(context, denied)
        receipts += [*denied, *ask_first(planning, to_ask)]
        newly, going = _count_signals(planning, world, candidates)
        counted |= newly
        winners = _reserve(going)
        passed += [item for item in candidates if item.bot.trading_bot_id in winners]
        # Whoever lost judged a state that has changed meanwhile: judge again.
        todo = [item.bot for item in candidates if item.bot.trading_bot_id not in winners]
    users.give_signal_back(counted - {item.bot.user_id for item in passed}, planning.record.signal_id)
    receipts += _write(planning, passed, orphans)
    _ring_orders(passed, receipts)
    if waiting:
        enqueue(TaskName.ACCOUNTS_REFRESH, [bot.account_id for bot in waiting], planning.message.row_id)
    return ChunkPlan(receipts, is_complete=not waiting and not todo)


def _watch_losses(context: Context, denied: Sequence[Receipt]) -> None:
    """Look at once at the day of those whose loss was found at its limit: the breaker is the same at any door."""
    lost = {receipt.user_id for receipt in denied if receipt.code in _LOSSES}
    if lost:
        watch_losses(context, lost, utc_now())


def explain_unplanned(
    message: InboxMessage, record: SignalRecord, bots: Sequence[TradingBot], code: str
) -> None:
    """Write the receipts of a pass that died: what it planned has passed, the rest is not planned any more."""
    planned, _ = _written_before(message, bots)
    denial = Denial(code, "The message was edited or deleted before it was traded for you.")
    unplanned = [bot for bot in bots if bot.trading_bot_id not in planned]
    denied = [denied_receipt(record, bot, (), denial) for bot in unplanned]
    tell([*planned_before_receipts(record, bots, planned), *denied])


def _written_before(message: InboxMessage, bots: Sequence[TradingBot]) -> tuple[dict[str, Trade], set[str]]:
    """Return what an earlier pass wrote for these bots: trades with orders by bot, and ids of trades without any."""
    said = (message.source, message.channel_id, message.message_id)
    found = trades.find_many([trade_id(bot.trading_bot_id, *said) for bot in bots])
    if not found:
        return {}, set()
    ordered = {order.trade_id for order in orders.of_trades([trade.trade_id for trade in found])}
    complete = {trade.trading_bot_id: trade for trade in found if trade.trade_id in ordered}
    return complete, {trade.trade_id for trade in found if trade.trade_id not in ordered}


def _waits_for_balance(context: Context, planning: Planning, world: World, bot: TradingBot) -> bool:
    """Tell whether a bot is to be planned again with a newer balance; past the signal's age the gates say why not."""
    account, now = world.accounts.get(bot.account_id), utc_now()
    if account is None or account.status is not AccountStatus.ACTIVE:
        return False
    until = planning.message.posted_at + timedelta(seconds=bot.settings.max_signal_age_seconds)
    if now > (planning.confirmation.expires_at if planning.confirmation else until):
        return False
    return not account.is_balance_fresh(now, context.balance_max_age(account))


def _judge(
    context: Context, planning: Planning, world: World, bots: Sequence[TradingBot], place: int
) -> tuple[list[Receipt], list[_Passed], list[Asking]]:
    denied: list[Receipt] = []
    to_ask: list[Asking] = []
    candidates: list[_Passed] = []
    taken: set[str] = set()
    for bot in bots:
        account = world.accounts.get(bot.account_id)
        if account is None or account.account_id in taken:
            denial = Denial("DUPLICATE_ENTRY", "Another bot trades this message on the same account.")
            if account is None:
                denial = Denial("ACCOUNT_NOT_READY", "The account of this bot does not exist any more.")
            denied.append(denied_receipt(planning.record, bot, (), denial))
            continue
        facts = _facts(context, planning, world, bot, account, place + len(candidates) + 1)
        gates, refusal = run_gates(facts)
        if planning.confirmation is not None:
            gates = (describe_gate(planning.confirmation), *gates)
        sized = size_entry(facts) if refusal is None else refusal
        if isinstance(sized, Denial):
            denied.append(denied_receipt(planning.record, bot, gates, sized))
            continue
        if bot.settings.confirm_seconds and planning.confirmation is None:
            to_ask.append(Asking(facts, gates))
            continue
        taken.add(account.account_id)
        candidates.append(_passed(context, planning, facts, sized, gates, place + len(candidates)))
    return denied, candidates, to_ask


def _facts(
    context: Context, planning: Planning, world: World, bot: TradingBot, account: Account, place: int
) -> Facts:
    venue, at = (account.venue, account.environment), world.place_of(bot)
    instrument = world.instruments[at]
    price = world.prices[at]
    row = context.capabilities(account, instrument)
    person = world.people[bot.user_id]
    message = planning.message
    scopes = scopes_of(
        community_id=planning.terms.community_id,
        provider_id=planning.terms.provider_id,
        user_id=bot.user_id,
        account_id=account.account_id,
    )
    return Facts(
        signal=planning.signal,
        symbol=world.symbols[bot.trading_bot_id],
        posted_at=message.posted_at,
        now=utc_now(),
        bot=bot,
        account=account,
        tier=person.tier,
        signals_today=len(person.copied - {planning.record.signal_id}),
        provider_active=planning.terms.active,
        may_follow=bot.user_id in world.may_follow,
        halt=strictest(world.halts, scopes),
        duplicate_of=planning.duplicate_of,
        instrument=instrument,
        shorts=row is not None and row.shorts,
        bid=price[0] if price else None,
        ask=price[1] if price else None,
        trades=tuple(trade for trade in world.trades.get(account.account_id, ()) if not trade.is_over),
        price_at_post=world.prices_at_post.get(at),
        session=_session(world, bot.settings.exchange, row.calendar if row else ""),
        today=world.days.by_account.get(account.account_id),
        users_today=world.days.by_user.get(bot.user_id),
        record=planning.terms.record,
        confirmed_until=planning.confirmation.expires_at if planning.confirmation else None,
        detection_seconds=detection_seconds(context, context.pot(*venue, account.account_id), place),
        trade_id=trade_id(bot.trading_bot_id, message.source, message.channel_id, message.message_id),
    )


def _session(world: World, *exchanges: str) -> Session | None:
    """Return the session that bounds an entry: a closed exchange's, where the bot keeps to another than its venue."""
    found = [world.sessions[exchange] for exchange in exchanges if exchange in world.sessions]
    return min(found, key=lambda session: session.is_open, default=None)


def _passed(
    context: Context,
    planning: Planning,
    facts: Facts,
    sized: SizedEntry,
    gates: tuple[GateResult, ...],
    place: int,
) -> _Passed:
    now = millisecond(facts.now)
    trade = make_trade(planning, facts, sized, now)
    row = context.capabilities(facts.account, facts.instrument, sized.quantity)
    longest = row.longest_time_in_force if row else TimeInForce.GTC
    made = make_orders(planning, facts, sized, trade, now, place=place, longest=longest)
    return _Passed(facts.bot, facts.account, sized, gates, trade, made)


def _count_signals(
    planning: Planning, world: World, candidates: Sequence[_Passed]
) -> tuple[set[str], list[_Passed]]:
    """Count the signal for users whose plan has a limit; return whose count it newly is in, and who may go on.

    Who judged the same last place as another signal at once loses it here, and is judged again.
    """
    limited = [
        person
        for user_id in {item.bot.user_id for item in candidates}
        if _is_uncounted(person := world.people[user_id], planning.record.signal_id)
    ]
    counted = users.take_signals(limited, planning.record.signal_id)
    full = {person.user_id for person in limited} - counted
    return counted, [item for item in candidates if item.bot.user_id not in full]


def _is_uncounted(person: users.Person, signal_id: str) -> bool:
    return PLANS[person.tier].signals_per_day is not None and signal_id not in person.copied


def _reserve(candidates: Sequence[_Passed]) -> set[str]:
    """Reserve each candidate's risk in its account; return the bots that won."""
    wanted: dict[str, tuple[int, dict[str, Reservation]]] = {}
    for item in candidates:
        share = Decimal(len(item.orders))
        held = {
            order.intent_id: Reservation(
                trade_id=item.trade.trade_id,
                symbol=item.trade.symbol,
                notional=item.sized.notional / (item.trade.leverage or 1) / share,
                risk=item.sized.risk / share,
                at=order.created_at,
            )
            for order in item.orders
        }
        wanted[item.account.account_id] = (item.account.version, held)
    won = accounts.reserve(wanted)
    return {item.bot.trading_bot_id for item in candidates if item.account.account_id in won}


def _write(planning: Planning, passed: Sequence[_Passed], orphans: set[str]) -> list[Receipt]:
    """Write trades and orders, and return receipts; an account's second bot for one message loses here."""
    if not passed:
        return []
    # A pass that died between a trade and its orders left a plan that nobody can carry out.
    trades.delete_unentered([item.trade.trade_id for item in passed if item.trade.trade_id in orphans])
    planned = [item.trade for item in passed]
    wanted = [order for item in passed for order in item.orders]
    _, refused = write_all(
        lambda wait: trades.create_many_once(planned, wait=wait),
        lambda wait: orders.create_many_once(wanted, wait=wait),
    )
    receipts = []
    for item in passed:
        if any(order.order_id in refused for order in item.orders):
            denial = Denial("DUPLICATE_ENTRY", "Another bot traded this message on the same account.")
            trades.compare_and_set(item.trade, status=str(TradeStatus.CANCELED), close_reason=denial.code)
            accounts.release(item.account.account_id, [order.intent_id for order in item.orders])
            receipts.append(denied_receipt(planning.record, item.bot, item.gates, denial))
        else:
            receipts.append(passed_receipt(planning.record, item.bot, item.gates, item.trade, item.orders))
    return receipts


def _ring_orders(passed: Sequence[_Passed], receipts: Sequence[Receipt]) -> None:
    going = {receipt.trade_id for receipt in receipts if receipt.outcome is Verdict.PASSED}
    by_venue: dict[tuple[str, str], list[str]] = {}
    for item in passed:
        if item.trade.trade_id in going:
            venue = (item.account.venue, item.account.environment)
            by_venue.setdefault(venue, []).extend(order.order_id for order in item.orders)
    # One venue a message: who waits for a slow one never waits with followers of another.
    for ids in by_venue.values():
        for start in range(0, len(ids), RING_CHUNK):
            enqueue(TaskName.ORDERS_EXECUTE, ids[start : start + RING_CHUNK])
