"""Rows about single trades: an order that the venue has already, one that is filled in part, and a halt in a burst."""

import asyncio
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.brokers.factory import AccountAccess, Credentials
from shared.brokers.margin import MarginBroker
from shared.domain.accounts import Environment
from shared.domain.orders import OrderRequest, OrderType
from shared.domain.signals import Side
from tests.emulators.discord.snowflakes import snowflake_time
from tests.faults import bursts
from tests.faults.bursts import Line
from tests.faults.crews import BUDGET, Crew
from tests.faults.doors import Inbox, Told
from tests.faults.judge import PLACED_BEFORE, percentile
from tests.faults.scenario import entry_ids, trials_of
from tests.faults.stage import Stage
from tests.faults.watch import calm_together
from tests.waiting import wait_until

_SECONDS = 90.0
_ENTRIES_BEFORE_THE_HALT = 0.2


def play_duplicates(stage: Stage, row: str, rounds: int) -> list[str]:
    """Place each follower's entry beforehand under the id that it is going to bear: adopted, not sent again."""
    crew = stage.crews[row]
    [_provider] = crew.providers
    for number in range(rounds):
        message_id = str(1_300_000_000_000_000_000 + time.time_ns() // 1000)
        asyncio.run(_place_all(stage, crew, message_id, number))
        text = crew.rig.say(number + 1, crew.rig.below(number + 1))
        told = Inbox().take(stage.house, crew, [Line(0, 0, text)], lambda _place: None, ids=[message_id])
        stage.note_trials(trials_of(crew, told))
        _rest(stage, row)
    seconds = [
        line
        for line in stage.lines_of(row)
        if line["method"] == "POST"
        and line["key"] in crew.keys
        and crew.rig.new_id in line.get("params", ())
        and not line.get("accepted")
    ]
    for line in seconds:
        stage.note(row, PLACED_BEFORE, datetime.fromisoformat(line["at"]))
    wanted = rounds * len(crew.members)
    refused = len(seconds)
    return [] if refused == wanted else [f"{refused} of {wanted} second submits were seen as duplicates"]


async def _place_all(stage: Stage, crew: Crew, message_id: str, number: int) -> None:
    """Place at the venue what the workers are going to send, as one that died after sending has."""
    rig = crew.rig
    adapter, price = rig.adapter(), rig.below(number + 1)
    try:
        for member in crew.members:
            access = AccountAccess(
                account_id=member.account_id,
                venue=rig.venue.name,
                environment=Environment(rig.venue.environment),
                credentials=Credentials(**rig.credentials(member.number)),
                base_url=stage.venue_of(crew.row).url,
            )
            request = OrderRequest(
                client_order_id=entry_ids(member.bot_id, member.provider.channel_id, message_id)[0],
                symbol=rig.symbol(number + 1),
                side=Side.BUY,
                order_type=OrderType.LIMIT,
                time_in_force=rig.longest,
                quantity=rig.quantity(Decimal(BUDGET), price),
                limit_price=price,
            )
            broker: Any = adapter.open_broker(access)
            if isinstance(broker, MarginBroker):
                # As the sender did before it: the venue takes no other terms while an order rests.
                await broker.set_margin_terms(request.symbol, 1)
            await broker.submit_order(request)
    finally:
        await adapter.close()


def play_partial(stage: Stage, row: str, rounds: int) -> list[str]:
    """Fill a part of each follower's resting entry, then have it cancelled: what is held lies under the stop."""
    crew, venue, rig = stage.crews[row], stage.venue_of(row), stage.crews[row].rig
    [provider] = crew.providers
    for number in range(rounds):
        place = number + 20
        price, before = rig.below(place), rig.price(place)
        message_id = stage.house.post(provider, rig.say(place, price))["id"]
        _wait_for_all(stage, row, message_id, "ACCEPTED")
        for order_id in _entries_of(stage, message_id):
            venue.fill_partly(rig.part, client_order_id=order_id)
            stage.note(row, "filled in part")
        # One tick lower, so that the quote beside it reaches the order.
        venue.set_price(rig.venue_symbol(rig.symbol(place)), str(price - rig.tick))
        _wait_for_all(stage, row, message_id, "PARTIALLY_FILLED")
        reply = stage.house.post(provider, "cancel the entry", reply_to=message_id)["id"]
        told = [Told(provider.channel_id, posted, snowflake_time(posted)) for posted in (message_id, reply)]
        stage.note_trials(trials_of(crew, told))
        _wait_for_all(stage, row, message_id, "CANCELED")
        _rest(stage, row)
        venue.set_price(rig.venue_symbol(rig.symbol(place)), str(before))
    return []


def _entries_of(stage: Stage, message_id: str) -> list[str]:
    found = stage.house.open_database()["orders"].find({"message_id": message_id, "purpose": "entry"})
    return [str(order["_id"]) for order in found]


def _wait_for_all(stage: Stage, row: str, message_id: str, status: str) -> None:
    database, wanted = stage.house.open_database(), len(stage.crews[row].members)
    query = {"message_id": message_id, "purpose": "entry", "status": status}
    wait_until(
        lambda: database["orders"].count_documents(query) == wanted,
        f"row {row}: every entry is {status}",
        seconds=_SECONDS,
    )


def play_halts(stage: Stage, row: str, rounds: int) -> list[str]:
    """Halt a provider while its followers' entries go out: once it is acknowledged, the venue accepts none."""
    crew = stage.crews[row]
    [provider] = crew.providers
    scope = f"provider:{provider.provider_id}"
    problems, took = [], []
    for number in range(rounds):
        message_id = stage.house.post(provider, bursts.signal(number))["id"]
        told = [Told(provider.channel_id, message_id, snowflake_time(message_id))]
        stage.note_trials(trials_of(crew, told))
        _wait_for_entries(stage, message_id, int(len(crew.members) * _ENTRIES_BEFORE_THE_HALT))
        began = time.monotonic()
        stage.note(row, "halt")
        stage.house.cli("halt", "--scope", scope, "--state", "reducing", "--reason", "fault test")
        acknowledged = datetime.now(UTC)
        took.append(time.monotonic() - began)
        _rest(stage, row)
        problems += _accepted_after(stage, row, message_id, acknowledged)
        stage.house.cli("resume", "--scope", scope)
    stage.figures.append(
        {"row": row, "halts": rounds, "ack_p50": percentile(took, 50), "ack_p95": percentile(took, 95)}
    )
    return problems


def _wait_for_entries(stage: Stage, message_id: str, number: int) -> None:
    orders = stage.house.open_database()["orders"]
    sent = {"message_id": message_id, "purpose": "entry", "sent_at": {"$ne": None}}
    wait_until(lambda: orders.count_documents(sent) >= number, f"{number} entries are sent", seconds=_SECONDS)


def _accepted_after(stage: Stage, row: str, message_id: str, at: datetime) -> list[str]:
    crew = stage.crews[row]
    ids = {
        order_id
        for member in crew.members
        for order_id in entry_ids(member.bot_id, member.provider.channel_id, message_id)
    }
    late = [
        line["at"]
        for line in stage.lines_of(row)
        for order in line.get("accepted", ())
        if order["client_order_id"] in ids and datetime.fromisoformat(line["at"]) > at
    ]
    return [f"{len(late)} entries were accepted after the halt's acknowledgement at {at}"] if late else []


def _rest(stage: Stage, row: str) -> None:
    calm = calm_together(stage.house.open_database(), [stage.crews[row]], _SECONDS)
    assert calm, f"row {row}: something still moves after {_SECONDS:g} s"
