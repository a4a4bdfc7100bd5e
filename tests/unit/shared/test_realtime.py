"""What goes over the socket: DESIGN 11's names, and rooms that never meet."""

import json
from typing import get_type_hints

from shared.realtime import ADMIN_ROOM, EventKind, community_room, envelope, user_room
from tests.unit.shared.domain.builders import NOW

WIRE = (
    "signal.received receipt.written order.changed trade.opened trade.changed trade.closed position.cover "
    "equity.changed account.changed halt.changed job.progress"
)


def test_the_events_are_the_designs():
    assert [str(kind) for kind in EventKind] == WIRE.split()


def test_an_envelope_holds_what_a_page_needs_and_travels_as_json():
    sent = envelope("e1", 7, NOW, {"trade_id": "t"})
    assert json.loads(json.dumps(sent)) == {
        "event_id": "e1",
        "seq": 7,
        "at": "2026-07-20T14:00:00+00:00",
        "schema": 1,
        "data": {"trade_id": "t"},
    }
    assert set(get_type_hints(envelope)) == {"event_id", "seq", "at", "data", "return"}


def test_no_user_and_no_community_shares_a_room():
    rooms = {user_room("1"), user_room("2"), community_room("1"), community_room("2"), ADMIN_ROOM}
    assert len(rooms) == 5
    assert user_room("1") == "user:1"
