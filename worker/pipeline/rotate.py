"""Seal every credential under the newest key: page by page, each opened with its own key and proved to open again.

Nothing is written before the new box has been opened with the private keys at hand, and nothing over a credential
that its owner has replaced meanwhile. Brokers that are open keep the opened key; it is the same one.
"""

from shared.logs import get_logger
from shared.models import rotations
from shared.models.credentials import SealedCredential
from shared.models.mapping import millisecond
from shared.models.rotations import Resealed, RotationState, RotationStatus
from shared.tasks import TaskName, enqueue
from shared.vault import PrivateKeys, PublicKeys, VaultError, credential_record
from worker.context import Context, utc_now
from worker.failpoints import failpoint

log = get_logger(__name__)

PAGE = 200


def rotate(context: Context, rotation_id: str) -> str:
    """Do one page of a rotation and ring for the next; safe to repeat."""
    rotation = rotations.find(rotation_id)
    if rotation is None or rotation.status is not RotationStatus.PENDING:
        return "nothing to rotate"
    try:
        public = PublicKeys.parse(context.settings.credential_public_keys)
    except VaultError as error:
        return _fail(rotation, "BAD_PUBLIC_KEYS", f"The workers' CREDENTIAL_PUBLIC_KEYS: {error}.")
    problem = _find_problem(rotation, public, context.keys)
    if problem is not None:
        return _fail(rotation, *problem)
    page = rotations.next_page(rotation, PAGE)
    if not page:
        tally = rotations.tally_of(rotation)
        rotations.end(rotation_id, tally, millisecond(utc_now()))
        log.info("rotation.ended", key_id=rotation.key_id, rotated=tally.rotated, failed=tally.failed)
        return f"{tally.rotated} rotated, {sum(tally.failed.values())} failed"
    failpoint("before_rotation_page")
    rotations.store(rotation, [_reseal(credential, public, context.keys) for credential in page])
    failpoint("after_rotation_page")
    rotations.report(rotation_id, rotations.tally_of(rotation))
    enqueue(TaskName.CREDENTIALS_ROTATE, rotation_id)
    return f"a page of {len(page)}"


def _find_problem(
    rotation: RotationState, public: PublicKeys, private: PrivateKeys
) -> tuple[str, str] | None:
    """Say why these keys must not rotate: what they seal could not be opened, or would be sealed anew again."""
    seals = public.key_ids[-1] if public.key_ids else None
    if seals != rotation.key_id:
        told = f"The workers seal with {seals or 'no key'}, not with {rotation.key_id}: restart them with the new"
        return "OTHER_PUBLIC_KEYS", f"{told} CREDENTIAL_PUBLIC_KEYS."
    if rotation.key_id not in private.key_ids:
        told = f"The workers do not hold the private key of {rotation.key_id}: restart them with the new"
        return "NO_PRIVATE_KEY", f"{told} CREDENTIAL_PRIVATE_KEYS beside the old ones."
    return None


def _reseal(credential: SealedCredential, public: PublicKeys, private: PrivateKeys) -> Resealed:
    if credential.key_id not in private.key_ids:
        return Resealed(credential, code="KEY_NOT_HELD")
    record = credential_record(credential.account_id, credential.credential_id)
    try:
        secret = private.unseal(record, credential.sealed)
        box = public.seal(record, secret)
        proved = private.unseal(record, box.data) == secret
    except VaultError as error:
        log.warning("credential.unreadable", credential_id=credential.credential_id, error=str(error))
        return Resealed(credential, code="UNREADABLE")
    return Resealed(credential, box.data) if proved else Resealed(credential, code="NOT_PROVED")


def _fail(rotation: RotationState, code: str, sentence: str) -> str:
    tally = rotations.tally_of(rotation)
    now = millisecond(utc_now())
    rotations.end(
        rotation.rotation_id, tally, now, status=RotationStatus.FAILED, code=code, sentence=sentence
    )
    log.warning("rotation.failed", key_id=rotation.key_id, code=code)
    return code
