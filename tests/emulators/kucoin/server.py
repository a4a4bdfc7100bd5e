"""The running venue: how it is asked, who asks, and how it answers."""

import base64
import hmac
import math
from typing import Any, ClassVar

import orjson

from tests.emulators.binance.accounts import Account
from tests.emulators.binance.calls import Call
from tests.emulators.binance.engine import Engine
from tests.emulators.binance.faults import FaultRule
from tests.emulators.binance.http import Answer, Request
from tests.emulators.binance.refusals import Refusal
from tests.emulators.binance.routes import NONE, TRADE, Route
from tests.emulators.binance.strikes import Voice
from tests.emulators.exchange.refusals import Reason, Said, Told, reason_of
from tests.emulators.exchange.server import Exchange
from tests.emulators.exchange.strikes import effects_with
from tests.emulators.kucoin import words
from tests.emulators.kucoin.book import KucoinBook
from tests.emulators.kucoin.commands import COMMANDS
from tests.emulators.kucoin.routes import PUBLIC, QUERIES, ROUTES

OLDEST = 5_000
_SIGNED = ("kc-api-sign", "kc-api-timestamp", "kc-api-passphrase")


def _allow_withdrawals(rule: FaultRule, answer: Answer, payload: Any, voice: Voice) -> Answer:
    if isinstance(payload, dict):
        answer.body = voice.say({**payload, "permission": f"{payload['permission']},Transfer"})
    return answer


class Kucoin(Exchange):
    """The spot market; its state is what its log says."""

    key_header = "kc-api-key"
    id_names = ("clientOid",)
    words: ClassVar[dict[Reason, Said]] = words.WORDS
    effects = effects_with("items", withdraw_permissions=_allow_withdrawals)
    fault_paths: ClassVar[dict[str, str]] = {
        "double_fills": "/api/v1/hf/fills",
        "shuffle_fills": "/api/v1/hf/fills",
        "withdraw_permissions": "/api/v1/user/api-key",
    }
    routes = ROUTES
    public = PUBLIC
    queries = QUERIES
    commands = COMMANDS

    def make_engine(self) -> Engine:
        return Engine(KucoinBook())

    def authenticate(self, call: Call, route: Route) -> None:
        headers, request = call.request.headers, call.request
        if not request.key or any(name not in headers for name in _SIGNED):
            raise Told(words.MISSING)
        account = self.book.account(request.key)
        if account is None:
            raise Told(words.UNKNOWN_KEY)
        self._check_age(headers["kc-api-timestamp"], call.now)
        if headers.get("kc-api-key-version") != "2" or headers["kc-api-passphrase"] != _mac(
            account, account.passphrase
        ):
            raise Told(words.PASSPHRASE)
        if headers["kc-api-sign"] != _mac(account, _payload(request)):
            raise Told(words.SIGNATURE)
        if account.addresses and request.address not in account.addresses:
            raise Told(words.ADDRESS)
        if route.security == TRADE and not account.can_trade:
            raise Told(words.RIGHTS)
        call.account = account

    def charge(self, call: Call, route: Route) -> None:
        """Private questions are counted by account, public ones by address."""
        whose = call.request.address if route.security == NONE else call.request.key
        self.limits.charge(whose, route.weight, call.second, self.book.settings)

    def in_own_words(self, refusal: Refusal) -> Refusal:
        told = super().in_own_words(refusal)
        if "Retry-After" in told.headers:
            wait = math.ceil(float(told.headers["Retry-After"]) * 1000)
            told.headers = {
                "gw-ratelimit-limit": "4000",
                "gw-ratelimit-remaining": "0",
                "gw-ratelimit-reset": str(wait),
            }
        if not isinstance(refusal, Told) and reason_of(refusal) is Reason.BANNED:
            # The venue's guard says 429 too.
            told.status = words.WORDS[Reason.BANNED].status
        return told

    def say(self, payload: Any) -> bytes:
        return orjson.dumps({"code": "200000", "data": payload})

    @staticmethod
    def _check_age(text: str, now: int) -> None:
        if not text.isdecimal() or abs(now - int(text)) > OLDEST:
            raise Told(words.TIMESTAMP)


def _payload(request: Request) -> str:
    query = f"?{request.query}" if request.query else ""
    return f"{request.headers['kc-api-timestamp']}{request.method}{request.path}{query}{request.body}"


def _mac(account: Account, text: str) -> str:
    return base64.b64encode(hmac.digest(account.secret, text.encode(), "sha256")).decode()
