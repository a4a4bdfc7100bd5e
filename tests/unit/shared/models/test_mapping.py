"""Domain values through BSON and back: equal, exact, in aware UTC."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import pytest
from bson import BSON
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.accounts import Account
from shared.domain.bots import TradingBot
from shared.domain.fills import Fill
from shared.domain.halts import Halt
from shared.domain.orders import Order
from shared.domain.receipts import Receipt
from shared.domain.signals import NotASignal, Signal
from shared.domain.trades import Trade
from shared.models.fills import PositionState
from shared.models.mapping import _CODEC, from_row, millisecond, to_row
from shared.models.messages import InboxMessage
from shared.models.outbox import OutboxEvent
from shared.models.providers import ProviderTerms
from shared.models.signals import SignalRecord
from tests.unit.shared.domain.builders import NOW, make_account, make_fill, make_order, make_trade

Kind = TypeVar("Kind")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.text(st.characters(exclude_characters="\x00.$", exclude_categories=["Cs"]), min_size=1, max_size=8)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(millisecond)  # noqa: DTZ001
DECIMALS = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=16
)
BY_KEY: list[tuple[type, str | None]] = [
    (Account, "account_id"),
    (TradingBot, "trading_bot_id"),
    (Fill, "fill_id"),
    (Halt, "scope"),
    (Order, "order_id"),
    (Receipt, "receipt_id"),
    (Signal, None),
    (NotASignal, None),
    (Trade, "trade_id"),
    (PositionState, "position_id"),
    (InboxMessage, "row_id"),
    (OutboxEvent, "event_id"),
    (ProviderTerms, "provider_id"),
    (SignalRecord, "signal_id"),
]

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    Decimal: DECIMALS,
    datetime: MOMENTS,
    Any: TEXTS,
    NoneType: st.none(),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that a field of this type may hold; what is free-form in a message holds texts."""
    if hint in PLAIN:
        return PLAIN[hint]
    parts = get_args(hint)
    if isinstance(hint, UnionType) or get_origin(hint) is Union:
        return st.one_of([values_of(part) for part in parts])
    if get_origin(hint) is tuple:
        return st.lists(values_of(parts[0]), max_size=2).map(tuple)
    if get_origin(hint) is dict:
        return st.dictionaries(KEYS, values_of(parts[1]), max_size=2)
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    hints = get_type_hints(hint)
    # A message's further commands are signals themselves: one test of their own.
    inner = {f.name: values_of(hints[f.name]) for f in fields(hint) if f.name != "also"}
    return st.builds(hint, **inner)


def through_bson(row: dict[str, Any]) -> dict[str, Any]:
    """What the server gives back for what the driver sends."""
    back: dict[str, Any] = BSON(BSON.encode(row, codec_options=_CODEC)).decode(codec_options=_CODEC)
    return back


def back_and_forth(value: Kind, key: str | None) -> Kind:
    return from_row(type(value), through_bson(to_row(value, key)), key)


@pytest.mark.parametrize(("kind", "key"), BY_KEY, ids=[kind.__name__ for kind, _ in BY_KEY])
@given(data=st.data())
def test_every_value_that_is_stored_comes_back_equal(kind: type, key: str | None, data: st.DataObject):
    value = data.draw(values_of(kind))
    assert back_and_forth(value, key) == value


@given(values_of(Signal), values_of(Signal))
def test_a_message_of_several_commands_comes_back_whole(first: Signal, second: Signal):
    whole = Signal(action=first.action, symbol=None, also=(first, second))
    assert back_and_forth(whole, None) == whole


def types_of(value: Any) -> Any:
    if is_dataclass(value):
        return type(value), [types_of(getattr(value, field.name)) for field in fields(value)]
    return type(value), [types_of(item) for item in value] if isinstance(value, tuple) else None


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (make_order(limit_price=Decimal("1.50")), "order_id"),
        (make_trade(), "trade_id"),
        (make_account(), "account_id"),
        (make_fill(), "fill_id"),
    ],
    ids=["order", "trade", "account", "fill"],
)
def test_types_come_back_too_enumerations_decimals_and_tuples(value: Any, key: str):
    assert types_of(back_and_forth(value, key)) == types_of(value)


@pytest.mark.parametrize(
    "text", ["0", "-0.00000001", "1E-8", "123456789012345678.123456789012345", "9" * 34, "1E+20", "0.10"]
)
def test_a_decimal_keeps_all_of_its_34_digits(text: str):
    row = through_bson({"price": Decimal(text)})
    assert row["price"] == Decimal(text)
    assert type(row["price"]) is Decimal


def test_more_digits_than_the_database_holds_are_rounded_and_not_refused():
    third = Decimal(1) / 3 + Decimal("1E-40")
    wide = Decimal("0." + "3" * 40)
    assert through_bson({"x": third})["x"] == third
    assert through_bson({"x": wide})["x"] == Decimal("0." + "3" * 34)


def test_a_moment_of_another_zone_comes_back_as_the_same_moment_in_utc():
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    back = through_bson({"at": tokyo})["at"]
    assert back == NOW
    assert back.utcoffset() == timedelta(0)


def test_a_moment_is_cut_to_what_the_database_keeps_never_rounded_up():
    late = NOW.replace(microsecond=999_999)
    assert millisecond(late) == NOW.replace(microsecond=999_000)
    assert through_bson({"at": late})["at"] == millisecond(late)


def test_an_absent_field_takes_its_default_and_an_unknown_one_is_left_aside():
    row = to_row(make_order(), "order_id")
    del row["tries"], row["filled_quantity"]
    back = from_row(Order, {**row, "a_newer_field": 1}, "order_id")
    assert (back.tries, back.filled_quantity) == (0, 0)


def test_the_key_is_the_rows_id_and_stands_there_alone():
    row = to_row(make_order("o1"), "order_id")
    assert row["_id"] == "o1"
    assert "order_id" not in row


def test_enumerations_are_stored_as_plain_text():
    row = to_row(make_order(), "order_id")
    assert type(row["status"]) is str
    assert not any(isinstance(value, StrEnum) for value in row.values())


def test_a_status_that_nobody_knows_is_an_error_and_not_a_text():
    row = to_row(make_order(), "order_id") | {"status": "LOST"}
    with pytest.raises(ValueError, match="LOST"):
        from_row(Order, row, "order_id")
