"""What may be asked by hand: percentages and prices in every spelling, and one identity for one request."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.commands import (
    CommandKind,
    facts_of,
    may_be_awaited,
    parse_value,
)
from shared.domain.identifiers import command_id, halt_id
from shared.domain.money import to_plain
from shared.domain.trades import StopSource
from tests.unit.shared.domain.builders import make_command, make_open_trade

CLOSE, MOVE_STOP, CANCEL_ENTRY = CommandKind.CLOSE, CommandKind.MOVE_STOP, CommandKind.CANCEL_ENTRY


@pytest.mark.parametrize(
    ("text", "percent"), [(None, "100"), ("100", "100"), ("1", "1"), (" 33.3333 ", "33.3333"), ("5e1", "50")]
)
def test_a_percentage_is_read(text: str | None, percent: str):
    assert parse_value(CLOSE, text) == Decimal(percent)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "0.99",
        "100.0001",
        "101",
        "-1",
        "NaN",
        "sNaN",
        "inf",
        "1e309",
        "1e-309",
        "",
        "half",
        "½",
        "33.33333",
    ],
)
def test_no_other_percentage_is_taken(text: str):
    with pytest.raises(ValueError, match="the percentage must be a number from 1 to 100"):
        parse_value(CLOSE, text)


@pytest.mark.parametrize("text", ["0", "-1", "NaN", "1e309", "1e-309", "1e999999", "market", "", "1" * 25])
def test_no_other_price_is_taken(text: str):
    with pytest.raises(ValueError, match="the price must be a positive number"):
        parse_value(MOVE_STOP, text)


def test_a_price_is_needed_to_move_a_stop_and_nothing_to_cancel_an_entry():
    assert parse_value(MOVE_STOP, "100.20") == Decimal("100.2")
    assert parse_value(CANCEL_ENTRY, None) is None
    with pytest.raises(ValueError, match="a stop needs a price"):
        parse_value(MOVE_STOP, None)
    with pytest.raises(ValueError, match="takes no value"):
        parse_value(CANCEL_ENTRY, "1")


@given(text=st.text(max_size=60), kind=st.sampled_from(CommandKind))
def test_whatever_is_typed_is_a_bounded_number_or_one_sentence(text: str, kind: CommandKind):
    try:
        value = parse_value(kind, text)
    except ValueError as error:
        assert 0 < len(str(error)) < 200  # noqa: PT017 - both ends are right
    else:
        assert value is not None
        assert 0 < value <= Decimal(10) ** 12
        assert len(to_plain(value)) < 50


def test_one_request_has_one_identity_however_its_value_is_written():
    ids = {command_id("trade", CLOSE, to_plain(Decimal(text)), "click") for text in ("50", "50.0", "5E+1")}
    assert len(ids) == 1
    others = {
        command_id("trade", CLOSE, "50", "click-2"),
        command_id("trade", CLOSE, "51", "click"),
        command_id("trade-2", CLOSE, "50", "click"),
        command_id("trade", MOVE_STOP, "50", "click"),
        halt_id("global", "now"),
    }
    assert len(others | ids) == 6


def test_a_command_knows_its_own_exits():
    command = make_command()
    assert [command.exit_cause(number) for number in (0, 1)] == ["command:c1", "command:c1:1"]
    assert all(command.caused(command.exit_cause(number)) for number in range(3))
    assert not any(command.caused(cause) for cause in (None, "command:c11", "stop:c1", "update:1"))


def test_what_a_command_may_wait_for_is_looked_at_and_nothing_else():
    plain, by_hand = make_open_trade(), make_open_trade(stop_source=StopSource.USER)
    assert may_be_awaited(plain, {"exit_cause", "held"})
    assert not may_be_awaited(plain, {"needs_cover", "status"})
    assert may_be_awaited(by_hand, {"needs_cover"})
    assert may_be_awaited(make_open_trade(exit_reason="USER_CLOSED"), {"status"})
    assert not may_be_awaited(by_hand, {"resting"})


def test_the_facts_of_a_trade_are_texts():
    facts = facts_of(make_open_trade(stop_price=None))
    assert facts["held"] == "10"
    assert facts["stop_price"] == ""
    assert all(isinstance(value, str) for value in facts.values())
