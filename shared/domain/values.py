"""Values without their constructor: changed copies of frozen dataclasses, and values made of fields that are all there.

A constructor of fifty fields checks nothing that a row or the copied value has not been checked for, and takes ten
times as long as filling the new object's dictionary. So the classes of which a fan-out makes thousands, orders and
trades above all, have a dictionary and no slots; a class with slots goes through its constructor here as well.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def changed(value: T, **changes: Any) -> T:
    """Return a copy of a dataclass whose fields all take part in its constructor, with some of them changed.

    Raises
    ------
    TypeError
        If a change names no field.
    """
    kind = type(value)
    names = _names(kind)  # type: ignore[arg-type]  # a class is hashable
    if names is None:
        slots, read = _reader(kind)  # type: ignore[arg-type]
        return kind(**{**dict(zip(slots, read(value), strict=True)), **changes})
    if not changes.keys() <= names:
        raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(changes.keys() - names))}")
    copy: T = object.__new__(kind)
    copy.__dict__.update(value.__dict__)
    copy.__dict__.update(changes)
    return copy


def differences(before: T, after: T) -> dict[str, Any]:
    """Return the fields in which two values of a class differ, as they stand in the second."""
    names = [field.name for field in fields(type(before))]  # type: ignore[arg-type]  # a dataclass
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return {name: new for name, old, new in pairs if new is not old and new != old}


def made_of(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make a dataclass of values that were checked before: one for each of its fields, and nothing else.

    Raises
    ------
    TypeError
        If a field is missing, or a value belongs to none.
    """
    if values.keys() != _names(kind):  # type: ignore[arg-type]  # a class is hashable
        # The constructor says best what is wrong.
        return kind(**values)
    made: T = object.__new__(kind)
    made.__dict__.update(values)
    return made


@cache
def _names(kind: type[Any]) -> frozenset[str] | None:
    """Return the field names of a class whose values can be made without their constructor; None for another."""
    if hasattr(kind, "__slots__") or hasattr(kind, "__post_init__"):
        return None
    return frozenset(field.name for field in fields(kind))


@cache
def _reader(kind: type[Any]) -> tuple[tuple[str, ...], Any]:
    names = tuple(field.name for field in fields(kind))
    # Two names at least: of one, attrgetter returns no tuple.
    return names, attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
