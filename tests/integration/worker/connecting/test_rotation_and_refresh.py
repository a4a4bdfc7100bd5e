"""The sealing key is changed while tokens are renewed: every row opens at every moment, and in the end by the new key alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import bson
import pytest
from pydantic import SecretStr

from shared.models import rotations
from shared.models.accounts import Account
from shared.models.credentials import Credential, SealedCredential, find_credentials
from shared.models.mapping import rows_of
from shared.models.rotations import RotationState, RotationStatus
from shared.vault import PrivateKeys, VaultError, credential_record
from tests.emulators.oauth.server import OAuthServer
from tests.integration.worker.connecting.conftest import NEW, OLD, Desk
from worker.pipeline.refresh_tokens import refresh
from worker.pipeline.rotate import rotate

MANY, KEYS = 40, 60


def private(*halves: SecretStr) -> PrivateKeys:
    return PrivateKeys.parse(SecretStr(",".join(half.get_secret_value() for half in halves)))


def unopened(keys: PrivateKeys, found: list[SealedCredential]) -> int:
    """Count the credentials that do not open."""
    failed = 0
    for item in found:
        try:
            keys.unseal(credential_record(item.account_id, item.credential_id), item.sealed)
        except VaultError:
            failed += 1
    return failed


def every_credential() -> list[SealedCredential]:
    return list(find_credentials([row["_id"] for row in rows_of(Credential).find({}, {"_id": 1})]).values())


def test_a_rotation_beside_refreshes_loses_nothing_and_the_old_key_opens_nothing_of_a_dump(
    desk: Desk, provider: OAuthServer
) -> None:
    tokens = [desk.connect_tokens() for _ in range(MANY)]
    for number in range(KEYS):
        desk.seal("account-of-keys", f"key-{number}", SecretStr(f"canary-key-{number}"))
    context = desk.driver.context
    both = private(OLD.private_key, NEW.private_key)
    before = context.settings, context.keys
    words = (OLD.public_key, NEW.public_key)
    context.settings = context.settings.model_copy(update={"credential_public_keys": words})
    context.keys = both
    try:
        begin("rotation-1")
        with ThreadPoolExecutor(4) as pool:
            work = [pool.submit(refresh, context, [h.credential_id or ""]) for h in tokens]
            turning = pool.submit(turn_until_ended, desk, "rotation-1")
            opened = 0
            while not (turning.done() and all(item.done() for item in work)):
                found = every_credential()
                assert unopened(both, found) == 0
                opened += len(found)
            assert [item.result() for item in work] == ["1 of 1 refreshed"] * MANY
            ended = turning.result()
        assert (ended.status, ended.failed) == (RotationStatus.DONE, {})
    finally:
        context.settings, context.keys = before
    assert opened > MANY + KEYS
    assert provider.count("refresh_token") == MANY
    found = every_credential()
    assert len(found) == MANY + KEYS
    assert rotations.count_by_key() == {NEW.key_id: MANY + KEYS}, "every one was sealed anew"
    new, old = private(NEW.private_key), private(OLD.private_key)
    assert unopened(new, found) == 0
    dump = dumped()
    assert unopened(old, found) == len(found)
    assert b"canary" not in dump
    assert bytes.fromhex(OLD.key_id) not in dump, "nothing that the old key opens is anywhere"
    in_use = {row["credential_id"] for row in rows_of(Account).find()}
    assert {item.credential_id for item in found if item.provider} == in_use


def begin(rotation_id: str) -> None:
    now = datetime.now(UTC)
    due = now + timedelta(seconds=5)
    state = RotationState(rotation_id, NEW.key_id, "operator", now, RotationStatus.PENDING, due)
    assert rotations.create_once(state)


def turn_until_ended(desk: Desk, rotation_id: str) -> RotationState:
    for _ in range(200):
        rotate(desk.driver.context, rotation_id)
        found = rotations.find(rotation_id)
        assert found is not None
        if found.status is not RotationStatus.PENDING:
            return found
    pytest.fail("the pages never end")


def dumped() -> bytes:
    """Return everything that the database holds, as a dump would."""
    database = rows_of(Credential).database
    names = database.list_collection_names(filter={"type": "collection"})
    return b"".join(bson.encode(row) for name in sorted(names) for row in database[name].find())
