"""Secrets of the web process: they open for their own purpose, record and key, and for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from web.sealing import SealingError, seal, unseal

KEY = SecretStr("k" * 40)


@given(st.binary(max_size=200))
def test_what_was_sealed_opens_again(plain: bytes) -> None:
    assert unseal(KEY, "seed", "row-1", seal(KEY, "seed", "row-1", plain)) == plain


@pytest.mark.parametrize(
    ("key", "purpose", "record"),
    [
        (SecretStr("other" * 8), "seed", "row-1"),
        (KEY, "hook", "row-1"),
        (KEY, "seed", "row-2"),
    ],
)
def test_a_box_opens_only_for_its_key_its_purpose_and_its_row(
    key: SecretStr, purpose: str, record: str
) -> None:
    box = seal(KEY, "seed", "row-1", b"secret")
    with pytest.raises(SealingError):
        unseal(key, purpose, record, box)


def test_a_box_with_one_byte_changed_or_missing_does_not_open() -> None:
    box = seal(KEY, "seed", "row-1", b"secret")
    for place in range(len(box)):
        changed = box[:place] + bytes([box[place] ^ 1]) + box[place + 1 :]
        with pytest.raises(SealingError):
            unseal(KEY, "seed", "row-1", changed)
        with pytest.raises(SealingError):
            unseal(KEY, "seed", "row-1", box[:place])


def test_the_same_secret_is_never_sealed_into_the_same_bytes() -> None:
    assert len({seal(KEY, "seed", "row-1", b"secret") for _ in range(50)}) == 50
