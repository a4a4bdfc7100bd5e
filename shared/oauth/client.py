"""Questions to an OAuth provider, each asked once: within five seconds, without redirects, at the address in force."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

import requests
from pydantic import SecretStr
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from shared.oauth.errors import Ambiguous, Denied, InvalidGrant, OAuthError, Unavailable
from shared.oauth.providers import Provider

TIMEOUT_SECONDS: Final = 5.0
_CONNECT_SECONDS: Final = 3.0
_LARGEST_ANSWER: Final = 64 * 1024
_LONGEST_TOKEN: Final = 8192
# About our own client, or the moment: none of them says anything of the user's grant.
_OUR_FAULT: Final = frozenset(
    {
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
        "unsupported_grant_type",
        "temporarily_unavailable",
    }
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a grant gives; `expires_in` is None where the access token does not expire."""

    access_token: SecretStr
    refresh_token: SecretStr | None
    expires_in: timedelta | None

    def expires_at(self, now: datetime) -> datetime | None:
        """Return when the access token ends, counted from when it was asked for."""
        return None if self.expires_in is None else now + self.expires_in

    def as_credentials(self) -> SecretStr:
        """Write the tokens as they are sealed: what a venue's login takes, and what they are refreshed with."""
        held = {"access_token": self.access_token.get_secret_value()}
        if self.refresh_token is not None:
            held["refresh_token"] = self.refresh_token.get_secret_value()
        return SecretStr(json.dumps(held))


class OAuthClient:
    """Speaks to one provider; every question is asked once and never repeated here."""

    def __init__(self, provider: Provider, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._provider = provider
        self._seconds = timeout_seconds

    def exchange(self, code: str, verifier: str) -> Tokens:
        """Turn a code into tokens.

        Raises
        ------
        Denied, InvalidGrant, Unavailable, Ambiguous
            As `shared.oauth.errors` has them; Denied also for a token that may move money out.
        """
        words = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._provider.redirect_uri,
        }
        if self._provider.uses_pkce:
            words["code_verifier"] = verifier
        return self._ask_for_tokens(words)

    def refresh(self, refresh_token: SecretStr) -> Tokens:
        """Turn a refresh token into new tokens; a single-use one is spent by that. Raises like `exchange`."""
        words = {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}
        tokens = self._ask_for_tokens(words)
        if tokens.refresh_token is None:
            # RFC 6749, 6: without a new one the old one stays good.
            return Tokens(tokens.access_token, refresh_token, tokens.expires_in)
        return tokens

    def revoke(self, token: SecretStr) -> None:
        """Take a token back; no failure where the provider has no such door, or does not know the token.

        Raises
        ------
        Unavailable, Ambiguous
            If the provider did not answer; it may be asked again.
        """
        if self._provider.revoke_url is None:
            return
        secret = token.get_secret_value()
        headers = {"Authorization": f"Bearer {secret}"}
        status, _ = self._post(self._provider.revoke_url, {"token": secret}, headers)
        if status >= 500:
            raise Ambiguous(f"{self._provider.name} answered {status} to a revocation")

    def _ask_for_tokens(self, words: dict[str, str]) -> Tokens:
        status, answer = self._post(self._provider.exchange_url, words, {})
        if status == 200:
            return self._read_tokens(answer)
        raise self._failure(status, answer)

    def _read_tokens(self, answer: Any) -> Tokens:
        held = answer if isinstance(answer, dict) else {}
        access, refresh = held.get("access_token"), held.get("refresh_token")
        seconds = held.get("expires_in")
        is_token = isinstance(access, str) and 0 < len(access) <= _LONGEST_TOKEN
        if not is_token or str(held.get("token_type", "bearer")).lower() != "bearer":
            raise Ambiguous(f"{self._provider.name} answered without a token")
        given = set(str(held.get("scope") or "").replace(",", " ").split())
        if given & self._provider.moves_money:
            raise Denied(f"{self._provider.name} gave a token that may move money out")
        is_span = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 10**9
        return Tokens(
            access_token=SecretStr(str(access)),
            refresh_token=SecretStr(refresh) if isinstance(refresh, str) and refresh else None,
            expires_in=timedelta(seconds=float(seconds)) if is_span and seconds is not None else None,
        )

    def _failure(self, status: int, answer: Any) -> OAuthError:
        said = str(answer.get("error", "")) if isinstance(answer, dict) else ""
        about = f"{self._provider.name} answered {status}"
        if said == "access_denied":
            return Denied(f"{about}: denied")
        if said in _OUR_FAULT or status in {403, 404, 429}:
            return Unavailable(f"{about}: it does not take our question")
        if said in {"invalid_grant", "invalid_token"} or status == 401:
            return InvalidGrant(f"{about}: the grant is worth nothing")
        if 400 <= status < 500 and said:
            return Unavailable(f"{about}: it does not take our question")
        # A 5xx, a redirect, an answer that nobody can read: it may have been carried out.
        return Ambiguous(f"{about}, which says nothing of the grant")

    def _post(self, url: str, words: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        client = {
            "client_id": self._provider.client_id,
            "client_secret": self._provider.client_secret.get_secret_value(),
        }
        end = monotonic() + self._seconds
        try:
            with requests.Session() as session:
                # Neither proxies nor a .netrc, which would put another login into the headers.
                session.trust_env = False
                with session.post(
                    url,
                    data={**words, **client},
                    headers={"Accept": "application/json", **headers},
                    timeout=(min(_CONNECT_SECONDS, self._seconds), self._seconds),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return response.status_code, _read_answer(response, end)
        except (requests.RequestException, HTTPError) as error:
            if _has_not_left(error):
                raise Unavailable(f"{self._provider.name} is not reached") from None
            raise Ambiguous(f"{self._provider.name} did not answer: {type(error).__name__}") from None


def _read_answer(response: requests.Response, end: float) -> Any:
    # As it comes: an answer that drips is given up in time, too.
    body = b""
    while chunk := response.raw.read1(4096, decode_content=True):
        body += chunk
        if len(body) > _LARGEST_ANSWER or monotonic() > end:
            return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _has_not_left(error: Exception) -> bool:
    """Tell whether there was no connection at all; whatever else failed, the question may have arrived."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
