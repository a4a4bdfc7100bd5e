"""Domain values for tests: complete and plausible, each changed by name where a test needs it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.accounts import Account, AccountStatus
from shared.domain.bots import BotSettings, BotState, Sizing, SizingMethod, TradingBot
from shared.domain.commands import Command, CommandKind, CommandStatus, Via
from shared.domain.day_result import day_result
from shared.domain.facts import Facts
from shared.domain.fills import Fill
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.intents import Intent, first_attempt
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderReport, OrderType, Purpose, TimeInForce
from shared.domain.plans import Tier
from shared.domain.signals import Action, Side, Signal
from shared.domain.targets import split_targets
from shared.domain.trades import AliveTrade, StopSource, Target, Trade, TradeStatus

NOW = datetime(2026, 7, 20, 14, 0, tzinfo=UTC)
SYMBOL = "BTC/USDT"


def make_instrument(**changes: Any) -> Instrument:
    """A crypto pair with a tick of 0.01, a lot of 0.001 and a minimum of 5 USDT."""
    values: dict[str, Any] = {
        "symbol": SYMBOL,
        "asset_class": AssetClass.CRYPTO,
        "base": "BTC",
        "quote": "USDT",
        "tick": Decimal("0.01"),
        "lot": Decimal("0.001"),
        "minimum_notional": Decimal(5),
    }
    return Instrument(**{**values, **changes})


def make_signal(**changes: Any) -> Signal:
    """A buy at market with a stop at 95 and no target."""
    values: dict[str, Any] = {
        "action": Action.OPEN,
        "symbol": SYMBOL,
        "asset_class": AssetClass.CRYPTO,
        "side": Side.BUY,
        "stop_loss": Decimal(95),
        "confidence": Decimal("0.9"),
    }
    return Signal(**{**values, **changes})


def make_order(order_id: str = "order", **changes: Any) -> Order:
    """An entry for 10 at market that nobody has sent."""
    values: dict[str, Any] = {
        "order_id": order_id,
        "intent_id": f"intent-of-{order_id}",
        "attempt": 1,
        "trade_id": "trade",
        "account_id": "account",
        "user_id": "user",
        "trading_bot_id": "bot",
        "provider_id": "provider",
        "signal_id": "signal",
        "source": "discord",
        "channel_id": "channel",
        "message_id": "message",
        "purpose": Purpose.ENTRY,
        "leg": 0,
        "venue": "paper",
        "environment": "paper",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(10),
        "status": OrderStatus.INITIALIZED,
        "created_at": NOW,
        "next_check_at": NOW,
    }
    return Order(**{**values, **changes})


def make_report(status: OrderStatus, filled: Decimal | int = 0, **changes: Any) -> OrderReport:
    """What a venue says of `make_order()`; filled at 100."""
    values: dict[str, Any] = {
        "client_order_id": "order",
        "venue_order_id": "v1",
        "symbol": SYMBOL,
        "status": status,
        "filled_quantity": Decimal(filled),
        "average_fill_price": Decimal(100) if filled else None,
        "at": NOW,
    }
    return OrderReport(**{**values, **changes})


def make_fill(fill_id: str = "fill", **changes: Any) -> Fill:
    """An entry fill of 1 at 100 without commission."""
    values: dict[str, Any] = {
        "fill_id": fill_id,
        "trade_id": "trade",
        "order_id": "order",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "is_entry": True,
        "quantity": Decimal(1),
        "price": Decimal(100),
        "commission": Decimal(0),
        "commission_asset": "USDT",
        "at": NOW,
    }
    return Fill(**{**values, **changes})


def make_trade(**changes: Any) -> Trade:
    """A pending buy of 10 at 100 with its stop at 95."""
    values: dict[str, Any] = {
        "trade_id": "trade",
        "user_id": "user",
        "account_id": "account",
        "trading_bot_id": "bot",
        "provider_id": "provider",
        "signal_id": "signal",
        "source": "discord",
        "channel_id": "channel",
        "message_id": "message",
        "venue": "paper",
        "environment": "paper",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "status": TradeStatus.PENDING,
        "planned_quantity": Decimal(10),
        "planned_entry": Decimal(100),
        "stop_source": StopSource.MESSAGE,
        "created_at": NOW,
        "stop_price": Decimal(95),
        "initial_stop_price": Decimal(95),
    }
    return Trade(**{**values, **changes})


def make_open_trade(coverable: Decimal | int | str = 10, **changes: Any) -> Trade:
    """A trade of which `coverable` was filled at 100 and is held."""
    held = Decimal(coverable)
    values: dict[str, Any] = {
        "status": TradeStatus.OPEN,
        "entered": held,
        "held": held,
        "coverable": held,
        "entry_average": Decimal(100),
        "opened_at": NOW,
    }
    return make_trade(**{**values, **changes})


def make_command(**changes: Any) -> Command:
    """A full close by the trade's owner, asked for just now."""
    values: dict[str, Any] = {
        "command_id": "c1",
        "trade_id": "trade",
        "user_id": "user",
        "account_id": "account",
        "kind": CommandKind.CLOSE,
        "value": Decimal(100),
        "by": "user",
        "via": Via.WEB,
        "status": CommandStatus.PENDING,
        "at": NOW,
        "next_check_at": NOW,
    }
    return Command(**{**values, **changes})


def make_account(**changes: Any) -> Account:
    """An active paper account with 10,000 USDT read just now."""
    values: dict[str, Any] = {
        "account_id": "account",
        "user_id": "user",
        "name": "Paper",
        "venue": "paper",
        "environment": "paper",
        "status": AccountStatus.ACTIVE,
        "quote_asset": "USDT",
        "version": 1,
        "balance_total": Decimal(10_000),
        "balance_free": Decimal(10_000),
        "balance_at": NOW,
    }
    return Account(**{**values, **changes})


def make_bot(**changes: Any) -> TradingBot:
    """An active bot that buys for 1,000 USDT."""
    values: dict[str, Any] = {
        "trading_bot_id": "bot",
        "user_id": "user",
        "provider_id": "provider",
        "account_id": "account",
        "state": BotState.ACTIVE,
        "sizing": Sizing(SizingMethod.FIXED, Decimal(1000)),
        "settings": BotSettings(),
    }
    return TradingBot(**{**values, **changes})


def make_facts(**changes: Any) -> Facts:
    """Facts that pass every gate."""
    values: dict[str, Any] = {
        "signal": make_signal(),
        "symbol": SYMBOL,
        "posted_at": NOW - timedelta(seconds=1),
        "now": NOW,
        "bot": make_bot(),
        "account": make_account(),
        "tier": Tier.FREE,
        "signals_today": 0,
        "provider_active": True,
        "may_follow": True,
        "halt": None,
        "duplicate_of": None,
        "instrument": make_instrument(),
        "shorts": False,
        "bid": Decimal("99.99"),
        "ask": Decimal("100.01"),
        "trades": (),
        "trade_id": "trade",
    }
    values |= changes
    alive = [trade for trade in values["trades"] if isinstance(trade, AliveTrade)]
    values.setdefault("today", day_result(values["account"], alive, {}, {}))
    return Facts(**values)


def make_alive(trade_id: str = "other", symbol: str = "ETH/USDT", **changes: Any) -> AliveTrade:
    """An open trade as limits look at it: nothing held unless said."""
    values: dict[str, Any] = {
        "user_id": "user",
        "account_id": "account",
        "side": Side.BUY,
        "status": TradeStatus.OPEN,
    }
    return AliveTrade(trade_id=trade_id, symbol=symbol, **{**values, **changes})


def placed(intent: Intent, status: OrderStatus = OrderStatus.ACCEPTED, **changes: Any) -> Order:
    """A cover order as it stands once a venue has it."""
    order = first_attempt(make_trade(), intent, NOW, NOW)
    return replace(order, **{"status": status, "sent_at": NOW, **changes})


def even_targets(prices: tuple[Decimal, ...]) -> tuple[Target, ...]:
    """Give each target the same share of the position."""
    return split_targets(prices, ())
