"""Turns: everybody once, the same again for the same signal, and no place that is anybody's for good."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.rotation import rotated


@given(st.lists(st.integers(), unique=True), st.text())
def test_everybody_has_one_turn_and_a_repeat_gives_the_same(followers: list[int], seed: str):
    assert sorted(rotated(followers, seed)) == sorted(followers)
    assert rotated(followers, seed) == rotated(followers, seed)


def test_over_many_signals_each_follower_is_first_about_as_often_as_the_others():
    firsts = Counter(rotated(range(10), f"signal-{n}")[0] for n in range(2000))
    assert len(firsts) == 10
    assert max(firsts.values()) < 2 * min(firsts.values())
