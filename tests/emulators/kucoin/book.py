"""What KuCoin lists and how it behaves, and in which of its two families an order stands."""

from dataclasses import dataclass

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.amounts import UNIT
from tests.emulators.binance.orders import CONTINGENT, Order
from tests.emulators.binance.settings import VenueSettings
from tests.emulators.exchange.book import ExchangeBook, hex_of, list_markets

LEAST = UNIT // 2
MARKETS = list_markets("{}-{}".format, least=LEAST)
STOP_DIGITS = 22
LOAD = "load-"


@dataclass(frozen=True, slots=True)
class KucoinSettings(VenueSettings):
    """How the venue behaves: a stop locks nothing, and one that the price has passed is met at once.

    `weight_limit` is by account and minute.
    """

    fee_asset: str = "quote"
    passed_stops: str = "trigger"
    stops_lock: bool = False
    weight_limit: int = 8000


class KucoinBook(ExchangeBook):
    """The venue's state; an order that waited for its stop has an id in each family."""

    def __init__(self) -> None:
        super().__init__(MARKETS, KucoinSettings())

    def account(self, key: str) -> Account | None:
        found = super().account(key)
        if found is not None and not found.passphrase and key.startswith(LOAD):
            # Accounts for load appear by themselves, their passphrase too.
            found.passphrase = f"load-passphrase-{key.removeprefix(LOAD)}"
        return found

    def ids_of(self, order: Order) -> tuple[str, ...]:
        return (plain_id(order), stop_id(order)) if has_stop(order) else (plain_id(order),)


def has_stop(order: Order) -> bool:
    """Came it in as an order with a stop?"""
    return order.terms.type in CONTINGENT


def stop_id(order: Order) -> str:
    """Its id while it waits for its stop."""
    return "vs" + hex_of(order, "stop", STOP_DIGITS)


def plain_id(order: Order) -> str:
    """Its id as a plain order."""
    return hex_of(order)


def is_plain(order: Order) -> bool:
    """Is it, or has it become, a plain order? One that found nothing free when its stop was met never became one."""
    if not has_stop(order):
        return True
    found_nothing = order.status == "EXPIRED" and not order.executed
    return not order.waits_for_its_stop and not found_nothing
