"""Rotation of the sealing key: everything is sealed anew, opens all the while, and nothing newer is overwritten."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.local import PROJECT
from shared.models import rotations
from shared.models.credentials import Credential, SealedCredential
from shared.models.mapping import from_row, rows_of
from shared.models.rotations import RotationState, RotationStatus
from shared.vault import KeyPair, PrivateKeys, PublicKeys, credential_record, generate_key_pair
from tests.integration.worker.pipeline.driver import Driver
from tests.waiting import wait_until
from worker.context import Context
from worker.pipeline.rotate import PAGE, rotate
from worker.pipeline.sweep import sweep

OLD, NEW, LOST = generate_key_pair(), generate_key_pair(), generate_key_pair()
MANY = 5 * PAGE + 7

OPENER = """
import json, sys
from pathlib import Path
from pydantic import SecretStr
from shared.database import connect
from shared.models.credentials import Credential, find_credentials
from shared.models.mapping import rows_of
from shared.vault import PrivateKeys, VaultError, credential_record
uri, keys, stop = sys.argv[1:]
private, stop = PrivateKeys.parse(SecretStr(keys)), Path(stop)
connect(uri)
ids = [row["_id"] for row in rows_of(Credential).find({}, {"_id": 1})]
opened = failed = 0
print("ready", flush=True)
while not stop.exists():
    for start in range(0, len(ids), 50):
        for found in find_credentials(ids[start:start + 50]).values():
            try:
                private.unseal(credential_record(found.account_id, found.credential_id), found.sealed)
                opened += 1
            except VaultError:
                failed += 1
print(json.dumps([opened, failed]), flush=True)
"""


def private(*pairs: KeyPair) -> PrivateKeys:
    return PrivateKeys.parse(joined(*pairs))


def joined(*pairs: KeyPair) -> SecretStr:
    return SecretStr(",".join(pair.private_key.get_secret_value() for pair in pairs))


def public(*pairs: KeyPair) -> PublicKeys:
    return PublicKeys.parse([pair.public_key for pair in pairs])


def give_keys(context: Context, sealing: tuple[KeyPair, ...], opening: tuple[KeyPair, ...]) -> None:
    """Let the worker hold these keys, as after a restart with another .env."""
    words = tuple(pair.public_key for pair in sealing)
    context.settings = context.settings.model_copy(update={"credential_public_keys": words})
    context.keys = private(*opening)


@pytest.fixture
def worker(driver: Driver) -> Iterator[Driver]:
    """A worker that was started anew with the new pair beside the old one."""
    before = driver.context.settings, driver.context.keys
    give_keys(driver.context, (OLD, NEW), (OLD, NEW))
    yield driver
    driver.context.settings, driver.context.keys = before


def store(count: int, pair: KeyPair = OLD, *, first: int = 0) -> None:
    rows_of(Credential).insert_many([sealed_row(n, pair) for n in range(first, first + count)])


def sealed_row(number: int, pair: KeyPair, secret: str | None = None) -> dict[str, object]:
    name = f"c{number}"
    box = public(pair).seal(credential_record(f"a{number}", name), SecretStr(secret or f"secret-{number}"))
    owner = {"user_id": "u", "account_id": f"a{number}", "created_at": datetime.now(UTC)}
    return {"_id": name, **owner, "key_id": box.key_id, "sealed": box.data}


def begin(key: KeyPair = NEW, *, rotation_id: str = "rotation") -> RotationState:
    now = datetime.now(UTC)
    due = now + timedelta(seconds=5)
    rotation = RotationState(rotation_id, key.key_id, "operator", now, RotationStatus.PENDING, due)
    assert rotations.create_once(rotation)
    return rotation


def end_of(rotation: RotationState) -> RotationState:
    found = rotations.find(rotation.rotation_id)
    assert found is not None
    return found


def run(driver: Driver, rotation: RotationState) -> RotationState:
    rotate(driver.context, rotation.rotation_id)
    driver.answer_bells()
    return end_of(rotation)


def opened_with(*pairs: KeyPair) -> dict[str, str]:
    """Open every credential; raises VaultError where one does not."""
    keys = private(*pairs)
    found = (from_row(SealedCredential, row, "credential_id") for row in rows_of(Credential).find())
    return {
        c.credential_id: keys.unseal(
            credential_record(c.account_id, c.credential_id), c.sealed
        ).get_secret_value()
        for c in found
    }


def test_everything_is_sealed_under_the_newest_key_and_opens_without_the_old_one(worker: Driver) -> None:
    store(MANY)
    store(3, NEW, first=MANY)
    ended = run(worker, begin())
    assert (ended.status, ended.rotated, ended.already, ended.failed) == (RotationStatus.DONE, MANY, 3, {})
    assert rotations.count_by_key() == {NEW.key_id: MANY + 3}
    assert opened_with(NEW) == {f"c{n}": f"secret-{n}" for n in range(MANY + 3)}


def test_under_load_nothing_fails_to_open_and_what_is_replaced_meanwhile_stays(
    worker: Driver, mongodb_uri: str, tmp_path: Path
) -> None:
    store(MANY)
    stop = tmp_path / "stop"
    child = [sys.executable, "-c", OPENER, mongodb_uri, joined(OLD, NEW).get_secret_value(), str(stop)]
    with subprocess.Popen(child, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as opener:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
        with ThreadPoolExecutor(3) as pool:
            # Owners replace their keys all the while, half of them at a page that still seals with the old key.
            replacing = pool.submit(replace_every, 7)
            rotation = begin()
            twins = [pool.submit(rotate_until_ended, worker.context, rotation) for _ in range(2)]
            replacing.result()
            assert [twin.result().status for twin in twins] == [RotationStatus.DONE] * 2
        stop.touch()
        opened, failed = json.loads(opener.stdout.readline())
    assert failed == 0
    assert opened > MANY
    late = rotations.count_by_key()
    assert late.get(OLD.key_id, 0) <= len(range(0, MANY, 7)), "only what was replaced after its page"
    run(worker, begin(rotation_id="again"))
    assert rotations.count_by_key() == {NEW.key_id: MANY}
    expected = {f"c{n}": f"replaced-{n}" if n % 7 == 0 else f"secret-{n}" for n in range(MANY)}
    assert opened_with(NEW) == expected


def replace_every(step: int) -> None:
    for number in range(0, MANY, step):
        row = sealed_row(number, OLD if number % 2 else NEW, f"replaced-{number}")
        change = {"key_id": row["key_id"], "sealed": row["sealed"]}
        rows_of(Credential).update_one({"_id": row["_id"]}, {"$set": change})


def rotate_until_ended(context: Context, rotation: RotationState) -> RotationState:
    for _ in range(100):
        rotate(context, rotation.rotation_id)
        if (found := end_of(rotation)).status is not RotationStatus.PENDING:
            return found
    raise AssertionError("the pages never end")


def test_what_does_not_open_is_counted_by_reason_and_left_as_it_is(worker: Driver) -> None:
    store(4)
    store(2, LOST, first=4)
    rows_of(Credential).update_one({"_id": "c0"}, {"$set": {"sealed": b"no box"}})
    rows_of(Credential).update_one({"_id": "c1"}, {"$set": {"account_id": "another"}})
    ended = run(worker, begin())
    assert (ended.status, ended.rotated) == (RotationStatus.DONE, 2)
    assert ended.failed == {"UNREADABLE": 2, "KEY_NOT_HELD": 2}
    assert rotations.count_by_key() == {OLD.key_id: 2, LOST.key_id: 2, NEW.key_id: 2}
    # Their key is found again: the next rotation takes them.
    give_keys(worker.context, (OLD, NEW), (OLD, NEW, LOST))
    again = run(worker, begin(rotation_id="again"))
    assert (again.rotated, again.already, again.failed) == (2, 2, {"UNREADABLE": 2})


@pytest.mark.parametrize(
    ("sealing", "opening", "code"),
    [
        ((OLD,), (OLD, NEW), "OTHER_PUBLIC_KEYS"),
        ((NEW, OLD), (OLD, NEW), "OTHER_PUBLIC_KEYS"),
        ((), (OLD, NEW), "OTHER_PUBLIC_KEYS"),
        ((OLD, NEW), (OLD,), "NO_PRIVATE_KEY"),
    ],
)
def test_workers_with_other_keys_refuse_before_anything_is_written(
    worker: Driver, sealing: tuple[KeyPair, ...], opening: tuple[KeyPair, ...], code: str
) -> None:
    store(3)
    give_keys(worker.context, sealing, opening)
    ended = run(worker, begin())
    assert (ended.status, ended.code, ended.rotated) == (RotationStatus.FAILED, code, 0)
    assert "restart them" in ended.sentence
    assert opened_with(OLD) == {f"c{n}": f"secret-{n}" for n in range(3)}
    assert rotations.count_pending() == 0


def test_one_rotation_at_a_time_and_lost_bells_are_rung_again(worker: Driver) -> None:
    store(PAGE + 1)
    rotation = begin()
    now = datetime.now(UTC)
    assert not rotations.create_once(RotationState("b", NEW.key_id, "x", now, RotationStatus.PENDING, now))
    rotate(worker.context, rotation.rotation_id)
    worker.lose_bells()
    assert end_of(rotation).rotated == PAGE
    worker.make_due()
    sweep(worker.context)
    worker.answer_bells()
    assert (end_of(rotation).status, end_of(rotation).rotated) == (RotationStatus.DONE, PAGE + 1)
    assert rotate(worker.context, rotation.rotation_id) == "nothing to rotate"


DIE_IN_IT = """
import sys
from shared.settings import read_settings
from worker.context import open_context
from worker.failpoints import arm_failpoints
from worker.pipeline.rotate import rotate
settings = read_settings()
arm_failpoints(settings)
rotate(open_context(settings), "rotation")
"""


@pytest.mark.parametrize(("point", "done"), [("before_rotation_page", 0), ("after_rotation_page", PAGE)])
def test_a_worker_that_dies_in_a_page_is_followed_by_another(
    worker: Driver, tmp_path: Path, point: str, done: int
) -> None:
    store(PAGE + 5)
    rotation = begin()
    death = tmp_path / point / "1"
    death.parent.mkdir()
    death.touch()
    settings = worker.context.settings
    env = {
        "REDIS_URL": settings.redis_url,
        "MONGODB_URI": settings.mongodb_uri,
        "FAILPOINTS": str(tmp_path),
        "CREDENTIAL_PUBLIC_KEYS": f"{OLD.public_key},{NEW.public_key}",
        "CREDENTIAL_PRIVATE_KEYS": joined(OLD, NEW).get_secret_value(),
    }
    child = [sys.executable, "-c", DIE_IN_IT]
    died = subprocess.run(child, env={**os.environ, **env}, cwd=PROJECT, timeout=60, check=False)
    assert died.returncode == -9
    assert rotations.count_by_key().get(NEW.key_id, 0) == done
    ended = run(worker, rotation)
    assert (ended.status, ended.rotated, ended.failed) == (RotationStatus.DONE, PAGE + 5, {})
    wait_until(lambda: rotations.count_pending() == 0, "the rotation has ended")
