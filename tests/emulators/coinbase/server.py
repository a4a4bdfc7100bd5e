"""Coinbase over the shared core: its paths, its tokens, its words."""

from collections.abc import Mapping
from typing import Any

from tests.emulators.binance.amounts import UNIT
from tests.emulators.binance.calls import Call
from tests.emulators.binance.engine import Engine
from tests.emulators.binance.faults import FaultRule
from tests.emulators.binance.http import Answer, Request
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance.routes import NONE, TRADE, USER_DATA, Route
from tests.emulators.binance.settings import VenueSettings
from tests.emulators.binance.signing import bad_key
from tests.emulators.binance.strikes import Voice
from tests.emulators.coinbase.acts import CANCEL, COMMANDS, PLACE
from tests.emulators.coinbase.forms import TAKEN
from tests.emulators.coinbase.questions import PUBLIC, QUERIES
from tests.emulators.coinbase.tokens import BEARER, check_token, name_in
from tests.emulators.exchange.book import ExchangeBook, list_markets
from tests.emulators.exchange.refusals import Reason, Said
from tests.emulators.exchange.server import Exchange
from tests.emulators.exchange.strikes import effects_with

API = "/api/v3/brokerage"
FILLS, RIGHTS = f"{API}/orders/historical/fills", f"{API}/key_permissions"
MARKETS = list_markets(lambda base, quote: f"{base}-{quote}", quote="USD", least=UNIT)
SETTINGS = VenueSettings(client_ids="return_existing", fee_asset="quote", fee_rate="0.006", weight_limit=1800)
LOAD_TOKEN = "load-token-"
FAULT_PATHS = {"double_fills": FILLS, "shuffle_fills": FILLS, "withdraw_permissions": RIGHTS}
PREVIEW = "UNKNOWN_FAILURE_REASON"

WORDS: Mapping[Reason, Said] = {
    Reason.BANNED: Said(403, "PERMISSION_DENIED", "Too many errors"),
    Reason.CLOSED: Said(TAKEN, "ORDER_ENTRY_DISABLED"),
    Reason.FAILED: Said(500, "INTERNAL", "Internal error"),
    Reason.INSUFFICIENT: Said(TAKEN, "INSUFFICIENT_FUND", "Insufficient balance in source account"),
    Reason.LOT: Said(TAKEN, "INVALID_SIZE_PRECISION"),
    Reason.MALFORMED: Said(400, "INVALID_ARGUMENT"),
    # Some reasons are told by the preview only.
    Reason.NOTIONAL: Said(TAKEN, PREVIEW, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
    Reason.NO_SUCH_ORDER: Said(404, "NOT_FOUND", "order with this orderID was not found"),
    Reason.NO_SUCH_PATH: Said(404, "unknown", "Not Found"),
    Reason.OUTCOME_UNKNOWN: Said(504, "DEADLINE_EXCEEDED", "upstream request timeout"),
    Reason.OVERLOADED: Said(503, "UNAVAILABLE", "no healthy upstream"),
    Reason.PASSED: Said(TAKEN, PREVIEW, "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
    Reason.RATE_LIMITED: Said(429, "RESOURCE_EXHAUSTED", "Too many requests"),
    Reason.TAKES: Said(TAKEN, "INVALID_LIMIT_PRICE_POST_ONLY"),
    Reason.TICK: Said(TAKEN, "INVALID_PRICE_PRECISION"),
    Reason.TOO_FAR: Said(TAKEN, PREVIEW, "PREVIEW_LIMIT_PRICE_TOO_FAR_FROM_MARKET"),
    Reason.TOO_MANY: Said(TAKEN, "UNSUPPORTED_ORDER_CONFIGURATION", "Too many open orders"),
    Reason.UNAUTHORIZED: Said(401, "UNAUTHORIZED", "Unauthorized"),
}


def _route(security: str, names: str = "", orders: int = 0) -> Route:
    return Route(security, 1, frozenset(names.split()), orders)


ROUTES: dict[str, Route] = {
    f"GET {API}/time": _route(NONE),
    f"GET {API}/market/products": _route(NONE, "product_type limit"),
    f"GET {API}/market/product_book": _route(NONE, "product_id limit"),
    PLACE: _route(TRADE, "client_order_id product_id side order_configuration", orders=1),
    CANCEL: _route(TRADE, "order_ids"),
    f"GET {API}/orders/historical/batch": _route(
        USER_DATA, "order_status product_type product_ids start_date limit cursor"
    ),
    f"GET {FILLS}": _route(USER_DATA, "order_ids product_ids start_sequence_timestamp limit cursor"),
    f"GET {API}/orders/historical/{{order_id}}": _route(USER_DATA),
    f"GET {API}/accounts": _route(USER_DATA, "limit cursor"),
    f"GET {RIGHTS}": _route(USER_DATA),
}


def _allow_transfers(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    answer.body = voice.say({**payload, "can_transfer": True})
    return answer


class Coinbase(Exchange):
    """The running venue; its state is what its log says."""

    key_header = "authorization"
    id_names = ("client_order_id",)
    words = WORDS
    routes = ROUTES
    public = PUBLIC
    queries = QUERIES
    commands = COMMANDS
    effects = effects_with("fills", withdraw_permissions=_allow_transfers)
    fault_paths = FAULT_PATHS

    def make_engine(self) -> Engine:
        return Engine(ExchangeBook(MARKETS, SETTINGS, money="USD"))

    def key_of(self, request: Request) -> str:
        header = request.headers.get("authorization", "")
        name = name_in(header)
        if name is not None:
            return name
        token = header.removeprefix(BEARER)
        if token.startswith(LOAD_TOKEN):
            return f"load-{token.removeprefix(LOAD_TOKEN)}"
        owners = (account.key for account in self.book.accounts.values() if account.passphrase == token)
        return next(owners, "") if token else ""

    def authenticate(self, call: Call, route: Route) -> None:
        request = call.request
        account = call.account = self.book.account(request.key)
        if account is None or (account.addresses and request.address not in account.addresses):
            raise bad_key()
        if name_in(request.headers.get("authorization", "")) is not None:
            check_token(account, request, call.second)
        if route.security == TRADE and not account.can_trade:
            raise Refusal(-1002, "a key that may look only")

    def charge(self, call: Call, route: Route) -> None:
        # Keys have room of their own; who bears none is counted by address.
        who = call.request.key if route.security != NONE else call.request.address
        self.limits.charge(who, route.weighs(call.params), call.second, self.book.settings)

    def in_own_words(self, refusal: Refusal) -> Refusal:
        told = super().in_own_words(refusal)
        if refusal.code == -1002:
            told.code, told.status = "PERMISSION_DENIED", 403
        return told

    def say_no(self, refusal: Refusal) -> Answer:
        answer = super().say_no(refusal)
        if answer.status == 401:
            # The door does not speak JSON.
            return Answer(401, b"Unauthorized\n", content_type="text/plain; charset=utf-8")
        return answer

    def refusal_body(self, told: Refusal) -> Any:
        if told.status != TAKEN:
            return {"error": told.code, "error_details": told.message, "message": told.message}
        is_preview = told.message.startswith("PREVIEW_")
        error = {
            "error": told.code,
            "message": "" if is_preview else told.message,
            "error_details": "",
            "preview_failure_reason": told.message if is_preview else "UNKNOWN_PREVIEW_FAILURE_REASON",
            "new_order_failure_reason": told.code,
        }
        return {"success": False, "failure_reason": PREVIEW, "error_response": error}
