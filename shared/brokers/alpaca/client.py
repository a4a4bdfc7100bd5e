"""alpaca-py's client with our way beneath it: importing this loads alpaca-py.

It knows paths, versions and how an account logs in. Its retries are never reached (it would repeat a POST after 429
and 504), nor its models, which hold amounts as floats: bodies are ours, and answers come back as `HttpAnswer`.
"""

from http.cookiejar import DefaultCookiePolicy
from typing import Any

from alpaca.common.rest import RESTClient
from requests import Session

from shared.brokers.alpaca.wire import AccountDoor, Wire
from shared.brokers.factory import Credentials
from shared.brokers.http import HttpAnswer, make_answer

KEY_HEADER, SECRET_HEADER = "APCA-API-KEY-ID", "APCA-API-SECRET-KEY"


class AlpacaClient(RESTClient):
    """The client of one account; it never changes its keys, and its door lets nothing else through.

    Parameters
    ----------
    homes
        The trading address first, then the others that the account may ask.
    """

    def __init__(self, wire: Wire, homes: tuple[str, ...], credentials: Credentials) -> None:
        super().__init__(
            base_url=homes[0],
            api_key=credentials.api_key or None,
            secret_key=credentials.secret or None,
            oauth_token=credentials.access_token or None,
            raw_data=True,
        )
        self._session = _closed_session(AccountDoor(wire, homes, credential_headers(credentials)))

    def call(
        self, method: str, path: str, data: dict[str, Any] | None, *, home: str, version: str
    ) -> HttpAnswer:
        """Ask once, and return the answer whatever its status below 500; raises as `AccountDoor.send`."""
        answer: Any = self._request(method, path, data, base_url=home, api_version=version)
        assert isinstance(answer, HttpAnswer), "what `_one_request` returns goes through unchanged"
        return answer

    def _one_request(  # type: ignore[override] # alpaca-py hands on whatever this returns
        self,
        method: str,
        url: str,
        opts: dict[str, Any],
        retry: int,  # noqa: ARG002 - the library's signature
    ) -> HttpAnswer:
        response = self._session.request(method, url, **opts)
        retry_after = response.headers.get("Retry-After")
        return make_answer(
            response.status_code, response.content, retry_after, is_write=method.upper() != "GET"
        )


def credential_headers(credentials: Credentials) -> dict[str, str]:
    """Return what every request of an account must bear: its key pair, or its token."""
    if credentials.access_token:
        return {"Authorization": f"Bearer {credentials.access_token}"}
    return {KEY_HEADER: credentials.api_key, SECRET_HEADER: credentials.secret}


def _closed_session(door: AccountDoor) -> Session:
    session = Session()
    # Neither proxies nor a .netrc, which would put another login into the headers.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    for scheme in ("http://", "https://"):
        session.mount(scheme, door)
    return session
