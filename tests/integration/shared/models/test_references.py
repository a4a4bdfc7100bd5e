"""Reference positions on a real database: begun once, moved by version, found by what is asked of them."""

from datetime import timedelta
from decimal import Decimal

from shared.domain.reference import ReferenceExit, ReferencePosition, ReferenceStatus, leave
from shared.domain.values import changed
from shared.models import counters, references
from tests.integration.shared.models.at_once import all_at_once
from tests.unit.shared.domain.builders import NOW
from tests.unit.shared.domain.reference_builders import bars, make_opening, make_reference, seen


def stored(message_id: str = "message", provider_id: str = "provider") -> ReferencePosition:
    """Store a position that has entered at 100."""
    opening = make_opening(message_id, provider_id=provider_id, content_key=f"content of {message_id}")
    position = seen(make_reference(opening=opening, take_profits=(Decimal(110), Decimal(120))), bars(100))
    references.create_many_once([position])
    return position


def test_a_position_is_read_as_it_was_written():
    position = stored()
    half = leave(position, ReferenceExit(NOW, Decimal(110), Decimal("0.5"), "TARGET_HIT"), targets=())
    references.store_many([(position, half)])
    assert references.find(position.reference_id) == changed(half, version=1)
    assert references.find("nobody") is None


def test_a_message_is_followed_once_however_many_begin():
    position = stored()
    all_at_once(lambda _: references.create_many_once([changed(position, symbol="ETH/USDT")]))
    assert references.find(position.reference_id) == position
    assert references.existing([position.reference_id, "nobody"]) == {position.reference_id}


def test_of_many_that_move_a_position_one_wins():
    position = stored()
    all_at_once(lambda n: references.store_many([(position, changed(position, close_reason=f"by {n}"))]))
    found = references.find(position.reference_id)
    assert found is not None
    assert found.version == 1
    references.store_many([(position, changed(position, close_reason="late"))])
    assert references.find(position.reference_id) == found


def test_those_furthest_behind_come_first_and_those_that_are_there_do_not_come():
    behind, there = stored("one", "slow"), stored("two", "fast")
    references.store_many([(there, changed(there, seen_until=NOW + timedelta(minutes=9)))])
    assert references.providers_behind(NOW + timedelta(minutes=9), 10) == ["slow"]
    assert references.providers_behind(NOW + timedelta(minutes=10), 10) == ["slow", "fast"]
    assert [position.reference_id for position in references.alive_of("slow")] == [behind.reference_id]


def test_the_same_content_counts_again_after_the_window():
    position = stored()
    window = timedelta(minutes=10)

    def before(minutes: int, provider_id: str = "provider") -> bool:
        at = NOW + timedelta(minutes=minutes)
        return references.was_said_before(provider_id, position.content_key, at, window)

    assert [before(-1), before(0), before(9), before(10)] == [False, True, True, False]
    assert not before(1, "another")


def test_symbols_of_positions_that_have_ended_are_not_in_use():
    position = stored()
    assert references.symbols_in_use() == {("paper", "paper"): {"BTC/USDT"}}
    closed = leave(position, ReferenceExit(NOW, Decimal(110), Decimal(1), "TARGET_HIT"))
    references.store_many([(position, closed)])
    assert references.symbols_in_use() == {}
    (outcome,) = references.outcomes_of("provider")
    assert (outcome.result, outcome.ended_at) == (closed.result, NOW)
    assert [p.status for p in references.ended_since("provider", NOW)] == [ReferenceStatus.CLOSED]
    assert references.count_signals("provider").entered == 1


def test_a_place_in_a_list_never_goes_back():
    assert counters.last_of("place") == 0
    for number in (5, 3, 9, 7):
        counters.raise_to("place", number)
    assert counters.last_of("place") == 9
