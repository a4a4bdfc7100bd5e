"""The emulated Alpaca's own book: orders, cash, positions and executions, written apart from the product's code.

It judges the product, so it shares nothing with it. Everything happens through `apply(command)` with plain JSON
values in it, the time included: playing the same commands again gives the same book.
"""

import uuid
from collections import defaultdict
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.emulators.alpaca import rules
from tests.emulators.alpaca.assets import Asset, find_asset
from tests.emulators.alpaca.journal import Journal
from tests.emulators.alpaca.orders import AlpacaOrder, Command, Refused

CRYPTO_FEE = Decimal("0.0025")
START_PRICE = Decimal(100)
_SPACE = uuid.UUID(int=1)
_NOTHING = Decimal(0)


class AlpacaBook:
    """Everything the venue knows, changed only by `apply`. The exchange is open until told otherwise."""

    def __init__(self) -> None:
        self.prices: dict[str, Decimal] = defaultdict(lambda: START_PRICE)
        self.is_open = True
        self.secrets: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.cash: dict[str, Decimal] = {}
        self.multipliers: dict[str, int] = {}
        self.positions: dict[str, dict[str, Decimal]] = defaultdict(dict)
        self.orders: list[AlpacaOrder] = []
        self._by_key: dict[str, list[AlpacaOrder]] = defaultdict(list)
        self._by_client_id: dict[tuple[str, str], AlpacaOrder] = {}
        self.journal = Journal()
        self._partials: list[Command] = []
        self._fills = 0

    def apply(self, command: Command) -> Any:
        """Do one thing; raises Refused, and then nothing has changed."""
        return getattr(self, "_do_" + command["do"])(command)

    def quote(self, asset: Asset) -> tuple[Decimal, Decimal]:
        """Bid and ask: one tick on each side of the price."""
        price = self.prices[asset.symbol]
        return price - asset.tick, price + asset.tick

    def orders_of(self, key: str) -> list[AlpacaOrder]:
        return self._by_key[key]

    def find(
        self, key: str, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> AlpacaOrder:
        """The order with an id; Refused(404) if there is none."""
        if client_order_id is not None:
            found = self._by_client_id.get((key, client_order_id))
        else:
            found = next((order for order in self._by_key[key] if order.order_id == order_id), None)
        if found is None:
            raise Refused(404, 40410000, f"order not found for {client_order_id or order_id}")
        return found

    def free_cash(self, key: str) -> Decimal:
        """The cash that open purchases do not hold."""
        held = sum(
            (o.left * o.hold_price * o.asset.units for o in self._by_key[key] if o.is_open and o.buys),
            _NOTHING,
        )
        return self.cash[key] - held

    def buying_power(self, key: str, asset: Asset) -> Decimal:
        """What may be bought for: stocks on margin where the account has any, everything else for cash alone."""
        multiplier = self.multipliers[key] if asset.kind == "us_equity" else 1
        return self.free_cash(key) + (multiplier - 1) * self.cash[key]

    def free_quantity(self, key: str, asset: Asset) -> Decimal:
        """What open sales of an asset leave of its position."""
        held = sum(
            (o.left for o in self._by_key[key] if o.is_open and not o.buys and o.asset == asset), _NOTHING
        )
        return self.positions[key].get(asset.symbol, _NOTHING) - held

    # Commands ---------------------------------------------------------------------------------------

    def _do_account(self, command: Command) -> None:
        key = command["key"]
        self.secrets[key], self.cash[key] = command["secret"], Decimal(command["cash"])
        self.multipliers[key] = command["multiplier"]
        if command.get("token"):
            self.tokens[command["token"]] = key

    def _do_partial(self, command: Command) -> None:
        self._partials.append(command)

    def _do_price(self, command: Command) -> None:
        symbol = command["symbol"]
        if command.get("price"):
            self.prices[symbol] = Decimal(command["price"])
        self._work_all(command["at"], symbol)

    def _do_clock(self, command: Command) -> None:
        was_open, self.is_open = self.is_open, command["is_open"]
        if was_open and not self.is_open:
            for order in self.orders:
                is_bound = order.asset.kind != "crypto"
                if order.is_open and is_bound and order.body["time_in_force"] == "day":
                    self._end(order, "expired", command["at"])
        self._work_all(command["at"])

    def _do_submit(self, command: Command) -> tuple[AlpacaOrder, dict[str, Any]]:
        """Take an order; returns it with what it looked like before it was worked, which is what the sender is told."""
        key, body, at = command["key"], command["body"], command["at"]
        if (key, str(body.get("client_order_id"))) in self._by_client_id:
            raise Refused(422, 40010001, "client_order_id must be unique")
        asset = rules.check_form(body, find_asset(str(body.get("symbol"))), is_open=self.is_open)
        bid, ask = self.quote(asset)
        rules.check_prices(body, asset, bid, ask)
        order = self._make(key, asset, body, at, ask)
        if order.buys:
            rules.check_purchase(
                asset, order.quantity * order.hold_price * asset.units, self.buying_power(key, asset)
            )
        else:
            total = self.positions[key].get(asset.symbol, _NOTHING)
            rules.check_sale(body, asset, total, self.free_quantity(key, asset))
        self.orders.append(order)
        self._by_key[key].append(order)
        self._by_client_id[key, order.client_order_id] = order
        self.journal.note_accepted(order)
        if command.get("fraction"):
            self._partials.insert(
                0, {"fraction": command["fraction"], "client_order_id": order.client_order_id}
            )
        told = order.public()
        order.status = "new" if self._is_working(order) else "accepted"
        self._work(order, at, on_arrival=True)
        if body["time_in_force"] == "ioc" and order.is_open:
            self._end(order, "canceled", at)
        return order, told

    def _do_cancel(self, command: Command) -> AlpacaOrder:
        order = self.find(command["key"], order_id=command["order_id"])
        if not order.is_open:
            raise Refused(422, 42210000, f'order is already in "{order.status}" state')
        self._end(order, "canceled", command["at"])
        return order

    # Matching ---------------------------------------------------------------------------------------

    def _make(self, key: str, asset: Asset, body: Command, at: str, ask: Decimal) -> AlpacaOrder:
        hold = Decimal(body.get("limit_price") or body.get("stop_price") or ask)
        number = str(uuid.uuid5(_SPACE, f"order {len(self.orders)}"))
        return AlpacaOrder(number, key, asset, body, Decimal(body["qty"]), at, at, hold)

    def _is_working(self, order: AlpacaOrder) -> bool:
        return self.is_open or order.asset.kind == "crypto"

    def _work_all(self, at: str, symbol: str | None = None) -> None:
        for order in self.orders:
            if order.is_open and symbol in {None, order.asset.symbol}:
                if order.status == "accepted" and self._is_working(order):
                    order.status, order.updated_at = "new", at
                self._work(order, at, on_arrival=False)

    def _work(self, order: AlpacaOrder, at: str, *, on_arrival: bool) -> None:
        if not self._is_working(order):
            return
        bid, ask = self.quote(order.asset)
        price = ask if order.buys else bid
        if not self._is_triggered(order, price):
            return
        limit = order.price("limit_price")
        if limit is not None:
            if price > limit if order.buys else price < limit:
                return
            if order.body["type"] == "limit" and not on_arrival:
                price = limit
        self._execute(order, self._scripted(order), price, at)

    def _is_triggered(self, order: AlpacaOrder, price: Decimal) -> bool:
        stop, percent = order.price("stop_price"), order.price("trail_percent")
        if percent is not None:
            best = order.best
            farther = max if not order.buys else min
            order.best = price if best is None else farther(best, price)
            away = order.best * percent / 100
            stop = order.best + away if order.buys else order.best - away
        if stop is not None and not order.triggered:
            order.triggered = price >= stop if order.buys else price <= stop
        return stop is None or order.triggered

    def _scripted(self, order: AlpacaOrder) -> Decimal:
        for script in self._partials:
            meant = {script.get("symbol"), script.get("client_order_id")} - {None}
            if meant <= {order.asset.symbol, order.client_order_id}:
                self._partials.remove(script)
                part = order.left * Decimal(script["fraction"]) / order.asset.part
                return part.to_integral_value(rounding=ROUND_DOWN) * order.asset.part
        return order.left

    def _execute(self, order: AlpacaOrder, quantity: Decimal, price: Decimal, at: str) -> None:
        if quantity <= 0:
            return
        value = quantity * price * order.asset.units
        sign = 1 if order.buys else -1
        fee = CRYPTO_FEE if order.asset.kind == "crypto" else _NOTHING
        held = self.positions[order.key]
        got = quantity - (quantity * fee if order.buys else _NOTHING)
        held[order.asset.symbol] = held.get(order.asset.symbol, _NOTHING) + sign * got
        self.cash[order.key] -= sign * value
        if not order.buys:
            self.cash[order.key] -= value * fee
        if not held[order.asset.symbol]:
            del held[order.asset.symbol]
        order.executed += quantity
        order.spent += quantity * price
        order.updated_at = at
        order.status = "filled" if order.executed == order.quantity else "partially_filled"
        self._fills += 1
        stamp = "".join(letter for letter in at if letter.isdigit())[:17]
        paid = (quantity if order.buys else value) * fee
        fill = {
            "id": f"{stamp}::{uuid.uuid5(_SPACE, f'fill {self._fills}')}",
            "activity_type": "FILL",
            "transaction_time": at,
            "type": "fill" if order.status == "filled" else "partial_fill",
            "price": str(price),
            "qty": str(quantity),
            "cum_qty": str(order.executed),
            "leaves_qty": str(order.quantity - order.executed),
            "side": order.body["side"],
            "symbol": order.asset.symbol,
            "order_id": order.order_id,
            "order_status": order.status,
            "number": self._fills,
        }
        order.fills.append(fill)
        self.journal.note_fill(order, fill, str(paid))

    def _end(self, order: AlpacaOrder, status: str, at: str) -> None:
        order.status, order.updated_at = status, at
        self.journal.note_end(order)
