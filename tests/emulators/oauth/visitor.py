"""A user at the provider: goes where they were sent, says yes or no, and tells where the provider sends them back."""

from urllib.parse import parse_qs, urlsplit

import requests

_SECONDS = 5


def visit(address: str, decision: str = "approve", **changes: str) -> str:
    """Decide on the provider's page and return the address of the answer; `changes` are tampered words.

    Raises
    ------
    AssertionError
        If the provider does not know the client or its redirect address.
    """
    parts = urlsplit(address)
    words = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    page = requests.get(f"{parts.scheme}://{parts.netloc}{parts.path}", params=words, timeout=_SECONDS)
    assert page.status_code == 200, page.text
    answer = requests.post(
        f"{parts.scheme}://{parts.netloc}{parts.path}",
        data={**words, "decision": decision},
        timeout=_SECONDS,
        allow_redirects=False,
    )
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def words_of(address: str) -> dict[str, str]:
    """Return the words of an address's query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
