"""Rows to frozen domain values and back, by field names; the one place that knows BSON's types."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from enum import StrEnum
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128, create_decimal128_context
from mongoengine import Document
from pymongo.collection import Collection
from pymongo.write_concern import WriteConcern

from shared.domain.values import made_of

T = TypeVar("T")
Row = dict[str, Any]


class _DecimalCodec(TypeCodec):
    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Any) -> Decimal128:
        return _decimal128(str(value))

    def transform_bson(self, value: Any) -> Decimal:
        return _decimal(value.bid)


@lru_cache(maxsize=8192)
def _decimal128(text: str) -> Decimal128:
    # By its text and not by its value: 1.50 stays 1.50.
    with localcontext(create_decimal128_context()) as context:
        return Decimal128(context.create_decimal(text))


def _written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _decimal128(str(value))
    raise TypeError(f"{type(value).__name__} cannot be stored")


@lru_cache(maxsize=8192)
def _decimal(bid: bytes) -> Decimal:
    # A row's money is much the same as the last row's, and bson takes 20 microseconds for each.
    decimal: Decimal = Decimal128.from_bid(bid).to_decimal()
    return decimal


_CODEC: CodecOptions[Row] = CodecOptions(
    tz_aware=True,
    tzinfo=UTC,
    uuid_representation=UuidRepresentation.STANDARD,
    type_registry=TypeRegistry([_DecimalCodec()]),
)


# Without a decoder for money: with one, every answer of the server, whatever is in it, is read twice and by Python
# (measured: a sixth of a sender's time). What is read with it goes through `from_row`, which knows both.
_RAW_CODEC: CodecOptions[Row] = CodecOptions(
    tz_aware=True,
    tzinfo=UTC,
    uuid_representation=UuidRepresentation.STANDARD,
    type_registry=TypeRegistry(fallback_encoder=_written),
)


@dataclass(frozen=True, slots=True)
class _Speaking:
    """One document's collection in the ways in which it is spoken to."""

    plain: Collection[Row]
    rows: Collection[Row]
    hints: Collection[Row]
    raw: Collection[Row]


_SPEAKING: dict[type[Document], _Speaking] = {}


def rows_of(document: type[Document]) -> Collection[Row]:
    """Return the document's collection, speaking Decimal and aware UTC."""
    return _speaking(document).rows


def raw_rows_of(document: type[Document]) -> Collection[Row]:
    """Return the same collection for what is read with `from_row` alone: money comes as the server writes it."""
    return _speaking(document).raw


def hints_of(document: type[Document]) -> Collection[Row]:
    """Return the same collection for writes that a failing server may lose: they save work and hold no fact.

    When to look again, that something was handed on, that a job ran. They do not wait for the journal.
    """
    return _speaking(document).hints


def _speaking(document: type[Document]) -> _Speaking:
    plain: Collection[Row] = document._get_collection()
    known = _SPEAKING.get(document)
    # Another connection has another collection: one that was made for the last is not used again.
    if known is None or known.plain is not plain:
        rows, raw = plain.with_options(codec_options=_CODEC), plain.with_options(codec_options=_RAW_CODEC)
        hints = raw.with_options(write_concern=WriteConcern(w=1))
        known = _SPEAKING[document] = _Speaking(plain, rows, hints, raw)
    return known


def to_row(value: Any, key: str | None = None) -> Row:
    """Write a dataclass as a row; its field `key` becomes `_id`."""
    shape = _shape(type(value))  # type: ignore[arg-type]  # a class is hashable
    row: Row = {name: getattr(value, name) for name in shape.names} if shape.has_slots else {**value.__dict__}
    for name, encode in shape.encoders:
        held = row[name]
        if held is not None:
            row[name] = encode(held)
    return row if key is None else {"_id": row.pop(key), **row}


def from_row(kind: type[T], row: Mapping[str, Any], key: str | None = None) -> T:
    """Read a dataclass from a row; absent fields take their defaults, and what is no field is left.

    Raises
    ------
    TypeError
        If a field that has no default is absent.
    """
    shape = _shape(kind)  # type: ignore[arg-type]  # a class is hashable
    values: dict[str, Any] = {**shape.defaults, **row}
    if key is not None and "_id" in values:
        values[key] = values.pop("_id")
    if len(values) != len(shape.names) or shape.makes_defaults:
        values = {name: values[name] for name in shape.names if name in values}
    for name, decode in shape.decoders:
        held = row.get("_id" if name == key else name)
        if held is not None:
            values[name] = decode(held)
    return made_of(kind, values)


def millisecond(moment: datetime) -> datetime:
    """Cut a moment to what BSON keeps, so that what is written equals what is read back."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _encode(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    if is_dataclass(value):
        return to_row(value)
    if isinstance(value, tuple | list):
        return [_encode(item) for item in value]
    if isinstance(value, dict):
        return {name: _encode(item) for name, item in value.items()}
    return value


_PLAIN = frozenset({str, int, bool, Decimal, datetime, bytes})


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is to be known of a class to write its values as rows and read them back.

    Only fields that BSON does not take as they are have an encoder, a decoder. Defaults are shared by all values that
    take them, so none is of a kind that can change.
    """

    names: tuple[str, ...]
    encoders: tuple[tuple[str, Any], ...]
    decoders: tuple[tuple[str, Any], ...]
    defaults: Row
    makes_defaults: bool
    has_slots: bool


@cache
def _shape(kind: type[Any]) -> _Shape:
    hints, listed = get_type_hints(kind), fields(kind)
    return _Shape(
        names=tuple(field.name for field in listed),
        encoders=tuple((f.name, encode) for f in listed if (encode := _encoder(hints[f.name])) is not None),
        decoders=tuple((f.name, decode) for f in listed if (decode := _decoder(hints[f.name])) is not None),
        defaults={field.name: field.default for field in listed if field.default is not MISSING},
        makes_defaults=any(field.default_factory is not MISSING for field in listed),
        has_slots=hasattr(kind, "__slots__"),
    )


def _encoder(hint: Any) -> Any:
    """Return what writes a value of this type, None where BSON takes it as it is."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return None
    if origin in {Union, UnionType}:
        present = [part for part in parts if part is not NoneType]
        return _encoder(present[0]) if len(present) == 1 else _encode
    if origin is tuple:
        inner = _encoder(parts[0])
        return list if inner is None else lambda value: [inner(item) for item in value]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return str
    if isinstance(hint, type) and is_dataclass(hint):
        return to_row
    # What is free-form is looked at value by value.
    return _encode


def _decoder(hint: Any) -> Any:
    """Return what reads a value of this type, None where a row holds it as it is."""
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return _decoder(next(part for part in get_args(hint) if part is not NoneType))
    if origin is tuple:
        inner = _decoder(get_args(hint)[0])
        return tuple if inner is None else lambda value: tuple([inner(item) for item in value])
    if origin is dict:
        inner = _decoder(get_args(hint)[1])
        return None if inner is None else lambda value: {name: inner(item) for name, item in value.items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        # A look into a table: calling the class takes five times as long. What is not in it, the class refuses.
        known = {str(member): member for member in hint}
        return lambda value: known.get(value) or hint(value)
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value: from_row(hint, value)
    return _as_money if hint is Decimal else None


def _as_money(value: Any) -> Any:
    return _decimal(value.bid) if isinstance(value, Decimal128) else value
