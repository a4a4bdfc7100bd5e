"""A user's second factor: proposed, confirmed, shown, replaced; every code is good once, and tries are counted first."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import SecretStr

from shared.models import factors
from shared.models.factors import FactorRecord
from web.auth.codes import new_recovery_codes, new_seed, step_of, tidy
from web.sealing import SealingError, fingerprint, seal, unseal

_SEED = "second factor seed"
_RECOVERY = "recovery code"


class Shown(StrEnum):
    """What became of a code."""

    GOOD = "good"
    RECOVERY = "recovery"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class FactorState:
    """What a page may tell of a second factor."""

    is_on: bool = False
    recovery_left: int = 0


class SecondFactors:
    """The second factors of all users, under the installation's SECRET_KEY."""

    def __init__(self, secret_key: SecretStr) -> None:
        self._key = secret_key

    def state(self, user_id: str) -> FactorState:
        """Tell whether a user's factor is in force, and how many recovery codes are left."""
        found = factors.find(user_id)
        if found is None or found.confirmed_at is None:
            return FactorState()
        return FactorState(is_on=True, recovery_left=len(found.recovery))

    def propose(self, user_id: str) -> str | None:
        """Make a seed to be confirmed and return it; a proposal that still stands is shown again.

        None where a factor is in force: it is turned off first, and that asks for it.
        """
        found = factors.find(user_id)
        if found is not None and found.confirmed_at is not None:
            return None
        proposed = self._seed(found)
        if proposed is not None:
            return proposed
        seed = new_seed()
        return seed if factors.propose(user_id, seal(self._key, _SEED, user_id, seed.encode())) else None

    def confirm(self, user_id: str, code: str, now: datetime) -> tuple[Shown, list[str]]:
        """Put the proposed seed in force with a first code; the recovery codes are told now and never again."""
        found = factors.find(user_id)
        seed = self._seed(found)
        if found is None or seed is None or found.confirmed_at is not None:
            return Shown.WRONG, []
        if not factors.begin_try(user_id, now):
            return Shown.LOCKED, []
        step = step_of(seed, tidy(code), now)
        codes, kept = self._recovery(user_id)
        if step is None or not factors.confirm(user_id, found.sealed_seed, step, kept, now):
            return Shown.WRONG, []
        return Shown.GOOD, codes

    def show(self, user_id: str, code: str, now: datetime) -> Shown:
        """Spend a code or a recovery code of a factor in force."""
        found = factors.find(user_id)
        seed = self._seed(found)
        if found is None or seed is None or found.confirmed_at is None:
            return Shown.WRONG
        if not factors.begin_try(user_id, now):
            return Shown.LOCKED
        text = tidy(code)
        step = step_of(seed, text, now)
        if step is not None:
            return Shown.GOOD if factors.use_step(user_id, step) else Shown.WRONG
        known = fingerprint(self._key, _RECOVERY, user_id, text)
        return Shown.RECOVERY if factors.use_recovery(user_id, known) else Shown.WRONG

    def renew_recovery(self, user_id: str) -> list[str]:
        """Make ten new recovery codes in the place of all others; empty where no factor is in force."""
        codes, kept = self._recovery(user_id)
        return codes if factors.replace_recovery(user_id, kept) else []

    def _recovery(self, user_id: str) -> tuple[list[str], list[str]]:
        codes = new_recovery_codes()
        return codes, [fingerprint(self._key, _RECOVERY, user_id, tidy(code)) for code in codes]

    def _seed(self, found: FactorRecord | None) -> str | None:
        if found is None:
            return None
        try:
            return unseal(self._key, _SEED, found.user_id, found.sealed_seed).decode()
        except SealingError:
            # SECRET_KEY is a new one: no code can be checked, and none is taken for good.
            return None
