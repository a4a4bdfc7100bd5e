"""The vault: opens for the right key and record, and for nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.vault import PrivateKeys, PublicKeys, VaultError, credential_record, generate_key_pair

OLD, NEW = generate_key_pair(), generate_key_pair()
RECORD = credential_record("account-1", "credential-1")
PLAIN = SecretStr('{"api_key": "canary-key", "secret": "canary-secret"}')


def private(*pairs):
    return PrivateKeys.parse(SecretStr(",".join(pair.private_key.get_secret_value() for pair in pairs)))


def public(*pairs):
    return PublicKeys.parse([pair.public_key for pair in pairs])


@given(secret=st.text(max_size=500), record=st.text(min_size=1, max_size=80))
def test_what_was_sealed_for_a_record_opens_for_it(secret, record):
    box = public(NEW).seal(record, SecretStr(secret))
    assert private(NEW).unseal(record, box.data).get_secret_value() == secret


@given(record=st.text(max_size=80).filter(lambda record: record != RECORD))
def test_a_box_does_not_open_for_another_record(record):
    box = public(NEW).seal(RECORD, PLAIN)
    with pytest.raises(VaultError, match="another record"):
        private(NEW).unseal(record, box.data)


def test_a_box_does_not_open_for_another_account_with_the_same_credential_id():
    box = public(NEW).seal(RECORD, PLAIN)
    with pytest.raises(VaultError):
        private(NEW).unseal(credential_record("account-2", "credential-1"), box.data)


def test_every_flipped_byte_is_noticed():
    data = public(NEW).seal(RECORD, PLAIN).data
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1
        with pytest.raises(VaultError):
            private(NEW).unseal(RECORD, bytes(changed))


@settings(max_examples=300)
@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_box_give_one_clear_error(data):
    with pytest.raises(VaultError):
        private(NEW).unseal(RECORD, data)


def test_the_newest_public_key_seals_and_old_boxes_still_open():
    before = public(OLD).seal(RECORD, PLAIN)
    after = public(OLD, NEW).seal(RECORD, PLAIN)
    assert (before.key_id, after.key_id) == (OLD.key_id, NEW.key_id)
    both = private(OLD, NEW)
    assert both.unseal(RECORD, before.data) == both.unseal(RECORD, after.data) == PLAIN


def test_a_key_that_is_not_held_is_named_by_its_id():
    box = public(NEW).seal(RECORD, PLAIN)
    with pytest.raises(VaultError, match=NEW.key_id):
        private(OLD).unseal(RECORD, box.data)


def test_the_same_secret_never_seals_to_the_same_bytes():
    keys = public(NEW)
    boxes = {keys.seal(RECORD, PLAIN).data for _ in range(2000)}
    assert len(boxes) == 2000
    # The first 53 bytes carry the one-time key and the nonce: neither is ever used again.
    assert len({data[9:41] for data in boxes}) == len({data[41:53] for data in boxes}) == 2000


def test_a_box_holds_nothing_of_the_secret():
    data = public(NEW).seal(RECORD, PLAIN).data
    assert b"canary" not in data


def test_keys_show_themselves_as_stars():
    shown = f"{private(NEW)!r} {NEW!r} {PLAIN!r}"
    assert "***" in shown
    assert NEW.private_key.get_secret_value() not in shown


def test_public_and_private_lists_agree_on_the_ids():
    assert public(OLD, NEW).key_ids == private(OLD, NEW).key_ids == (OLD.key_id, NEW.key_id)


@pytest.mark.parametrize("word", ["not base64!", "c2hvcnQ=", "Ω", OLD.public_key + "AAAA"])
def test_a_bad_key_is_named_by_its_position_and_not_by_its_text(word):
    with pytest.raises(VaultError, match="key 2 of 2") as caught:
        PublicKeys.parse([OLD.public_key, word])
    assert word not in str(caught.value)
    with pytest.raises(VaultError, match="private key 1 of 1"):
        PrivateKeys.parse(SecretStr(word))


def test_sealing_without_a_key_says_which_variable_is_missing():
    with pytest.raises(VaultError, match="CREDENTIAL_PUBLIC_KEYS"):
        PublicKeys.parse([]).seal(RECORD, PLAIN)
