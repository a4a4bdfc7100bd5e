"""`flask credentials`: counts by key and a rotation that is asked for, waited for and told, without a secret."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymongo
import pytest
import redis
from dotenv import dotenv_values
from pydantic import SecretStr

from shared.models import rotations
from shared.models.audit import AuditEntry
from shared.models.credentials import Credential
from shared.models.mapping import rows_of
from shared.vault import KeyPair, PrivateKeys, PublicKeys, generate_key_pair
from tests.integration.web.commands.conftest import Run
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("empty_servers")


class Worker(threading.Thread):
    """Ends the rotation that is recorded, as a worker would; a client of its own."""

    def __init__(self, uri: str, **change: Any) -> None:
        super().__init__()
        self.uri = uri
        self.change = {"status": "done", "ended_at": datetime.now(UTC), **change}
        self.start()

    def run(self) -> None:
        with pymongo.MongoClient[dict[str, Any]](self.uri) as client:
            rows = client.get_default_database()["rotations"]
            wait_until(lambda: rows.find_one({"status": "pending"}), "a rotation is recorded")
            rows.update_one({"status": "pending"}, {"$set": self.change})


def store(key_id: str, count: int) -> None:
    rows_of(Credential).insert_many(
        [{"_id": f"{key_id}-{n}", "key_id": key_id, "sealed": b"canary"} for n in range(count)]
    )


def test_credentials_are_counted_by_key_and_shown_without_a_secret(run: Run, key_pair: KeyPair):
    assert run("credentials", "show", "--json").row == {
        "key_id": key_pair.key_id,
        "count": 0,
        "is_public": True,
        "seals": True,
    }
    store(key_pair.key_id, 3)
    store("0" * 16, 2)
    answer = run("credentials", "show", "--json")
    assert {row["key_id"]: (row["count"], row["seals"]) for row in answer.rows} == {
        key_pair.key_id: (3, True),
        "0" * 16: (2, False),
    }
    assert "canary" not in answer.out + run("credentials", "show").out


def test_the_last_public_key_seals(run: Run, environment: pytest.MonkeyPatch, key_pair: KeyPair):
    newest = generate_key_pair()
    environment.setenv("CREDENTIAL_PUBLIC_KEYS", f"{key_pair.public_key},{newest.public_key}")
    rows = run("credentials", "show", "--json").rows
    assert [(row["key_id"], row["seals"]) for row in rows] == [
        (key_pair.key_id, False),
        (newest.key_id, True),
    ]
    assert run("credentials", "rotate", "--no-wait", "--json").row["key_id"] == newest.key_id


def test_a_rotation_is_recorded_rung_for_and_its_end_told(
    run: Run, mongodb_uri: str, redis_url: str, key_pair: KeyPair
):
    worker = Worker(mongodb_uri, rotated=5, already=2, failed={})
    row = run("credentials", "rotate", "--json").row
    worker.join()
    assert (row["status"], row["rotated"], row["already"], row["failed"]) == ("done", 5, 2, {})
    assert row["key_id"] == key_pair.key_id
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen("dx:sync") == 1
    assert rows_of(AuditEntry).count_documents({"action": "credentials.rotate"}) == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rotated": 1, "failed": {"KEY_NOT_HELD": 2}}, "2 KEY_NOT_HELD; keep the old private keys"),
        (
            {"status": "failed", "code": "NO_PRIVATE_KEY", "sentence": "Restart them."},
            "NO_PRIVATE_KEY: Restart",
        ),
    ],
)
def test_a_rotation_that_was_not_whole_ends_with_one_and_says_why(
    run: Run, mongodb_uri: str, change: dict[str, Any], complaint: str
):
    worker = Worker(mongodb_uri, **change)
    answer = run("credentials", "rotate", "--json")
    worker.join()
    assert answer.status == 1
    assert len(answer.rows) == 1
    assert complaint in answer.err


def test_who_asks_again_joins_the_rotation_under_way(
    run: Run, environment: pytest.MonkeyPatch, key_pair: KeyPair
):
    first = run("credentials", "rotate", "--no-wait", "--json").row
    assert (first["status"], first["rotated"]) == ("pending", 0)
    again = run("credentials", "rotate", "--timeout", "0", "--json")
    assert again.status == 1
    assert "not done after 0 s; it goes on" in again.err
    assert again.rows[0]["rotation_id"] == first["rotation_id"]
    assert run("wait", "--idle", "--timeout", "0").refused("1 rotations_pending")
    environment.setenv("CREDENTIAL_PUBLIC_KEYS", f"{key_pair.public_key},{generate_key_pair().public_key}")
    assert run("credentials", "rotate").refused("another rotation is under way")
    assert rotations.count_pending() == 1


def test_without_a_public_key_nothing_is_asked_for(run: Run, environment: pytest.MonkeyPatch):
    environment.setenv("CREDENTIAL_PUBLIC_KEYS", "")
    assert run("credentials", "rotate").refused("CREDENTIAL_PUBLIC_KEYS is not set")
    environment.setenv("CREDENTIAL_PUBLIC_KEYS", "rubbish")
    assert run("credentials", "rotate").refused("public key 1 of 1 is not base64")
    assert run("credentials", "rotate", "--timeout", "-1").refused("--timeout", status=2)
    assert rotations.count_pending() == 0


def test_a_new_key_is_put_beside_the_old_ones_and_seals_from_then_on(run: Run, tmp_path: Path):
    old = generate_key_pair()
    file = tmp_path / ".env"
    file.write_text(
        f"# mine\nCREDENTIAL_PUBLIC_KEYS={old.public_key}\n"
        f"CREDENTIAL_PRIVATE_KEYS={old.private_key.get_secret_value()}\nLOG_LEVEL=INFO\n"
    )
    answer = run("credentials", "new-key", "--env-file", str(file), "--json")
    values = dotenv_values(file)
    public = PublicKeys.parse(str(values["CREDENTIAL_PUBLIC_KEYS"]).split(","))
    private = PrivateKeys.parse(SecretStr(str(values["CREDENTIAL_PRIVATE_KEYS"])))
    assert public.key_ids == private.key_ids == (old.key_id, answer.row["key_id"])
    assert values["LOG_LEVEL"] == "INFO"
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(values["CREDENTIAL_PRIVATE_KEYS"]).split(",")[1] not in answer.out + answer.err


@pytest.mark.parametrize("text", ["", "CREDENTIAL_PUBLIC_KEYS=abc\n", "CREDENTIAL_PRIVATE_KEYS=abc\n"])
def test_a_new_key_needs_the_old_ones_beside_it(run: Run, tmp_path: Path, text: str):
    file = tmp_path / ".env"
    file.write_text(text)
    assert run("credentials", "new-key", "--env-file", str(file)).refused("does not hold both")
    assert file.read_text() == text
    assert run("credentials", "new-key", "--env-file", str(tmp_path / "none")).refused("does not hold both")
