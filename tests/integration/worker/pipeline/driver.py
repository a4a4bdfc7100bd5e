"""Drives the pipeline in this process on real servers: bells go through the real Redis and are answered here."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from pydantic import SecretStr
from redis import Redis

from shared.brokers.base import Quote
from shared.domain.accounts import Account, AccountStatus, Environment
from shared.domain.bots import BotSettings, BotState, Sizing, SizingMethod, TradingBot
from shared.domain.orders import Order
from shared.domain.receipts import Receipt
from shared.domain.trades import Trade
from shared.inbox import IncomingMessage, record_message
from shared.models import accounts, bots, claims, messages, orders, signals, trades
from shared.models.accounts import Account as AccountDocument
from shared.models.bots import TradingBot as BotDocument
from shared.models.credentials import Credential
from shared.models.mapping import rows_of, to_row
from shared.models.messages import InboxMessage, Message
from shared.models.providers import Provider
from shared.models.users import Membership, User
from shared.tasks import Queue
from shared.vault import PublicKeys, credential_record
from worker.context import Context
from worker.task import app

GUILD, CHANNEL, AUTHOR = "900", "901", "902"
MAX_BELLS = 5000
# Of the process, not of a driver: a context keeps the brokers of accounts that it has seen.
_NUMBERS = count(1)


def claim(order_ids: Sequence[str], claim_id: str) -> list[Order]:
    """Claim as a sender does that has just looked who waits."""
    return claims.claim(claims.find_waiting(order_ids), claim_id, datetime.now(UTC))


def _nothing() -> None:
    """Answer a bell that nobody rang."""


@dataclass
class Driver:
    """A provider, its followers, and hands that post messages and answer bells."""

    context: Context
    redis: Redis
    numbers: Any = field(default_factory=lambda: _NUMBERS)
    ids: Any = field(default_factory=lambda: count(10_000))

    def add_provider(
        self, *, visibility: str = "public", channel: str = CHANNEL, role_ids: Sequence[str] = ()
    ) -> str:
        """Create a provider that may signal in a channel; its community has the id `community`."""
        provider_id = f"provider-{next(self.numbers)}"
        rows_of(Provider).insert_one(
            {
                "_id": provider_id,
                "name": provider_id,
                "guild_id": GUILD,
                "channel_ids": [channel],
                "author_ids": [AUTHOR],
                "webhook_ids": [],
                "community_id": "community",
                "visibility": visibility,
                "role_ids": list(role_ids),
                "active": True,
                "created_at": datetime.now(UTC),
            }
        )
        return provider_id

    def add_follower(
        self,
        provider_id: str,
        *,
        settings: BotSettings | None = None,
        sizing: Sizing | None = None,
        tier: str = "premium",
        balance: Decimal = Decimal(10_000),
        key: tuple[str, ...] | None = None,
        environment: str = "sandbox",
        venue: str = "binance",
    ) -> TradingBot:
        """Create a user with an account whose balance was read, and an active bot.

        The account is paper money, or with a `key`, its secret and what else the login takes one of the venue's own.
        """
        number = next(self.numbers)
        now = datetime.now(UTC)
        where = "paper" if key is None else environment
        user = {
            "_id": f"user-{number}",
            "discord_id": f"d{number}",
            "name": f"n{number}",
            "tier": tier,
        }
        rows_of(User).insert_one({**user, "created_at": now})
        account = Account(
            account_id=f"account-{number}",
            user_id=f"user-{number}",
            name=f"paper {number}",
            venue="paper" if key is None else venue,
            environment=where,
            status=AccountStatus.ACTIVE,
            quote_asset=self.context.factory.find_venue(venue).money(Environment(where)),
            version=0,
            opening_balance=balance if key is None else None,
            credential_id=None if key is None else f"credential-{number}",
        )
        if key is not None:
            self._store_key(account, key)
        rows_of(AccountDocument).insert_one({**to_row(account, "account_id"), "created_at": now})
        bot = TradingBot(
            trading_bot_id=f"bot-{number}",
            user_id=f"user-{number}",
            provider_id=provider_id,
            account_id=account.account_id,
            state=BotState.ACTIVE,
            sizing=sizing or Sizing(SizingMethod.FIXED, Decimal(200)),
            settings=settings or BotSettings(),
        )
        rows_of(BotDocument).insert_one({**to_row(bot, "trading_bot_id"), "created_at": now})
        app.tasks["accounts.refresh"]([account.account_id])
        self.answer_bells()
        return bot

    def _store_key(self, account: Account, key: tuple[str, ...]) -> None:
        assert account.credential_id is not None
        names = ("api_key", "secret", "passphrase")
        text = SecretStr(json.dumps(dict(zip(names, key, strict=False))))
        keys = PublicKeys.parse(self.context.settings.credential_public_keys)
        box = keys.seal(credential_record(account.account_id, account.credential_id), text)
        rows_of(Credential).insert_one(
            {
                "_id": account.credential_id,
                "user_id": account.user_id,
                "account_id": account.account_id,
                "key_id": box.key_id,
                "sealed": box.data,
                "created_at": datetime.now(UTC),
            }
        )

    def post(self, content: str, **changes: Any) -> str:
        """Record one message as the bot does and return its inbox row's id; nothing is answered yet."""
        values: dict[str, Any] = {
            "guild_id": GUILD,
            "channel_id": CHANNEL,
            "author_id": AUTHOR,
            "message_id": str(next(self.ids)),
            "content": content,
            "posted_at": datetime.now(UTC),
        }
        return record_message(IncomingMessage(**{**values, **changes}), datetime.now(UTC)).id

    def say(self, content: str, **changes: Any) -> InboxMessage:
        """Post a message, answer all bells, and return what became of it."""
        row_id = self.post(content, **changes)
        self.answer_bells()
        return self.message(row_id)

    def answer_bells(self, at_most: int = MAX_BELLS) -> int:
        """Run every task that was rung for, in this process, until all queues are empty."""
        answered = 0
        while (bell := self._next_bell()) is not None:
            name, ids = bell
            app.tasks[name](*ids)
            answered += 1
            assert answered < at_most, "the bells never end"
        return answered

    def answer_one_bell(self, times: int = 1) -> None:
        """Run the first task that was rung for, if any, as often as its bell is delivered."""
        answer = self.next_answer()
        for _ in range(times):
            answer()

    def next_answer(self) -> Callable[[], object]:
        """Take the first bell off its queue; what is returned runs its task, whoever calls it and how often."""
        bell = self._next_bell()
        return partial(app.tasks[bell[0]], *bell[1]) if bell else _nothing

    def lose_bells(self) -> int:
        """Empty all queues, as a FLUSHALL does; return how many bells were lost."""
        lost = 0
        while self._next_bell() is not None:
            lost += 1
        return lost

    def bells(self) -> int:
        """Count what waits in the queues."""
        return sum(int(self.redis.llen(f"dx:{queue}")) for queue in Queue)  # type: ignore[arg-type]

    def make_due(self) -> None:
        """Let everything be due for the sweep now, instead of waiting for it."""
        past = datetime.now(UTC) - timedelta(seconds=1)
        for collection in (
            "messages",
            "orders",
            "outbox",
            "commands",
            "flattens",
            "rotations",
            "confirmations",
        ):
            rows_of(Message).database[collection].update_many({}, {"$set": {"next_check_at": past}})
        rows_of(Message).database["trades"].update_many({}, {"$set": {"cover_check_at": past}})

    def quote(self, symbol: str) -> Quote:
        """Read the tape's price now."""
        return self.context.fresh_quotes("paper", "paper", [symbol])[symbol]

    def message(self, row_id: str) -> InboxMessage:
        """Read one inbox row."""
        found = messages.find(row_id)
        assert found is not None
        return found

    def receipts(self, message: InboxMessage) -> list[Receipt]:
        """Read a message's receipts."""
        return signals.receipts_of_message(message.message_id)

    def orders(self, message: InboxMessage) -> list[Order]:
        """Read the orders that a message caused."""
        return orders.of_message(message.message_id)

    def trade(self, message: InboxMessage) -> Trade:
        """Read the one trade of a message."""
        found = trades.of_message(message.source, message.channel_id, message.message_id)
        assert len(found) == 1, f"{len(found)} trades"
        return found[0]

    def trades(self, message: InboxMessage) -> list[Trade]:
        """Read the trades of a message."""
        return trades.of_message(message.source, message.channel_id, message.message_id)

    def account(self, bot: TradingBot) -> Account:
        """Read a bot's account."""
        found = accounts.find(bot.account_id)
        assert found is not None
        return found

    def set_bot_state(self, bot: TradingBot, state: BotState) -> None:
        """Change a bot's state as its owner would."""
        rows_of(BotDocument).update_one({"_id": bot.trading_bot_id}, {"$set": {"state": str(state)}})
        assert bots.find(bot.trading_bot_id) is not None

    def set_membership(self, bot: TradingBot, role_ids: Sequence[str] | None) -> None:
        """Let a bot's user bear roles in the providers' community; None: it has left."""
        membership = {"user_id": bot.user_id, "community_id": "community"}
        rows_of(Membership).delete_many(membership)
        if role_ids is not None:
            row = {"_id": f"membership-{bot.user_id}", "role_ids": list(role_ids)}
            rows_of(Membership).insert_one({**row, **membership, "checked_at": datetime.now(UTC)})

    def submits(self, bot: TradingBot) -> list[dict[str, Any]]:
        """Read the paper venue's own log of submits of an account."""
        return list(rows_of(Message).database["paper_submits"].find({"account_id": bot.account_id}))

    def _next_bell(self) -> tuple[str, list[Any]] | None:
        for queue in Queue:
            raw = self.redis.lpop(f"dx:{queue}")
            if raw is not None:
                envelope = json.loads(raw)  # type: ignore[arg-type]
                args, _, _ = json.loads(base64.b64decode(envelope["body"]))
                return envelope["headers"]["task"], args
        return None
