"""What a state machine plays with: a provider's words, the market, a person's own hand, workers that die or race."""

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlencode

import requests

from shared.commands import CommandRefused
from shared.domain.bots import BotSettings, TradingBot
from shared.domain.commands import CommandKind
from shared.domain.order_status import AT_VENUE
from shared.domain.orders import Order
from shared.domain.trades import Trade
from shared.models import orders, trades
from shared.models.accounts import Account as AccountDocument
from shared.models.mapping import raw_rows_of, rows_of
from shared.models.messages import InboxMessage
from shared.models.orders import Order as OrderDocument
from shared.models.trades import Trade as TradeDocument
from tests.emulators.binance.signing import signature_of
from tests.integration.worker.binance.conftest import Desk
from tests.integration.worker.binance.rest import LONG_AGO, let_time_pass
from tests.integration.worker.pipeline.hand import ask
from worker.pipeline.balances import refresh
from worker.pipeline.prices import refresh_prices

SYMBOLS = {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(3_000)}
CLOSE = "Close this now"
MOST_BELLS = 400
BY_HAND = "by-hand-"
_NUMBERS = count(1)
# Longer than the lags and delays of the faults that are put in force here.
LONGEST_LAG = 0.7
_DEFAULT_LENGTHS = {"late_accept": 0.3, "lookup_lag": 0.5, "delay": 0.6, "rate_limit": 0}


@dataclass
class Play:
    """One example: a provider, followers with keys of their own, and the prices that were set."""

    desk: Desk
    channel: str = field(default_factory=lambda: f"channel-{next(_NUMBERS)}")
    bots: list[TradingBot] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    prices: dict[str, Decimal] = field(default_factory=lambda: dict(SYMBOLS))
    said: list[InboxMessage] = field(default_factory=list)
    closes: set[str] = field(default_factory=set)
    is_by_hand: bool = False
    may_lag: bool = False

    def begin(self, followers: int, break_even_after: int) -> None:
        """Empty what the last example left, and open provider and followers."""
        self.desk.driver.redis.flushall()
        database = rows_of(OrderDocument).database
        for name in database.list_collection_names(filter={"type": "collection"}):
            database[name].delete_many({})
        for symbol, price in self.prices.items():
            self.desk.venue.set_market(symbol, "TRADING")
            self.desk.venue.set_price(symbol, f"{price:.2f}")
        provider = self.desk.driver.add_provider(channel=self.channel)
        settings = BotSettings(
            max_position_percent=Decimal(100), max_per_symbol=2, break_even_after=break_even_after
        )
        for _ in range(followers):
            bot, key = self.desk.add_follower(provider, settings=settings)
            self.bots.append(bot)
            self.keys.append(key)
        self.answer_bells()

    def answer_bells(self) -> None:
        """Answer all bells; one provider and two followers never need more than these."""
        self.desk.driver.answer_bells(MOST_BELLS)

    def signal(self, symbol: str, entry: str, stop: str, targets: Sequence[str]) -> None:
        """Post a long; each is a little different from the one before, as no two real ones are the same."""
        price, number = self.prices[symbol], len(self.said)
        lines = {
            "market": [f"LONG {symbol} now"],
            "limit": [f"LONG {symbol}", f"Entry: {price * Decimal('0.98'):.2f}"],
            "ladder": [
                f"LONG {symbol}",
                f"Entry: {price * Decimal('1.01'):.2f} and {price * Decimal('0.98'):.2f}",
            ],
        }[entry]
        if stop == "price":
            lines.append(f"SL {price * (Decimal('0.95') - Decimal(number) / 1000):.2f}")
        elif stop == "percent":
            lines[0] += f", stop -{5 + number / 10:.1f}%"
        lines += [f"TP{n} {price * Decimal(share):.2f}" for n, share in enumerate(targets, 1)]
        self.post("\n".join(lines))

    def post(self, text: str, **changes: Any) -> None:
        """Record a message of the provider's; nothing is answered yet."""
        row_id = self.desk.driver.post(text, channel_id=self.channel, **changes)
        message = self.desk.driver.message(row_id)
        self.said.append(message)
        if text == CLOSE:
            self.closes.add(message.message_id)

    def reply(self, text: str, number: int) -> None:
        """Reply to one of the messages so far, whatever it was."""
        if self.said:
            self.post(text, reply_to=self.said[number % len(self.said)].message_id)

    def revise(self, number: int, *, is_deleted: bool) -> None:
        """Edit one of the messages so far, its stop a hundredth higher, or delete it."""
        first = self.said[number % len(self.said)]
        event = "delete" if is_deleted else "edit"
        changes: dict[str, Any] = {
            "message_id": first.message_id,
            "posted_at": first.posted_at,
            "event": event,
        }
        if is_deleted:
            self.post("", **changes)
            return
        raised = re.sub(
            r"SL (\S+)", lambda found: f"SL {Decimal(found[1]) * Decimal('1.01'):.2f}", first.content
        )
        self.post(raised, revision=len(self.said), edited_at=datetime.now(UTC), **changes)

    def reply_level(self, word: str, symbol: str, share: str, number: int) -> None:
        """Reply with a price, as a share of the one now."""
        self.reply(f"{word} {self.prices[symbol] * Decimal(share):.2f}", number)

    def fill_partly(self, number: int, fraction: str) -> None:
        """Let the next execution of one resting order be a part of it."""
        resting = [order for order in self.orders() if order.status in AT_VENUE]
        if resting:
            chosen = resting[number % len(resting)]
            self.desk.venue.fill_partly(fraction, client_order_id=chosen.order_id)

    def move(self, symbol: str, share: str, *, is_noticed: bool) -> None:
        """Set a price as a share of the first one."""
        self.prices[symbol] = SYMBOLS[symbol] * Decimal(share)
        self.desk.venue.set_price(symbol, f"{self.prices[symbol]:.2f}")
        # Quotes live for two seconds: a run that is slower or faster would not be the same one.
        self.desk.driver.redis.delete("dx:quotes:binance:sandbox")
        if is_noticed:
            refresh_prices(self.desk.driver.context)

    def spoil(self, kind: str, follower: int, **rule: Any) -> None:
        """Put a fault in force for the next request of one follower that matches."""
        key = self.keys[follower % len(self.keys)]
        if kind in _DEFAULT_LENGTHS:
            rule["seconds"] = _DEFAULT_LENGTHS[kind]
            self.may_lag |= kind in {"late_accept", "lookup_lag"}
        self.desk.venue.add_fault(kind, key=key, **{"times": 1, **rule})

    def let_time_pass(self) -> None:
        """Let a minute go by; what the venue still keeps back by then is not of this world."""
        assert self.desk.driver.context.late.wait(15)
        # The emulated venue's lags are real time and end without an event that could be awaited.
        self.desk.venue.clear_faults()
        time.sleep(LONGEST_LAG if self.may_lag else 0)
        self.may_lag = False
        let_time_pass(self.desk)
        rows_of(TradeDocument).update_many({"gone_since": {"$ne": None}}, {"$set": {"gone_since": LONG_AGO}})
        self._age_reservations()

    def _age_reservations(self) -> None:
        accounts = rows_of(AccountDocument)
        for row in accounts.find({}):
            ages = {f"reservations.{intent}.at": LONG_AGO for intent in row["reservations"]}
            if ages:
                accounts.update_one({"_id": row["_id"]}, {"$set": ages})

    def read_balances(self) -> None:
        refresh(self.desk.driver.context, [bot.account_id for bot in self.bots])

    def ask(self, number: int, kind: CommandKind, value: object = None) -> None:
        """Record a follower's own command for one of the trades."""
        found = self.trades()
        if found:
            with suppress(CommandRefused):
                ask(found[number % len(found)], kind, value, request=f"click-{next(_NUMBERS)}")

    def race(self, *, is_same: bool) -> None:
        """Two workers answer the next two bells at the same moment, or both the same one, as after a redelivery."""
        first = self.desk.driver.next_answer()
        second = first if is_same else self.desk.driver.next_answer()
        with ThreadPoolExecutor(2) as workers:
            for ended in [workers.submit(answer) for answer in (first, second)]:
                ended.result()

    def cancel_by_hand(self, number: int) -> None:
        """A person takes one of our resting orders away, at the venue's own page."""
        resting = [o for o in self.orders() if o.status in AT_VENUE and o.venue_order_id]
        if resting:
            order = resting[number % len(resting)]
            key = self.keys[self._number_of(order.account_id)]
            self._by_hand("DELETE", "order", key, symbol=order.symbol, orderId=order.venue_order_id)

    def sell_by_hand(self, symbol: str, follower: int, share: str) -> None:
        """A person takes all orders of a symbol away and sells a share of the coin."""
        self.is_by_hand = True
        key = self.keys[follower % len(self.keys)]
        self._by_hand("DELETE", "openOrders", key, symbol=symbol)
        held = self.at_venue(key, symbol, "free")
        step = Decimal("0.00001") if symbol.startswith("BTC") else Decimal("0.0001")
        quantity = held * Decimal(share) // step * step
        self._by_hand("POST", "order", key, symbol=symbol, side="SELL", type="MARKET", quantity=str(quantity))

    def at_venue(self, key: str, symbol: str, *parts: str) -> Decimal:
        """What of a symbol's coin an account has at the venue: `free`, `locked` or both."""
        balance = self.desk.venue.accounts(key)[key].get(symbol.split("/", maxsplit=1)[0], {})
        return sum((Decimal(balance.get(part, 0)) for part in parts), Decimal(0))

    def _by_hand(self, method: str, path: str, key: str, *, symbol: str, **params: Any) -> None:
        said = {"symbol": symbol.replace("/", ""), **params, "timestamp": str(time.time_ns() // 1_000_000)}
        if method == "POST":
            said["newClientOrderId"] = f"{BY_HAND}{next(_NUMBERS)}"
        payload = urlencode(said)
        signature = signature_of(f"secret-of-{key}".encode(), payload)
        url = f"{self.desk.venue.url}/api/v3/{path}?{payload}&signature={signature}"
        # A fault may strike it, and the venue may refuse it: a person looks, and lets it be.
        try:
            requests.request(method, url, headers={"X-MBX-APIKEY": key}, timeout=10)
        except requests.RequestException:
            return

    def orders(self) -> list[Order]:
        """All orders of ours in an order that no id decides: the same choice is the same order in every run."""
        found = [orders.order_of(row) for row in raw_rows_of(OrderDocument).find({}, {"events": 0})]
        return sorted(found, key=lambda o: (o.created_at, self._number_of(o.account_id), o.purpose, o.leg))

    def trades(self) -> list[Trade]:
        """All trades, in such an order too."""
        found = trades.find_many([row["_id"] for row in raw_rows_of(TradeDocument).find({}, {"_id": 1})])
        return sorted(found, key=lambda t: (t.created_at, self._number_of(t.account_id)))

    def _number_of(self, account_id: str) -> int:
        return next(number for number, bot in enumerate(self.bots) if bot.account_id == account_id)
