"""What the emulated Alpaca refuses, in its words. Words that no public source tells are marked as ours."""

from decimal import Decimal

from tests.emulators.alpaca.assets import Asset
from tests.emulators.alpaca.orders import Command, Refused

_BAD_FORM, _WRONG, _FORBIDDEN = 40010001, 42210000, 40310000
_WANTED = {
    "market": set(),
    "limit": {"limit_price"},
    "stop": {"stop_price"},
    "stop_limit": {"stop_price", "limit_price"},
    "trailing_stop": {"trail_percent"},
}
_TYPES = {
    "us_equity": set(_WANTED),
    "crypto": {"market", "limit", "stop_limit"},
    "us_option": {"market", "limit"},
}


def check_form(body: Command, asset: Asset | None, *, is_open: bool) -> Asset:
    """Check everything that does not depend on prices and on what the account has."""
    if asset is None:
        raise Refused(422, _BAD_FORM, f'could not find asset "{body.get("symbol")}"')
    if not asset.is_active:
        raise Refused(422, _WRONG, f'asset "{asset.symbol}" is not active')
    if not all(isinstance(value, str) for value in body.values()):
        raise Refused(422, _BAD_FORM, "numbers are sent as text by whom we judge")  # ours
    kind, time_in_force = body["type"], body["time_in_force"]
    given = {name for name in ("limit_price", "stop_price", "trail_percent") if name in body}
    if _WANTED.get(kind) != given:
        raise Refused(422, _BAD_FORM, f"{kind} orders require {sorted(_WANTED.get(kind, ()))}")  # ours
    if kind not in _TYPES[asset.kind]:
        if asset.kind == "us_option":
            raise Refused(403, _FORBIDDEN, "account not eligible to trade uncovered option contracts")
        raise Refused(422, _WRONG, f"invalid order type for {asset.kind} order")
    quantity = Decimal(body["qty"])
    if quantity <= 0:
        raise Refused(422, _WRONG, "qty must be > 0")
    _check_quantity(asset, quantity, time_in_force, kind)
    for name in given - {"trail_percent"}:
        _check_tick(asset, name, Decimal(body[name]))
    if asset.kind == "us_option" and kind == "market" and not is_open:
        raise Refused(422, _WRONG, "options market orders are only allowed during market hours")
    return asset


def check_prices(body: Command, asset: Asset, bid: Decimal, ask: Decimal) -> None:
    """Check what depends on the market."""
    buys, stop = body["side"] == "buy", body.get("stop_price")
    price = Decimal(body.get("limit_price") or stop or (ask if buys else bid))
    if price * Decimal(body["qty"]) < asset.least_value:
        raise Refused(403, _FORBIDDEN, f"cost basis must be >= minimal amount of order {asset.least_value}")
    if stop is None:
        return
    if buys and Decimal(stop) <= ask:
        raise Refused(422, _WRONG, "stop price must be greater than current price")
    if not buys and Decimal(stop) >= bid:
        raise Refused(422, _WRONG, "stop price must be less than current price")


def check_sale(body: Command, asset: Asset, total: Decimal, free: Decimal) -> None:
    """Check that a sale closes what is there and is not bespoken."""
    quantity = Decimal(body["qty"])
    if asset.kind == "crypto":
        if quantity > free:
            raise Refused(
                403,
                _FORBIDDEN,
                f"insufficient balance for {asset.symbol.partition('/')[0]} (requested: {quantity}, available: {free})",
            )
        return
    if total <= 0:
        if body.get("position_intent") == "sell_to_close":
            words = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close"
            raise Refused(422, _WRONG, words)
        raise Refused(422, _WRONG, f'asset "{asset.symbol}" cannot be sold short')
    if quantity > free:
        raise Refused(
            403,
            _FORBIDDEN,
            f"insufficient qty available for order (requested: {quantity}, available: {free})",
            available=str(free),
            existing_qty=str(total),
            held_for_orders=str(total - free),
        )


def check_purchase(asset: Asset, needed: Decimal, free: Decimal) -> None:
    """Check that a purchase can be paid for."""
    if needed <= free:
        return
    if asset.kind == "crypto":
        raise Refused(
            403, _FORBIDDEN, f"insufficient balance for USD (requested: {needed}, available: {free})"
        )
    raise Refused(403, _FORBIDDEN, "insufficient buying power", buying_power=str(free))


def _check_quantity(asset: Asset, quantity: Decimal, time_in_force: str, kind: str) -> None:
    is_whole = quantity == quantity.to_integral_value()
    if asset.kind == "crypto":
        if time_in_force not in {"gtc", "ioc"}:
            raise Refused(422, _WRONG, "invalid crypto time_in_force")
        if quantity % asset.part:
            raise Refused(422, _WRONG, "qty increment is invalid")  # ours
        return
    if asset.kind == "us_option":
        if not is_whole or time_in_force != "day":
            raise Refused(422, _WRONG, "option orders must be whole and DAY orders")  # ours
        return
    if is_whole:
        return
    if asset.part == 1:
        raise Refused(403, _FORBIDDEN, f'asset "{asset.symbol}" is not fractionable')
    if time_in_force != "day":
        raise Refused(422, _WRONG, "fractional orders must be DAY orders")
    if kind == "trailing_stop":
        raise Refused(422, _WRONG, "fractional orders must be market, limit, stop or stop limit")  # ours


def _check_tick(asset: Asset, name: str, price: Decimal) -> None:
    if asset.kind == "crypto":
        if price % asset.tick:
            raise Refused(422, _WRONG, f"{name} does not fit the price increment {asset.tick}")  # ours
        return
    if price % (Decimal("0.01") if price >= 1 else Decimal("0.0001")):
        words = f"invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        raise Refused(422, _WRONG, words)
