"""Identities: the same in every process, different for different facts, legal at every venue."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain import identifiers
from shared.domain.identifiers import client_order_id, entry_intent_id, message_row_id, trade_id

ROOT = Path(__file__).parents[4]
PART = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FACTS = st.tuples(PART, PART, PART, PART)
EVERY_IDENTITY: dict[str, Callable[[str], str]] = {
    "message": lambda part: identifiers.message_row_id(part, "c", "m", 0),
    "signal": identifiers.signal_id,
    "receipt": lambda part: identifiers.receipt_id(part, "b"),
    "trade": lambda part: identifiers.trade_id(part, "s", "c", "m"),
    "entry": lambda part: identifiers.entry_intent_id(part, "s", "c", "m", 0),
    "cover": lambda part: identifiers.cover_intent_id(part, "stop", 0, 1),
    "exit": lambda part: identifiers.exit_intent_id(part, "cause", 0),
    "client_order": lambda part: identifiers.client_order_id(part, 1),
    "fill": lambda part: identifiers.fill_id(part, "s", "o", "f"),
    "event": lambda part: identifiers.event_id(part, "s", 1),
    "load": lambda part: identifiers.load_follower_id(part, 1),
}


@pytest.mark.parametrize("kind", EVERY_IDENTITY)
@given(part=PART)
def test_an_identity_is_32_hex_characters_and_the_same_each_time(kind: str, part: str):
    made = EVERY_IDENTITY[kind](part)
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert made == EVERY_IDENTITY[kind](part)


def test_different_kinds_of_the_same_facts_are_different():
    assert len({make("x") for make in EVERY_IDENTITY.values()}) == len(EVERY_IDENTITY)


@given(FACTS, FACTS)
def test_different_facts_never_meet_wherever_their_boundaries_lie(
    some: tuple[str, str, str, str], others: tuple[str, str, str, str]
):
    assume(some != others)
    assert trade_id(*some) != trade_id(*others)


@pytest.mark.parametrize("separator", ["\x1f", "\\", "\\x1f", "|", ":", "\x00", "/"])
def test_a_part_that_holds_a_separator_cannot_pose_as_two(separator: str):
    joined = message_row_id("hook", f"a{separator}b", "c", 0)
    assert joined != message_row_id("hook", "a", f"b{separator}c", 0)
    assert joined != message_row_id(f"hook{separator}a", "b", "c", 0)


def test_an_entry_is_the_same_for_every_revision_and_another_for_every_leg_and_attempt():
    legs = [entry_intent_id("bot", "discord", "1", "2", leg) for leg in range(3)]
    attempts = {client_order_id(leg, attempt) for leg in legs for attempt in (1, 2)}
    assert len(attempts) == 6


def test_another_process_with_another_hash_seed_derives_the_same_id():
    program = (
        "from shared.domain.identifiers import trade_id; print(trade_id('bot', 'discord', '1', '2'), end='')"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout == trade_id("bot", "discord", "1", "2")
