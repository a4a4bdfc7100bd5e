"""The test venue behind the broker protocol: an adapter as one from outside the tree would be written."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlencode

from shared.brokers.base import Balance, NotFound, Quote
from shared.brokers.codes import Doubt, Refusal
from shared.brokers.factory import AccountAccess, Credentials
from shared.brokers.http import HttpAnswer, HttpRequest, HttpTransport, doubt, read_answer
from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.errors import DuplicateOrderId, PermanentError
from shared.domain.instruments import AssetClass, Instrument
from shared.domain.order_status import OrderStatus
from shared.domain.orders import FillReport, OrderLookup, OrderReport, OrderRequest
from shared.domain.signals import Side
from tests.emulators.venue.rows import VENUE
from tests.emulators.venue.signing import signature

T = TypeVar("T")

_STATUS = {
    "NEW": OrderStatus.ACCEPTED,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
}
_REFUSALS = {
    "BAD_KEY": Refusal.UNAUTHORIZED,
    "BAD_SIGNATURE": Refusal.UNAUTHORIZED,
    "STALE_TIMESTAMP": Refusal.UNAUTHORIZED,
    "BAD_SYMBOL": Refusal.UNKNOWN_SYMBOL,
    "BAD_ORDER": Refusal.INVALID_ORDER,
    "LOT_SIZE": Refusal.INVALID_LOT,
    "PRICE_FILTER": Refusal.INVALID_TICK,
    "MIN_NOTIONAL": Refusal.BELOW_MINIMUM_NOTIONAL,
    "INSUFFICIENT_BALANCE": Refusal.INSUFFICIENT_FUNDS,
    "NO_POSITION": Refusal.SHORT_NOT_POSSIBLE,
    "STOP_PASSED": Refusal.STOP_ALREADY_PASSED,
    "EXPIRED": Refusal.EXPIRED_BEFORE_ARRIVAL,
}
_NOT_FOUND = "ORDER_NOT_FOUND"
_DUPLICATE = "DUPLICATE_CLIENT_ID"


class HttpVenueBroker:
    """One account at the test venue; accounts share the transport and its session."""

    def __init__(self, transport: HttpTransport, base_url: str, credentials: Credentials) -> None:
        self._transport = transport
        self._base_url = base_url
        self._credentials = credentials

    async def submit_order(self, request: OrderRequest) -> OrderReport:
        """POST one order, once."""
        body = {
            "client_order_id": request.client_order_id,
            "symbol": request.symbol,
            "side": str(request.side),
            "type": str(request.order_type),
            "time_in_force": str(request.time_in_force),
            "quantity": str(request.quantity),
            "limit_price": _text(request.limit_price),
            "stop_price": _text(request.stop_price),
            "reduce_only": request.reduce_only,
            "link_group": request.link_group,
            "expires_at": _moment(request.send_before) if request.send_before is not None else None,
        }
        return await self._call("POST", "/orders", read_order, body=body)

    async def cancel_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """DELETE an order; one that has ended is reported as it is."""
        return await self._call_or_not_found("DELETE", "/orders", lookup)

    async def fetch_order(self, lookup: OrderLookup) -> OrderReport | NotFound:
        """GET one order by the ids we know."""
        return await self._call_or_not_found("GET", "/order", lookup)

    async def fetch_orders_since(self, symbol: str, since: datetime) -> Sequence[OrderReport]:
        """List open orders of a symbol and those that changed since a moment."""
        return await self._call("GET", "/orders", _each(read_order), query=_since(symbol, since))

    async def fetch_open_orders(self, symbol: str | None = None) -> Sequence[OrderReport]:
        """List open orders, all or of one symbol."""
        listed = await self._call("GET", "/orders/open", _each(read_order))
        return tuple(report for report in listed if symbol in (None, report.symbol))

    async def fetch_fills(self, symbol: str, since: datetime) -> Sequence[FillReport]:
        """List executions of one instrument since a moment."""
        return await self._call("GET", "/fills", _each(_read_fill), query=_since(symbol, since))

    async def fetch_balances(self) -> Sequence[Balance]:
        """Read all balances."""
        return await self._call("GET", "/balances", _each(_read_balance))

    async def close(self) -> None:
        """Do nothing: the session is shared and closed by the adapter."""

    async def _call_or_not_found(self, method: str, path: str, lookup: OrderLookup) -> OrderReport | NotFound:
        query = {"symbol": lookup.symbol, "client_order_id": lookup.client_order_id}
        if lookup.venue_order_id is not None:
            query["order_id"] = lookup.venue_order_id
        answer = await self._send(method, path, query=query)
        # Typed and healthy, or it is no not-found: a proxy's 404 page has no code of the venue.
        if answer.status == 404 and _code_of(answer) == _NOT_FOUND:
            return NotFound(path)
        return _read(answer, read_order, is_write=method != "GET")

    async def _call(
        self,
        method: str,
        path: str,
        read: Callable[[Any], T],
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> T:
        answer = await self._send(method, path, query=query, body=body)
        return _read(answer, read, is_write=method != "GET")

    async def _send(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None
    ) -> HttpAnswer:
        target = f"{path}?{urlencode(query, safe='')}" if query else path
        content = json.dumps(body).encode() if body is not None else b""
        sent_at = str(time.time_ns() // 1_000_000)
        headers = {
            "X-API-KEY": self._credentials.api_key,
            "X-TIMESTAMP": sent_at,
            "X-SIGNATURE": signature(self._credentials.secret, sent_at, method, target, content),
            "Content-Type": "application/json",
        }
        request = HttpRequest(method, target, headers, content or None, is_write=method != "GET")
        return await self._transport.send(self._base_url, request)


class HttpVenueMarketData:
    """The test venue's public side."""

    def __init__(self, transport: HttpTransport, base_url: str) -> None:
        self._transport = transport
        self._base_url = base_url

    async def fetch_instruments(self, symbols: Sequence[str] | None = None) -> Sequence[Instrument]:
        """List instruments, or those of `symbols` that exist."""
        answer = await self._transport.send(self._base_url, HttpRequest("GET", "/instruments", {}))
        listed = _read(answer, _each(_read_instrument), is_write=False)
        return tuple(item for item in listed if symbols is None or item.symbol in symbols)

    async def fetch_quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        """Read quotes in one call; unknown symbols are left out."""
        target = f"/quotes?{urlencode({'symbols': ','.join(symbols)}, safe='')}"
        answer = await self._transport.send(self._base_url, HttpRequest("GET", target, {}))
        return _read(answer, _each(_read_quote), is_write=False)

    async def close(self) -> None:
        """Do nothing: the session is shared and closed by the adapter."""


class TestVenueAdapter:
    """The test venue's doors."""

    __test__ = False

    def __init__(self, transport: HttpTransport | None = None) -> None:
        self._transport = transport or HttpTransport()

    @property
    def venue(self) -> Venue:
        """Its catalogue entry."""
        return VENUE

    def open_broker(self, access: AccountAccess) -> HttpVenueBroker:
        """Open one account; it has no address but the one that is configured."""
        if access.credentials is None:
            raise PermanentError(Refusal.CREDENTIALS_MISSING, access.account_id)
        return HttpVenueBroker(self._transport, _address(access.base_url), access.credentials)

    def open_market_data(self, environment: Environment, base_url: str | None) -> HttpVenueMarketData:
        """Open the public side."""
        return HttpVenueMarketData(self._transport, _address(base_url))

    async def close(self) -> None:
        """Close the running loop's session."""
        await self._transport.close()


ADAPTER = TestVenueAdapter()


def read_order(row: Any) -> OrderReport:
    """Read an order as the venue writes it."""
    average = row["average_price"]
    return OrderReport(
        client_order_id=row["client_order_id"],
        venue_order_id=row["order_id"],
        symbol=row["symbol"],
        status=_STATUS[row["status"]],
        filled_quantity=Decimal(row["executed_quantity"]),
        average_fill_price=Decimal(average) if average is not None else None,
        at=datetime.fromisoformat(row["updated_at"]),
        accepted_at=datetime.fromisoformat(row["created_at"]),
        fills=tuple(_read_fill(fill) for fill in row["fills"]),
        open_quantity=Decimal(row["open_quantity"]),
    )


def _read_fill(row: Any) -> FillReport:
    return FillReport(
        venue_fill_id=row["fill_id"],
        venue_order_id=row["order_id"],
        client_order_id=row["client_order_id"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=Decimal(row["quantity"]),
        price=Decimal(row["price"]),
        commission=Decimal(row["fee"]),
        commission_asset=row["fee_asset"],
        at=datetime.fromisoformat(row["at"]),
    )


def _read_balance(row: Any) -> Balance:
    return Balance(row["asset"], Decimal(row["total"]), Decimal(row["free"]))


def _read_instrument(row: Any) -> Instrument:
    return Instrument(
        row["symbol"],
        AssetClass.CRYPTO,
        row["base"],
        row["quote"],
        Decimal(row["tick"]),
        Decimal(row["lot"]),
        Decimal(row["minimum_notional"]),
    )


def _read_quote(row: Any) -> Quote:
    at = datetime.fromisoformat(row["at"])
    return Quote(row["symbol"], Decimal(row["bid"]), Decimal(row["ask"]), at, synthetic=True)


def _each(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    return lambda rows: tuple(read(row) for row in rows)


def _read(answer: HttpAnswer, read: Callable[[Any], T], *, is_write: bool) -> T:
    if answer.is_ok:
        return read_answer(answer, read, is_write=is_write)
    code = _code_of(answer)
    if code == _DUPLICATE:
        raise DuplicateOrderId(Doubt.DUPLICATE_ORDER_ID, "the venue has an order with this id")
    if code in _REFUSALS:
        raise PermanentError(_REFUSALS[code], f"the venue says {code}")
    raise doubt(is_write, Doubt.UNTYPED_REFUSAL, f"status {answer.status}, code {code!r}")


def _code_of(answer: HttpAnswer) -> str:
    return str(answer.payload.get("code")) if isinstance(answer.payload, dict) else ""


def _since(symbol: str, since: datetime) -> dict[str, str]:
    return {"symbol": symbol, "since": _moment(since)}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def _text(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _address(base_url: str | None) -> str:
    if not base_url:
        raise PermanentError(Refusal.ENVIRONMENT_NOT_OFFERED, "set VENUE_URL_TESTVENUE_<SANDBOX|LIVE>")
    return base_url
