"""What an OAuth provider remembers: codes that are good once, tokens, and families that end when one is reused."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from time import monotonic

from shared.oauth.proofs import challenge_of

CODE_SECONDS = 600.0


class Refused(Exception):
    """What the provider answers instead of tokens: RFC 6749's word and a status."""

    def __init__(self, word: str, status: int = 400) -> None:
        super().__init__(word)
        self.word, self.status = word, status


@dataclass(frozen=True, slots=True)
class Terms:
    """How this provider behaves: how long a token lives, and whether it gives refresh tokens, rotated."""

    expires_in: int | None = 3600
    refreshes: bool = True
    scope: str = ""


@dataclass(slots=True)
class _Code:
    redirect_uri: str
    challenge: str
    scope: str
    until: float
    used: bool = False


@dataclass(slots=True)
class Family:
    """All tokens that came of one consent; the newest pair is good, until the family is revoked."""

    scope: str
    access: list[str] = field(default_factory=list)
    refresh: list[str] = field(default_factory=list)
    revoked: bool = False


class Grants:
    """The provider's memory, for one client; safe to ask from several threads."""

    def __init__(
        self, client_id: str, client_secret: str, redirect_uris: Iterable[str], terms: Terms
    ) -> None:
        self.client = (client_id, client_secret)
        self.redirect_uris = set(redirect_uris)
        self.terms = terms
        self.families: list[Family] = []
        self.token_queue: list[str] = []
        self.now: Callable[[], float] = monotonic
        self._codes: dict[str, _Code] = {}
        self._numbers = count(1)
        self._lock = Lock()

    def authorise(self, redirect_uri: str, challenge: str, scope: str) -> str:
        """Give a code to a user who said yes."""
        with self._lock:
            code = f"code-{next(self._numbers)}"
            self._codes[code] = _Code(redirect_uri, challenge, scope, self.now() + CODE_SECONDS)
            return code

    def exchange(self, code: str, redirect_uri: str, verifier: str) -> Family:
        """Turn a code into the first tokens of a family."""
        with self._lock:
            known = self._codes.get(code)
            if known is None or known.used or self.now() > known.until:
                raise Refused("invalid_grant")
            known.used = True
            is_bound = known.redirect_uri == redirect_uri and (
                not known.challenge or challenge_of(verifier) == known.challenge
            )
            if not is_bound:
                raise Refused("invalid_grant")
            family = Family(self.terms.scope or known.scope)
            self.families.append(family)
            self._add_tokens(family)
            return family

    def refresh(self, refresh_token: str) -> Family:
        """Turn a refresh token into the next pair; one that was used before ends its family."""
        with self._lock:
            family = next((f for f in self.families if refresh_token in f.refresh), None)
            if family is None or family.revoked:
                raise Refused("invalid_grant", 401)
            if family.refresh[-1] != refresh_token:
                family.revoked = True
                raise Refused("invalid_grant", 401)
            self._add_tokens(family)
            return family

    def revoke(self, token: str) -> None:
        """Take back the family of a token; an unknown one is no failure."""
        with self._lock:
            for family in self.families:
                if token in family.access or token in family.refresh:
                    family.revoked = True

    def is_valid(self, access_token: str) -> bool:
        """Tell whether an access token is the newest of a family that was not revoked."""
        return any(f.access[-1] == access_token and not f.revoked for f in self.families)

    def _add_tokens(self, family: Family) -> None:
        number = next(self._numbers)
        family.access.append(self.token_queue.pop(0) if self.token_queue else f"canary-access-{number}")
        if self.terms.refreshes:
            family.refresh.append(f"canary-refresh-{number}")
