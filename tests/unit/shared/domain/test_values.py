"""Changed copies equal those of `dataclasses.replace`, and refuse what it refuses."""

from dataclasses import dataclass, fields, replace

import pytest

from shared.domain.orders import Order
from shared.domain.values import changed, differences, made_of
from tests.unit.shared.domain.builders import make_order, make_trade


@dataclass(frozen=True, slots=True)
class Single:
    """A value of one field."""

    name: str


@pytest.mark.parametrize("value", [make_order(), make_trade()])
def test_a_changed_copy_is_what_replace_makes(value: object) -> None:
    assert changed(value, version=7) == replace(value, version=7)  # type: ignore[type-var]
    assert changed(value) == value
    assert changed(value) is not value


def test_a_value_of_one_field_is_copied_too() -> None:
    assert changed(Single("a"), name="b") == Single("b")


def test_a_name_that_is_no_field_is_refused() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        changed(make_order(), nonsense=1)


@dataclass(frozen=True)
class Checked:
    """A value whose constructor refuses some."""

    share: int
    name: str = ""

    def __post_init__(self) -> None:
        if self.share > 1:
            raise ValueError("too much")


def test_a_copy_of_a_value_that_its_constructor_checks_is_checked() -> None:
    with pytest.raises(ValueError, match="too much"):
        changed(Checked(1), share=2)


@pytest.mark.parametrize("value", [make_order(), make_trade(), Single("a"), Checked(1, "b")])
def test_a_value_made_of_its_fields_equals_the_one_that_its_constructor_makes(value: object) -> None:
    values = {field.name: getattr(value, field.name) for field in fields(value)}  # type: ignore[arg-type]
    assert made_of(type(value), values) == value


def test_a_value_is_not_made_with_a_field_missing_or_with_one_too_many() -> None:
    values = {field.name: getattr(make_order(), field.name) for field in fields(make_order())}
    with pytest.raises(TypeError, match="nonsense"):
        made_of(Order, {**values, "nonsense": 1})
    del values["symbol"]
    with pytest.raises(TypeError, match="symbol"):
        made_of(Order, values)


def test_differences_are_the_fields_that_changed_as_they_stand_now() -> None:
    order = make_order()
    assert differences(order, changed(order, version=7, symbol=order.symbol)) == {"version": 7}
    assert differences(order, order) == {}
