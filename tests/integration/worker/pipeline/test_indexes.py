"""Every query on a signal's way uses an index: collected from the driver while the pipeline runs, then explained."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import mongoengine
import pytest
from bson import json_util
from pymongo import monitoring
from pymongo.database import Database

from shared.confirming import answer_confirmation
from shared.domain.bots import BotSettings, BotState
from shared.domain.commands import OPERATOR, CommandKind, Via
from shared.domain.following import FollowState
from shared.domain.halts import HaltState
from shared.domain.order_status import UNRESOLVED
from shared.halting import begin_halt, deny_waiting, query_of
from shared.models import (
    accounts,
    bots,
    confirmations,
    due,
    follows,
    halts,
    messages,
    providers,
    rotations,
    signals,
    trades,
)
from shared.models.denials import count_unresolved_entries
from shared.models.mapping import _CODEC
from tests.integration.worker.pipeline.driver import CHANNEL, Driver
from tests.integration.worker.pipeline.hand import ask
from worker.task import app

# Read whole on purpose; a scan of one of these is right.
FEW_ROWS = {
    "halts": "one row for each scope that is or was halted; read whole before every wave",
    "audit_entries": "the chain's first line counts, once in an installation's life, what was written before it",
    "providers": "the bot reads all channels at once and keeps them; one row for each provider",
}
JOBS = (
    "prices.refresh",
    "orders.reconcile",
    "trades.watch_cover",
    "maintenance.sweep",
    "maintenance.expire_entries",
    "maintenance.retain",
    "providers.learn",
    "providers.follow",
    "providers.score",
    "providers.check_rights",
    "accounts.snapshot",
    "accounts.check_keys",
)


class Collector(monitoring.CommandListener):
    """Keeps one example of every shape of query that is sent while it listens."""

    def __init__(self) -> None:
        self.is_listening = False
        self.shapes: dict[str, tuple[str, dict[str, Any]]] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self.is_listening:
            for collection, query in _queries(event.command_name, event.command):
                self.shapes.setdefault(f"{collection} {_shape(query)}", (collection, query))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to keep of an answer."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to keep of a failure."""


COLLECTOR = Collector()
monitoring.register(COLLECTOR)


def _queries(name: str, command: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Write what a command looks for as commands that can be explained."""
    collection = str(command.get(name))
    if name == "find":
        kept = {key: command[key] for key in ("filter", "sort", "limit") if command.get(key)}
        yield collection, {"find": collection, **kept}
    elif name == "aggregate":
        plain = [stage for stage in command["pipeline"] if "$unionWith" not in stage]
        yield collection, {"aggregate": collection, "pipeline": plain, "cursor": {}}
        for stage in command["pipeline"]:
            if union := stage.get("$unionWith"):
                pipeline = {"pipeline": union["pipeline"], "cursor": {}}
                yield union["coll"], {"aggregate": union["coll"], **pipeline}
    elif name in {"update", "delete"}:
        for write in command[f"{name}s"]:
            yield collection, {"find": collection, "filter": dict(write["q"])}
    elif name in {"findAndModify", "count", "distinct"}:
        yield collection, {"find": collection, "filter": dict(command.get("query", {}))}


def _shape(value: Any) -> str:
    """What is looked for without the values: keys, operators and the lengths that matter to no plan."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_shape(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(sorted({_shape(inner) for inner in value})) + "]"
    return value if isinstance(value, str) and value.startswith("$") else "?"


def _stages(plan: Any) -> Iterator[str]:
    """All stages of the plans that won."""
    if isinstance(plan, Mapping):
        for key, inner in plan.items():
            if key == "stage":
                yield str(inner)
            if key != "rejectedPlans":
                yield from _stages(inner)
    elif isinstance(plan, list):
        for inner in plan:
            yield from _stages(inner)


@pytest.fixture
def collected(driver: Driver) -> Iterator[Collector]:
    """Listen to what this process sends during one test."""
    COLLECTOR.shapes.clear()
    COLLECTOR.is_listening = True
    yield COLLECTOR
    COLLECTOR.is_listening = False


def live_a_day(driver: Driver) -> None:
    """Open, update, edit, close, delete, halt, lose bells, and let every job run."""
    for name in ("public", "members"):
        provider = driver.add_provider(visibility=name, channel=CHANNEL if name == "public" else "other")
        for _ in range(2):
            driver.add_follower(provider, tier="free")
    price = driver.quote("BTC/USDT").ask
    said = f"LONG BTC/USDT\nEntry: market\nStop loss: {price * Decimal('0.95'):.2f}\nTarget: {price * 2:.2f}"
    opened = driver.say(said)
    assert driver.orders(opened)
    driver.say(said, channel_id="other")
    driver.say(said.replace("0.95", "0.96") + "0", message_id=opened.message_id, event="edit", revision=1)
    trade, _ = trades.of_message(opened.source, opened.channel_id, opened.message_id)
    ask(trade, CommandKind.MOVE_STOP, f"{price * Decimal('0.94'):.2f}")
    driver.answer_bells()
    ask(trade, CommandKind.CLOSE, "60")
    driver.answer_bells()
    driver.say("Move stop to break even", reply_to=opened.message_id)
    driver.say("Close SOL/USDT now")
    below = f"LONG ETH/USDT\nEntry: 1\nStop loss: {Decimal('0.5')}"
    resting = driver.say(below)
    driver.say("", message_id=resting.message_id, event="delete")
    driver.post(below + "1")
    assert driver.lose_bells()
    COLLECTOR.is_listening = False  # the driver's own hand
    driver.make_due()
    COLLECTOR.is_listening = True
    now = datetime.now(UTC)
    for job in JOBS:
        app.tasks[job]()
        driver.answer_bells()
    # What a pass looks for that is not the first one.
    assert len(signals.bots_told(trade.signal_id)) == 2
    opened_orders = driver.orders(opened)
    app.tasks["orders.cancel"]([order.order_id for order in opened_orders])
    driver.say("Closing BTC/USDT now", reply_to=opened.message_id)
    halt(driver)
    rotate(driver)
    ask_and_answer(driver)
    assert (halts.in_force(), due.take_due(UNRESOLVED, now, 1), due.cancels_wanted(1)) == ([], [], [])
    assert providers.watched_channels()
    assert messages.newest_id(CHANNEL)


def halt(driver: Driver) -> None:
    """Stop one account, close what it holds, and let it go on."""
    scope = f"account:{next(iter(accounts.all_active('', 1))).account_id}"
    begin_halt(scope, HaltState.HALTED, "news", datetime.now(UTC), flatten_by=("operator", "cli"))
    for asked in (scope, "global", "community:c"):
        deny_waiting(asked, "news")
        query = query_of(asked)
        assert trades.alive_ids(query, datetime.now(UTC), 1) is not None
        assert count_unresolved_entries(query) == 0
    driver.answer_bells()
    begin_halt(scope, HaltState.ACTIVE, "", datetime.now(UTC))


def ask_and_answer(driver: Driver) -> None:
    """Be asked about a signal, look at the question, say yes, and let another provider approve."""
    asked = driver.add_provider(channel="asked", visibility="approval")
    bot = driver.add_follower(asked, settings=BotSettings(confirm_seconds=60))
    follows.ask_once(bot.user_id, asked, datetime.now(UTC))
    follows.decide(bot.user_id, asked, FollowState.APPROVED, "operator", datetime.now(UTC))
    assert follows.of_provider(asked)
    driver.say("LONG SOL/USDT now", channel_id="asked")
    [question] = confirmations.newest(bot.user_id, 1)
    assert confirmations.newest(None, 1) == [question]
    yes = {"is_yes": True, "now": datetime.now(UTC)}
    assert answer_confirmation(OPERATOR, Via.CLI, question.confirmation_id, **yes).created
    assert confirmations.count_answered() == 1
    driver.answer_bells()
    assert bots.change_state(bot.trading_bot_id, BotState.PAUSED, datetime.now(UTC))
    assert bots.change_terms(bot.trading_bot_id, None, {"confirm_seconds": 0})


def rotate(driver: Driver) -> None:
    """Ask for a rotation, which these workers refuse for want of keys, and look for what it would seal anew."""
    now = datetime.now(UTC)
    state = rotations.RotationState("r", "key", "operator", now, rotations.RotationStatus.PENDING, now)
    assert rotations.create_once(state)
    assert rotations.take_due(now) == ["r"]
    assert rotations.next_page(state, 1) == []
    app.tasks["credentials.rotate"]("r")
    assert rotations.count_pending() == 0
    assert rotations.count_by_key() == {}


def test_no_query_on_the_way_of_a_signal_scans_a_collection(driver: Driver, collected: Collector) -> None:
    live_a_day(driver)
    collected.is_listening = False
    database: Database[dict[str, Any]] = mongoengine.get_connection().get_default_database()
    scans = {}
    for shape, (collection, query) in collected.shapes.items():
        explained = database.command({"explain": query, "verbosity": "queryPlanner"}, codec_options=_CODEC)
        if "COLLSCAN" in set(_stages(explained)) and collection not in FEW_ROWS:
            scans[shape] = json.dumps(query, default=json_util.default)[:300]
    assert not scans, json.dumps(scans, indent=1)
    assert {
        "messages",
        "signals",
        "orders",
        "trades",
        "accounts",
        "fills",
        "receipts",
        "outbox",
        "commands",
        "confirmations",
        "follows",
        "memberships",
    } <= {collection for collection, _ in collected.shapes.values()}
    assert len(collected.shapes) > 60


def test_a_query_without_an_index_would_be_seen(driver: Driver, collected: Collector) -> None:
    driver.say("hello")
    database: Database[dict[str, Any]] = mongoengine.get_connection().get_default_database()
    list(database["messages"].find({"author_name": "nobody"}))
    ((_, query),) = [kept for shape, kept in collected.shapes.items() if "author_name" in shape]
    assert "COLLSCAN" in set(_stages(database.command({"explain": query})))
