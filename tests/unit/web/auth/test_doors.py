"""Where a login may lead, and what counts as this machine."""

from collections.abc import Iterator

import pytest
from flask import Flask

from web.auth.demo import is_loopback
from web.auth.sign_in_page import safe_target


@pytest.fixture
def site() -> Iterator[None]:
    """A site of two pages, and an address that only takes forms."""
    app = Flask("site")
    app.add_url_rule("/", "first", lambda: "")
    app.add_url_rule("/overview/parts/<name>", "part", lambda name: name)
    app.add_url_rule("/logout", "logout", lambda: "", methods=["POST"])
    with app.app_context():
        yield


@pytest.mark.parametrize("target", ["/", "/?messages=all", "/overview/parts/status"])
def test_a_page_of_this_site_is_kept(site: None, target: str) -> None:
    assert safe_target(target) == target


@pytest.mark.parametrize("target", ["/no-such-page", "/overview", "/logout", "/overview/parts/a/b"])
def test_what_is_no_page_here_leads_to_the_first_one(site: None, target: str) -> None:
    assert safe_target(target) == "/"


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
