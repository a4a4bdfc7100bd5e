"""Where a login may lead, and what counts as this machine."""

import pytest

from web.auth.demo import is_loopback
from web.auth.routes import safe_target


@pytest.mark.parametrize("target", ["/", "/?messages=all", "/overview/parts/status"])
def test_a_path_of_this_site_is_kept(target: str) -> None:
    assert safe_target(target) == target


@pytest.mark.parametrize(
    "target", [None, "", "https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_anything_else_leads_to_the_first_page(target: str | None) -> None:
    assert safe_target(target) == "/"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", [None, "", "10.0.0.1", "0.0.0.0", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_nothing_else_is(host: str | None) -> None:
    assert not is_loopback(host)
