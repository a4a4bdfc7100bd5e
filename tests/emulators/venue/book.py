"""The emulated venue's own book: orders, balances and fills, written apart from the product's code.

It judges the product, so it shares nothing with it. Everything happens through `apply(command)` with
plain JSON values in it, the time included: playing the same commands again gives the same book.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.emulators.venue.instruments import LISTINGS, Listing

Command = dict[str, Any]
FEE = Decimal("0.001")
LOAD_BALANCE = Decimal(10_000_000)
OPEN_STATES = ("NEW", "PARTIALLY_FILLED")


class Refused(Exception):
    """The venue's typed refusal: an HTTP status and a code."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


@dataclass
class VenueOrder:
    """One order as the venue keeps it."""

    order_id: int
    key: str
    client_order_id: str
    symbol: str
    side: str
    type: str
    time_in_force: str
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    link_group: str | None
    created_at: str
    updated_at: str
    hold_price: Decimal
    status: str = "NEW"
    left: Decimal = Decimal(0)
    executed: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    triggered: bool = False
    fills: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATES

    def public(self) -> dict[str, Any]:
        """The order as the API shows it."""
        return {
            "order_id": str(self.order_id),
            "client_order_id": self.client_order_id,
            "symbol": self.symbol,
            "side": self.side,
            "type": self.type,
            "status": self.status,
            "quantity": str(self.quantity),
            "open_quantity": str(self.left),
            "executed_quantity": str(self.executed),
            "average_price": str(self.spent / self.executed) if self.executed else None,
            "limit_price": None if self.limit_price is None else str(self.limit_price),
            "stop_price": None if self.stop_price is None else str(self.stop_price),
            "link_group": self.link_group,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "fills": self.fills,
        }


class VenueBook:
    """Everything the venue knows, changed only by `apply`."""

    def __init__(self) -> None:
        self.prices: dict[str, Decimal] = {name: listing.price for name, listing in LISTINGS.items()}
        self.secrets: dict[str, str] = {}
        self.balances: dict[str, dict[str, Decimal]] = {}
        self.orders: list[VenueOrder] = []
        self.client_ids = "open"
        self.fee_asset = "base"
        self._open: dict[str, list[VenueOrder]] = defaultdict(list)
        self._by_client_id: dict[tuple[str, str], list[VenueOrder]] = defaultdict(list)
        self._by_key: dict[str, list[VenueOrder]] = defaultdict(list)
        self._fill_counters: dict[str, int] = defaultdict(int)
        self._partials: list[Command] = []

    def apply(self, command: Command) -> Any:
        """Do one thing; raises Refused, and then nothing has changed."""
        return getattr(self, "_do_" + command["do"])(command)

    def secret_of(self, key: str) -> str | None:
        """The secret of a key; `load-<i>` has `load-secret-<i>` without being registered."""
        number = key.removeprefix("load-")
        if key.startswith("load-") and number.isdecimal():
            return f"load-secret-{number}"
        return self.secrets.get(key)

    def wallet(self, key: str) -> dict[str, Decimal]:
        """An account's balances by asset, to be changed in place."""
        if key not in self.balances:
            self.balances[key] = {"USDT": LOAD_BALANCE} if key.startswith("load-") else {}
        return self.balances[key]

    def quote(self, symbol: str) -> tuple[Decimal, Decimal]:
        """Bid and ask: one tick on each side of the price."""
        tick = LISTINGS[symbol].tick
        return self.prices[symbol] - tick, self.prices[symbol] + tick

    def orders_of(self, key: str) -> list[VenueOrder]:
        return self._by_key[key]

    def find(self, key: str, client_order_id: str | None, order_id: str | None) -> VenueOrder:
        """The newest order with an id; Refused(404) if there is none."""
        if order_id is not None:
            found = [order for order in self._by_key[key] if str(order.order_id) == order_id]
        else:
            found = self._by_client_id[key, client_order_id or ""]
        if not found:
            raise Refused(404, "ORDER_NOT_FOUND")
        return found[-1]

    def on_hold(self, key: str) -> dict[str, Decimal]:
        """What open orders hold, by asset."""
        held: dict[str, Decimal] = defaultdict(Decimal)
        sides: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for order in self._open[key]:
            base = LISTINGS[order.symbol].base
            if order.side == "buy":
                held["USDT"] += order.left * order.hold_price
            elif order.link_group is None:
                held[base] += order.left
            else:
                sides[base, order.link_group, _side_of_group(order)] += order.left
        for base, group in {(base, group) for base, group, _ in sides}:
            held[base] += max(sum_ for (b, g, _), sum_ in sides.items() if (b, g) == (base, group))
        return held

    # Commands ---------------------------------------------------------------------------------------

    def _do_account(self, command: Command) -> None:
        self.secrets[command["key"]] = command["secret"]
        self.balances[command["key"]] = {a: Decimal(v) for a, v in command["balances"].items()}

    def _do_settings(self, command: Command) -> None:
        self.client_ids = command.get("client_ids", self.client_ids)
        self.fee_asset = command.get("fee_asset", self.fee_asset)

    def _do_partial(self, command: Command) -> None:
        self._partials.append(command)

    def _do_price(self, command: Command) -> None:
        self.prices[command["symbol"]] = Decimal(command.get("price") or self.prices[command["symbol"]])
        for orders in list(self._open.values()):
            for order in list(orders):
                if order.symbol == command["symbol"] and order.is_open:
                    self._work(order, command["at"])

    def _do_submit(self, command: Command) -> VenueOrder:
        body = command["body"]
        if body.get("expires_at") and command["arrived_at"] >= body["expires_at"]:
            raise Refused(400, "EXPIRED")
        key, client_id = command["key"], str(body["client_order_id"])
        earlier = self._by_client_id.get((key, client_id), [])
        if any(order.is_open or self.client_ids == "always" for order in earlier):
            raise Refused(409, "DUPLICATE_CLIENT_ID")
        order = self._checked(key, client_id, body, command["at"])
        self._check_funds(order)
        self.orders.append(order)
        self._open[key].append(order)
        self._by_key[key].append(order)
        self._by_client_id[key, client_id].append(order)
        self._work(order, command["at"])
        if order.time_in_force == "ioc" and order.is_open:
            self._close(order, "CANCELED", command["at"])
        return order

    def _do_cancel(self, command: Command) -> VenueOrder:
        order = self.find(command["key"], command.get("client_order_id"), command.get("order_id"))
        if order.is_open:
            self._close(order, "CANCELED", command["at"])
        return order

    # Rules ------------------------------------------------------------------------------------------

    def _checked(self, key: str, client_id: str, body: Command, at: str) -> VenueOrder:
        listing = LISTINGS.get(body["symbol"])
        if listing is None:
            raise Refused(400, "BAD_SYMBOL")
        quantity = Decimal(body["quantity"])
        limit, stop = (Decimal(v) if v else None for v in (body.get("limit_price"), body.get("stop_price")))
        wanted = {"market": (False, False), "limit": (True, False), "stop": (False, True)}
        if wanted.get(body["type"]) != (limit is not None, stop is not None) or quantity <= 0:
            raise Refused(400, "BAD_ORDER")
        if quantity % listing.lot:
            raise Refused(400, "LOT_SIZE")
        if any(price is not None and price % listing.tick for price in (limit, stop)):
            raise Refused(400, "PRICE_FILTER")
        bid, ask = self.quote(listing.symbol)
        price = limit or stop or (ask if body["side"] == "buy" else bid)
        if price * quantity < listing.minimum_notional:
            raise Refused(400, "MIN_NOTIONAL")
        if stop is not None and (ask >= stop if body["side"] == "buy" else bid <= stop):
            raise Refused(400, "STOP_PASSED")
        return VenueOrder(
            len(self.orders) + 1,
            key,
            client_id,
            listing.symbol,
            body["side"],
            body["type"],
            body.get("time_in_force", "gtc"),
            quantity,
            limit,
            stop,
            body.get("link_group"),
            at,
            at,
            hold_price=price * (1 + FEE) if self.fee_asset == "quote" else price,
            left=quantity,
        )

    def _check_funds(self, order: VenueOrder) -> None:
        wallet, held = self.wallet(order.key), self.on_hold(order.key)
        if order.side == "buy":
            if order.left * order.hold_price > wallet.get("USDT", Decimal(0)) - held["USDT"]:
                raise Refused(400, "INSUFFICIENT_BALANCE")
            return
        base = LISTINGS[order.symbol].base
        total = wallet.get(base, Decimal(0))
        if total <= 0:
            raise Refused(400, "NO_POSITION")
        self._open[order.key].append(order)
        needed = self.on_hold(order.key)[base]
        self._open[order.key].remove(order)
        if needed > total:
            raise Refused(400, "INSUFFICIENT_BALANCE")

    def _work(self, order: VenueOrder, at: str) -> None:
        bid, ask = self.quote(order.symbol)
        buys = order.side == "buy"
        price: Decimal | None = ask if buys else bid
        if order.type == "limit":
            assert order.limit_price is not None
            if ask > order.limit_price if buys else bid < order.limit_price:
                price = None
            elif order.created_at != at:
                price = order.limit_price
        if order.type == "stop" and not order.triggered:
            assert order.stop_price is not None
            order.triggered = ask >= order.stop_price if buys else bid <= order.stop_price
            price = price if order.triggered else None
        if price is not None:
            quantity = self._scripted(order)
            if quantity > 0:
                self._execute(order, quantity, price, at)

    def _scripted(self, order: VenueOrder) -> Decimal:
        for script in self._partials:
            if script.get("client_order_id") in (None, order.client_order_id) and script.get("symbol") in (
                None,
                order.symbol,
            ):
                self._partials.remove(script)
                lot = LISTINGS[order.symbol].lot
                part = order.left * Decimal(script["fraction"])
                return (part / lot).to_integral_value(rounding=ROUND_DOWN) * lot
        return order.left

    def _execute(self, order: VenueOrder, quantity: Decimal, price: Decimal, at: str) -> None:
        listing = LISTINGS[order.symbol]
        before = self._group_hold(order)
        order.left -= quantity
        order.executed += quantity
        order.spent += quantity * price
        order.updated_at = at
        self._settle(order, listing, quantity, price, at)
        if order.left == 0:
            self._close(order, "FILLED", at)
        else:
            order.status = "PARTIALLY_FILLED"
        if order.link_group is not None and order.side == "sell":
            self._shrink(order, before - quantity, at)

    def _settle(
        self, order: VenueOrder, listing: Listing, quantity: Decimal, price: Decimal, at: str
    ) -> None:
        wallet, value = self.wallet(order.key), quantity * price
        buys = order.side == "buy"
        in_base = buys and self.fee_asset == "base"
        fee = (quantity if in_base else value) * FEE
        sign = 1 if buys else -1
        wallet["USDT"] = wallet.get("USDT", Decimal(0)) - sign * value - (0 if in_base else fee)
        got = wallet.get(listing.base, Decimal(0)) + sign * quantity
        wallet[listing.base] = got - (fee if in_base else 0)
        self._fill_counters[order.symbol] += 1
        order.fills.append(
            {
                # Numbered per symbol, as Binance does.
                "fill_id": str(self._fill_counters[order.symbol]),
                "order_id": str(order.order_id),
                "client_order_id": order.client_order_id,
                "symbol": order.symbol,
                "side": order.side,
                "quantity": str(quantity),
                "price": str(price),
                "fee": str(fee),
                "fee_asset": listing.base if in_base else "USDT",
                "at": at,
            }
        )

    def _mates(self, order: VenueOrder) -> list[VenueOrder]:
        return [
            other
            for other in self._open[order.key]
            if other.side == "sell" and (other.symbol, other.link_group) == (order.symbol, order.link_group)
        ]

    def _group_hold(self, order: VenueOrder) -> Decimal:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for other in self._mates(order):
            sums[_side_of_group(other)] += other.left
        return max(sums.values(), default=Decimal(0))

    def _shrink(self, order: VenueOrder, allowed: Decimal, at: str) -> None:
        """Let no side of the group hold more than what the group may still sell."""
        for side in {_side_of_group(other) for other in self._mates(order)}:
            mates = [other for other in self._mates(order) if _side_of_group(other) == side]
            excess = sum((other.left for other in mates), Decimal(0)) - allowed
            for other in reversed(mates):
                cut = min(max(excess, Decimal(0)), other.left)
                if cut > 0 and other is not order:
                    other.left -= cut
                    other.updated_at = at
                    excess -= cut
                    if other.left == 0:
                        self._close(other, "CANCELED", at)

    def _close(self, order: VenueOrder, status: str, at: str) -> None:
        order.status, order.updated_at = status, at
        if status != "FILLED":
            order.left = Decimal(0)
        self._open[order.key].remove(order)


def _side_of_group(order: VenueOrder) -> str:
    return order.type
