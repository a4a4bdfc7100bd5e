"""Messages, receipts, trades, orders and fills of one follower, consistent with each other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.fills import Fill
from shared.domain.identifiers import message_row_id, receipt_id, signal_id, trade_id
from shared.domain.order_status import OrderStatus
from shared.domain.orders import Order, OrderType, Purpose, TimeInForce
from shared.domain.receipts import Receipt, Verdict
from shared.domain.signals import Action, NotASignal, Side, Signal, Span
from shared.domain.trades import StopSource, Target, Trade, TradeStatus
from shared.models import fills, orders, signals, trades
from shared.models.fills import StoredFill
from shared.models.mapping import millisecond, rows_of, to_row
from shared.models.messages import InboxMessage, Message, MessageStatus
from shared.models.orders import Order as OrderDocument
from shared.models.signals import SignalRecord
from tests.sample.gates import walk


class Follower:
    """One follower of one provider through one account; every method writes what the pipeline would."""

    def __init__(self, user_id: str, account_id: str, bot_id: str, provider_id: str, channel_id: str) -> None:
        self.user_id = user_id
        self.account_id = account_id
        self.bot_id = bot_id
        self.provider_id = provider_id
        self.channel_id = channel_id
        self._said: dict[str, Signal] = {}

    def post(
        self,
        message_id: str,
        text: str,
        at: datetime,
        *,
        signal: Signal | None = None,
        status: MessageStatus = MessageStatus.DONE,
        reason: str = "PLANNED",
        detail: str = "",
        author: str = "Mira",
    ) -> InboxMessage:
        """Record a message that the pipeline has brought to its end."""
        at = millisecond(at)
        row_id = message_row_id("discord", self.channel_id, message_id, 0)
        message = InboxMessage(
            row_id=row_id,
            source="discord",
            guild_id="guild-1",
            channel_id=self.channel_id,
            message_id=message_id,
            revision=0,
            event="create",
            author_id="author-1",
            author_name=author,
            is_webhook=False,
            content=text,
            posted_at=at,
            recorded_at=at,
            next_check_at=at,
            status=status,
            reason=reason,
            detail=detail,
            provider_id=self.provider_id,
            signal_id=signal_id(row_id),
        )
        rows_of(Message).insert_one(to_row(message, "row_id"))
        self._read(message, signal, reason)
        if signal is not None:
            self._said[message_id] = signal
        return message

    def say_again(self, message: InboxMessage, signal: Signal) -> InboxMessage:
        """Take part in a message that was recorded for another follower."""
        self._said[message.message_id] = signal
        return message

    def _read(self, message: InboxMessage, signal: Signal | None, reason: str) -> None:
        reading = replace(signal, spans=spans_in(message.content, signal)) if signal else None
        signals.record_reading(
            SignalRecord(
                signal_id=signal_id(message.row_id),
                row_id=message.row_id,
                provider_id=self.provider_id,
                source="discord",
                channel_id=self.channel_id,
                message_id=message.message_id,
                revision=0,
                posted_at=message.posted_at,
                read_at=message.posted_at,
                signal=reading,
                not_a_signal=None if reading else NotASignal(reason),
            )
        )

    def write_receipt(
        self, message: InboxMessage, at: datetime, *, trade: Trade | None = None, **facts: Any
    ) -> Receipt:
        """Write the receipt that the gates give; `facts` as in `gates.walk` change what they look at."""
        signal = message.signal_id or ""
        gates, denied = walk(self._said[message.message_id], at, **facts)
        assert (denied is None) == (trade is not None), denied
        receipt = Receipt(
            receipt_id=receipt_id(signal, self.bot_id),
            signal_id=signal,
            trading_bot_id=self.bot_id,
            user_id=self.user_id,
            account_id=self.account_id,
            provider_id=self.provider_id,
            source="discord",
            channel_id=self.channel_id,
            message_id=message.message_id,
            revision=0,
            outcome=Verdict.DENIED if denied else Verdict.PASSED,
            code=denied.code if denied else "PASSED",
            detail=denied.detail if denied else "All gates passed.",
            gates=gates,
            order_ids=(),
            trade_id=trade.trade_id if trade else None,
            at=millisecond(at),
        )
        signals.create_receipts_once([receipt])
        return receipt

    def plan(
        self,
        message: InboxMessage,
        symbol: str,
        side: Side,
        quantity: str,
        entry: str,
        stop: str,
        targets: Sequence[str],
        at: datetime,
    ) -> Trade:
        """Plan a trade that waits for its entry."""
        share = Decimal(1) / len(targets) if targets else Decimal(1)
        trade = Trade(
            trade_id=trade_id(self.bot_id, "discord", self.channel_id, message.message_id),
            user_id=self.user_id,
            account_id=self.account_id,
            trading_bot_id=self.bot_id,
            provider_id=self.provider_id,
            signal_id=message.signal_id or "",
            source="discord",
            channel_id=self.channel_id,
            message_id=message.message_id,
            venue="binance",
            environment="paper",
            symbol=symbol,
            side=side,
            status=TradeStatus.PENDING,
            planned_quantity=Decimal(quantity),
            planned_entry=Decimal(entry),
            stop_source=StopSource.MESSAGE,
            created_at=millisecond(at),
            stop_price=Decimal(stop),
            initial_stop_price=Decimal(stop),
            targets=tuple(Target(Decimal(price), share) for price in targets),
        )
        trades.create_many_once([trade])
        self.order(trade, Purpose.ENTRY, OrderStatus.ACCEPTED, at, limit_price=Decimal(entry))
        return trade

    def fill(self, trade: Trade, at: datetime, *, covered: bool = True) -> Trade:
        """Fill a planned trade's entry whole, and cover it unless told otherwise."""
        at = millisecond(at)
        rows_of(OrderDocument).update_many(
            {"trade_id": trade.trade_id, "purpose": "entry"},
            {"$set": {"status": "FILLED", "filled_quantity": trade.planned_quantity}},
        )
        self.record_fill(trade, trade.planned_quantity, trade.planned_entry, at, is_entry=True)
        changes = {
            "status": str(TradeStatus.OPEN),
            "entered": trade.planned_quantity,
            "held": trade.planned_quantity,
            "coverable": trade.planned_quantity,
            "resting": trade.planned_quantity if covered else Decimal(0),
            "naked_since": None if covered else at,
            "entry_average": trade.planned_entry,
            "opened_at": at,
        }
        assert trades.compare_and_set(trade, **changes)
        if covered:
            self.order(trade, Purpose.STOP, OrderStatus.ACCEPTED, at, stop_price=trade.stop_price)
        return self._again(trade)

    def close(self, trade: Trade, price: str, at: datetime, *, reason: str = "TARGET_HIT") -> Trade:
        """Close an open trade whole."""
        sign = 1 if trade.side is Side.BUY else -1
        entry = trade.entry_average or trade.planned_entry
        self.record_fill(trade, trade.held, Decimal(price), millisecond(at), is_entry=False)
        changes = {
            "status": str(TradeStatus.CLOSED),
            "exited": trade.held,
            "held": Decimal(0),
            "coverable": Decimal(0),
            "resting": Decimal(0),
            "exit_average": Decimal(price),
            "realised_pnl": (Decimal(price) - entry) * trade.held * sign,
            "close_reason": reason,
            "closed_at": millisecond(at),
        }
        assert trades.compare_and_set(trade, **changes)
        return self._again(trade)

    def take_target(self, trade: Trade, leg: int, quantity: str, at: datetime) -> Trade:
        """Let one target fill."""
        price, gone = trade.targets[leg].price, Decimal(quantity)
        self.order(
            trade, Purpose.TARGET, OrderStatus.FILLED, at, limit_price=price, leg=leg, filled_quantity=gone
        )
        self.record_fill(trade, gone, price, millisecond(at), is_entry=False)
        entry = trade.entry_average or trade.planned_entry
        left = trade.held - gone
        sign = 1 if trade.side is Side.BUY else -1
        changes = {
            "exited": trade.exited + gone,
            "held": left,
            "coverable": left,
            "resting": left,
            "realised_pnl": trade.realised_pnl + (price - entry) * gone * sign,
        }
        assert trades.compare_and_set(trade, **changes)
        return self._again(trade)

    def record_fill(
        self, trade: Trade, quantity: Decimal, price: Decimal, at: datetime, *, is_entry: bool
    ) -> None:
        """Record one fill of a trade, without commission."""
        fill = Fill(
            fill_id=f"{trade.trade_id}-{'in' if is_entry else 'out'}-{at.timestamp()}",
            trade_id=trade.trade_id,
            order_id=f"order-{trade.trade_id}",
            symbol=trade.symbol,
            side=trade.side if is_entry else trade.side.opposite,
            is_entry=is_entry,
            quantity=quantity,
            price=price,
            commission=Decimal(0),
            commission_asset="USDT",
            at=at,
        )
        fills.create_many_once([StoredFill(fill, self.account_id, self.user_id, fill.fill_id, fill.fill_id)])

    def order(
        self, trade: Trade, purpose: Purpose, status: OrderStatus, at: datetime, **changes: object
    ) -> Order:
        """Write one order of a trade."""
        name = f"{purpose}-{changes.get('leg', 0)}-{trade.trade_id}"
        order = Order(
            order_id=name,
            intent_id=name,
            attempt=1,
            trade_id=trade.trade_id,
            account_id=self.account_id,
            user_id=self.user_id,
            trading_bot_id=self.bot_id,
            provider_id=self.provider_id,
            signal_id=trade.signal_id,
            source="discord",
            channel_id=self.channel_id,
            message_id=trade.message_id,
            purpose=purpose,
            leg=0,
            venue=trade.venue,
            environment=trade.environment,
            symbol=trade.symbol,
            side=trade.side if purpose is Purpose.ENTRY else trade.side.opposite,
            order_type=OrderType.STOP if purpose is Purpose.STOP else OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=trade.planned_quantity,
            status=status,
            created_at=millisecond(at),
            next_check_at=millisecond(at),
            expires_at=millisecond(at + timedelta(hours=4)) if purpose is Purpose.ENTRY else None,
        )
        order = replace(order, **changes)  # type: ignore[arg-type]
        orders.create_many_once([order])
        return order

    def _again(self, trade: Trade) -> Trade:
        found = trades.find(trade.trade_id)
        assert found is not None
        return found


def open_signal(symbol: str, side: Side, entry: str, stop: str, targets: Sequence[str]) -> Signal:
    """Make a reading of a plain signal."""
    return Signal(
        action=Action.OPEN,
        symbol=symbol,
        side=side,
        entry=(Decimal(entry),) if entry else (),
        stop_loss=Decimal(stop) if stop else None,
        take_profits=tuple(Decimal(price) for price in targets),
        confidence=Decimal("0.94"),
    )


def spans_in(text: str, signal: Signal) -> tuple[Span, ...]:
    """Find the words of a reading in its message, as a parser would have marked them."""
    wanted = [("symbol", (signal.symbol or "").partition("/")[0]), ("side", "long"), ("side", "short")]
    wanted += [("entry", str(price)) for price in signal.entry]
    wanted += [("stop", str(signal.stop_loss))] if signal.stop_loss is not None else []
    wanted += [("target", str(price)) for price in signal.take_profits]
    found = []
    for role, word in wanted:
        at = text.lower().find(word.lower())
        if word and at >= 0:
            found.append(Span(role, at, at + len(word)))
    return tuple(found)
