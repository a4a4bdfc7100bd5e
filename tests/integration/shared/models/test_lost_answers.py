"""A claim whose answer is lost: whoever made it finds out whether it is his, and nobody else gets it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import mongoengine
import pytest
from pymongo.database import Database

from shared.database import connect
from shared.domain.orders import Purpose
from shared.models import claims, orders
from shared.models.mapping import millisecond
from tests.faults.lossy_proxy import LossyProxy, address_of
from tests.unit.shared.domain.builders import make_order


@pytest.fixture
def proxy(mongodb_uri: str, database: Database[dict[str, Any]]) -> Iterator[LossyProxy]:
    """Let this process reach the database through a proxy, for one test."""
    assert database.name in mongodb_uri
    target = address_of(mongodb_uri)
    lossy = LossyProxy(target, lambda request: b"$currentDate" in request, lambda: None)
    lossy.start()
    uri = mongodb_uri.replace(f"127.0.0.1:{target[1]}", f"127.0.0.1:{lossy.port}")
    mongoengine.disconnect()
    connect(uri.replace("replicaSet=rs0", "directConnection=true"))
    yield lossy
    mongoengine.disconnect()
    connect(mongodb_uri)
    lossy.close()


def test_orders_that_were_claimed_are_known_though_the_answer_was_lost(proxy: LossyProxy):
    now = millisecond(datetime.now(UTC))
    exits = [make_order(name, purpose=Purpose.EXIT, created_at=now, next_check_at=now) for name in "ab"]
    assert orders.create_many_once(exits) == set()
    waiting = claims.find_waiting(["a", "b"])
    proxy.to_lose = 1
    won = claims.claim(waiting, "mine", datetime.now(UTC))
    assert proxy.to_lose == 0, "no answer was lost"
    assert sorted(order.order_id for order in won) == ["a", "b"]
    assert {order.claim_id for order in won} == {"mine"}
    assert claims.claim(waiting, "another", datetime.now(UTC)) == []
