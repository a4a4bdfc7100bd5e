"""Changed copies equal those of `dataclasses.replace`, and refuse what it refuses."""

from dataclasses import dataclass, replace

import pytest

from shared.domain.values import changed
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
