"""`flask credentials`: which keys seal them, and a rotation to the newest; no secret is ever shown or opened here."""

from datetime import timedelta
from pathlib import Path

import click

from shared.domain.commands import OPERATOR
from shared.models import rotations
from shared.models.base import new_id
from shared.models.credentials import Credential
from shared.models.mapping import Row
from shared.models.rotations import Rotation, RotationState, RotationStatus
from shared.settings import Settings
from shared.tasks import TaskName, enqueue
from shared.vault import generate_key_pair
from web.commands.accounts import parse_public_keys
from web.commands.answers import show_done, show_rows, write_json
from web.commands.frame import CommandError, Group, json_option
from web.commands.session import audit, now, open_database
from web.commands.setup.environment_file import EnvironmentFile
from web.commands.waiting import wait_for, wait_options

WAIT_SECONDS = 120
_FIRST_RING = timedelta(seconds=5)


@click.group("credentials", cls=Group)
def credentials() -> None:
    """Sealed broker keys."""


@credentials.command("show")
@json_option
def show(*, as_json: bool) -> None:
    """Show how many credentials each key seals; the last public key seals new ones."""
    settings = open_database(Credential)
    public = parse_public_keys(settings.credential_public_keys).key_ids
    counts = {**dict.fromkeys(public, 0), **rotations.count_by_key()}
    rows = (
        {"key_id": key_id, "count": count, "is_public": key_id in public, "seals": key_id in public[-1:]}
        for key_id, count in counts.items()
    )
    show_rows(rows, ("key_id", "count", "is_public", "seals"), as_json=as_json, empty="No credentials.")


@credentials.command("new-key")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=".env",
    show_default=True,
    help="The file that gets the new pair beside the old ones.",
)
@json_option
def new_key(*, env_file: Path, as_json: bool) -> None:
    """Add a new pair of sealing keys to .env, where it seals from the next restart on; the old ones still open."""
    file = EnvironmentFile(env_file, env_file)
    halves = {name: file.get(name) for name in ("CREDENTIAL_PUBLIC_KEYS", "CREDENTIAL_PRIVATE_KEYS")}
    if not all(halves.values()):
        raise CommandError(
            f"{env_file} does not hold both CREDENTIAL_PUBLIC_KEYS and CREDENTIAL_PRIVATE_KEYS"
        )
    pair = generate_key_pair()
    made = (pair.public_key, pair.private_key.get_secret_value())
    for (name, held), added in zip(halves.items(), made, strict=True):
        file.put(name, f"{held.rstrip(',')},{added}")
    file.write()
    show_done(
        {"key_id": pair.key_id, "env_file": str(env_file)},
        f"Key {pair.key_id} is in {env_file}: give it to every host, restart, then credentials rotate",
        as_json=as_json,
    )


@credentials.command("rotate")
@wait_options(WAIT_SECONDS)
@json_option
def rotate(*, timeout_seconds: float, no_wait: bool, as_json: bool) -> None:
    """Have the workers seal every credential under the newest public key.

    First `credentials new-key`, and a restart of everything; the old private key may go when this is done.
    """
    settings = open_database(Rotation, Credential)
    rotation = _begin(_newest_key(settings))
    if not no_wait:
        wait_for(lambda: _has_ended(rotation.rotation_id), timeout_seconds)
    found = rotations.find(rotation.rotation_id) or rotation
    row = _row(found)
    said = f"{found.rotated} rotated, {found.already} were already, {sum(found.failed.values())} failed"
    is_good = found.status is RotationStatus.DONE and not found.failed
    if is_good or (no_wait and found.status is RotationStatus.PENDING):
        show_done(row, said if is_good else f"Rotation to {found.key_id} is recorded", as_json=as_json)
        return
    if as_json:
        write_json(row)
    if found.status is RotationStatus.FAILED:
        raise CommandError(f"{found.code}: {found.sentence}")
    if found.status is RotationStatus.PENDING:
        raise CommandError(f"not done after {timeout_seconds:g} s; it goes on: {said}")
    reasons = ", ".join(f"{count} {code}" for code, count in sorted(found.failed.items()))
    raise CommandError(f"{said}: {reasons}; keep the old private keys")


def _newest_key(settings: Settings) -> str:
    key_ids = parse_public_keys(settings.credential_public_keys).key_ids
    if not key_ids:
        raise CommandError("no public key: CREDENTIAL_PUBLIC_KEYS is not set")
    return key_ids[-1]


def _begin(key_id: str) -> RotationState:
    """Record a rotation, or join the one that is under way to the same key.

    Raises
    ------
    CommandError
        If one to another key is under way.
    """
    at = now()
    rotation = RotationState(new_id(), key_id, OPERATOR, at, RotationStatus.PENDING, at + _FIRST_RING)
    if not rotations.create_once(rotation):
        under_way = rotations.find_pending()
        if under_way is None or under_way.key_id != key_id:
            raise CommandError("another rotation is under way: wait for its end, then ask again")
        rotation = under_way
    else:
        audit("credentials.rotate", key_id, {"rotation_id": rotation.rotation_id}, at)
    enqueue(TaskName.CREDENTIALS_ROTATE, rotation.rotation_id)
    return rotation


def _has_ended(rotation_id: str) -> bool:
    found = rotations.find(rotation_id)
    return found is None or found.status is not RotationStatus.PENDING


def _row(rotation: RotationState) -> Row:
    names = ("rotation_id", "key_id", "status", "rotated", "already", "failed", "code", "sentence")
    times = {"at": rotation.at, "ended_at": rotation.ended_at}
    return {"id": rotation.rotation_id, **{name: getattr(rotation, name) for name in names}, **times}
