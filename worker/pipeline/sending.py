"""The one write to a venue: an order, a pair in one write, or a replacement, and the question after a doubt.

Runs on the loop thread and does HTTP only. Each order of a write gets an outcome of its own: a report, or the
error that says by its family what may have happened.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from shared.brokers.base import Broker, NotFound, PairingBroker, ReplacingBroker
from shared.brokers.gate import sending_until
from shared.domain.errors import AmbiguousError, DuplicateOrderId, PermanentError, TradeError
from shared.domain.orders import Order, OrderPair, OrderReport, OrderRequest, Purpose
from worker.context import utc_now

VENUE_EXPIRY_SECONDS = 5
SEND_SECONDS = 15.0
FIRST_LOOKUP_SECONDS = 1.0

Outcome = OrderReport | TradeError
Answered = tuple[Order, Outcome]
Sent = asyncio.Task[list[Answered]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed order with everything that its write needs: its pair's target, or the order that it replaces."""

    order: Order
    broker: Broker
    target: Order | None = None
    replaced: Order | None = None

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders that this one write sends."""
        return (self.order,) if self.target is None else (self.order, self.target)


@dataclass(frozen=True, slots=True)
class Windows:
    """Until when first bytes may leave, in seconds of the monotonic clock.

    An entry must start right after the last look; an exit only while its claim is young.
    """

    entries_close_at: float
    exits_close_at: float

    def closes_at(self, order: Order) -> float:
        """Return the end of the window for one order."""
        return self.entries_close_at if order.purpose is Purpose.ENTRY else self.exits_close_at


async def send_all(
    ready: Sequence[Ready], windows: Windows, patience_seconds: float
) -> tuple[list[Answered], list[Sent]]:
    """Send every write of a wave once, all at the same time.

    Returns what became of the orders that were answered for within `patience_seconds`, and the writes that go on.
    """
    if not ready:
        return [], []
    sent = [asyncio.create_task(_send(item, windows.closes_at(item.order))) for item in ready]
    done, _ = await asyncio.wait(sent, timeout=patience_seconds)
    return [pair for write in sent if write in done for pair in write.result()], [
        write for write in sent if write not in done
    ]


async def finish(sent: Sequence[Sent]) -> list[Answered]:
    """Wait for the rest of a wave; every write ends by its own time-outs."""
    return [pair for pairs in await asyncio.gather(*sent) for pair in pairs]


async def _send(item: Ready, closes_at: float) -> list[Answered]:
    try:
        with sending_until(closes_at):
            return await asyncio.wait_for(_write(item), SEND_SECONDS)
    except DuplicateOrderId as error:
        return await _ask_all(item, error)
    except AmbiguousError as error:
        await asyncio.sleep(FIRST_LOOKUP_SECONDS)
        return await _ask_all(item, error)
    except PermanentError as error:
        return [*((order, error) for order in item.orders), *await _ask_replaced(item, error)]
    except TradeError as error:
        return [(order, error) for order in item.orders]
    except Exception as error:  # noqa: BLE001 - an unforeseen failure of a write is unknown, never a refusal
        unforeseen = AmbiguousError("UNFORESEEN", f"{type(error).__name__}: {error}"[:200])
        return [(order, unforeseen) for order in item.orders]


async def _write(item: Ready) -> list[Answered]:
    if item.target is not None:
        broker = cast("PairingBroker", item.broker)
        pair = OrderPair(
            item.order.pair_id or item.order.order_id, _request(item.order), _request(item.target)
        )
        stop, target = await broker.submit_pair(pair)
        return [(item.order, stop), (item.target, target)]
    if item.replaced is not None:
        replacing = cast("ReplacingBroker", item.broker)
        done = await replacing.replace_order(_request(item.order), item.replaced.lookup())
        gone: list[Answered] = [] if done.replaced is None else [(item.replaced, done.replaced)]
        return [(item.order, done.placed), *gone]
    return [(item.order, await item.broker.submit_order(_request(item.order)))]


async def _ask_all(item: Ready, doubt: AmbiguousError) -> list[Answered]:
    asked: list[Answered] = [(order, await _ask(item.broker, order, doubt)) for order in item.orders]
    return [*asked, *await _ask_replaced(item, doubt)]


async def _ask_replaced(item: Ready, error: TradeError) -> list[Answered]:
    """Ask what became of an order that was to be replaced: the venue may have taken it away and placed nothing."""
    if item.replaced is None:
        return []
    answer = await _ask(item.broker, item.replaced, error)
    return [(item.replaced, answer)] if isinstance(answer, OrderReport) else []


async def _ask(broker: Broker, order: Order, doubt: TradeError) -> Outcome:
    """Look a doubtful order up; anything but a report leaves the doubt standing."""
    try:
        answer = await asyncio.wait_for(broker.fetch_order(order.lookup()), SEND_SECONDS / 3)
    except Exception:  # noqa: BLE001 - a failed question answers nothing
        return doubt
    return doubt if isinstance(answer, NotFound) else answer


def _request(order: Order) -> OrderRequest:
    expiry = (order.sent_at or utc_now()) + timedelta(seconds=VENUE_EXPIRY_SECONDS)
    return OrderRequest(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        reduce_only=order.reduce_only,
        link_group=order.link_group,
        trail_percent=order.trail_percent,
        # What arrives late is refused by the venue itself, where it takes an expiry: ours, or the signal's own.
        send_before=min(expiry, order.send_by or expiry),
    )
