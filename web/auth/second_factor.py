"""A user's second factor: proposed, confirmed, shown, replaced; every code is good once, and tries are counted first."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import SecretStr

from shared.models import factors
from shared.models.factors import FactorRecord
from web.auth.codes import new_recovery_codes, new_seed, step_of, tidy
from web.sealing import SealingError, fingerprint, seal, unseal

_SEED = "second factor seed"
_PROPOSAL = "second factor proposal"
_RECOVERY = "recovery code"


class Shown(StrEnum):
    """What became of a code."""

    GOOD = "good"
    RECOVERY = "recovery"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A seed that is not in force yet, and what a form carries so that it comes back."""

    seed: str
    form: str


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
        return FactorState() if found is None else FactorState(is_on=True, recovery_left=len(found.recovery))

    def propose(self, user_id: str, form: str = "") -> Proposal | None:
        """Make a seed to be confirmed, or open the one that comes back with a form; None where a factor is in force.

        A proposal is stored nowhere: its form carries it, sealed for this user.
        """
        if factors.find(user_id) is not None:
            return None
        seed = self._opened(user_id, form)
        if seed is not None:
            return Proposal(seed, form)
        seed = new_seed()
        sealed = seal(self._key, _PROPOSAL, user_id, seed.encode())
        return Proposal(seed, urlsafe_b64encode(sealed).decode())

    def confirm(self, user_id: str, form: str, code: str, now: datetime) -> list[str]:
        """Put a proposal in force with its first code, and return the recovery codes: told now and never again.

        Empty where the code is not the proposal's, or a factor is in force already.
        """
        seed = self._opened(user_id, form)
        step = None if seed is None else step_of(seed, tidy(code), now)
        if seed is None or step is None:
            return []
        codes, kept = self._recovery(user_id)
        sealed = seal(self._key, _SEED, user_id, seed.encode())
        return codes if factors.put(user_id, sealed, step, kept, now) else []

    def show(self, user_id: str, code: str, now: datetime) -> Shown:
        """Spend a code or a recovery code of a factor in force."""
        found = factors.find(user_id)
        seed = self._seed(found)
        if seed is None:
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
        # Under a new SECRET_KEY no code can be checked, and none is taken for good.
        return None if found is None else self._unsealed(_SEED, found.user_id, found.sealed_seed)

    def _opened(self, user_id: str, form: str) -> str | None:
        try:
            sealed = urlsafe_b64decode(form.encode())
        except ValueError:
            return None
        return self._unsealed(_PROPOSAL, user_id, sealed)

    def _unsealed(self, purpose: str, user_id: str, sealed: bytes) -> str | None:
        try:
            return unseal(self._key, purpose, user_id, sealed).decode()
        except SealingError:
            return None
