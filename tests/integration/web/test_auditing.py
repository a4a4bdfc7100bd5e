"""What is done on a page is noted with who did it, from where, and what was before and after."""

import pytest
from flask import Flask, g

from shared.domain.audit_chain import check_chain
from shared.models import audit as log
from web.auditing import NOBODY, audit
from web.auth.session import Follower

pytestmark = pytest.mark.usefixtures("empty_servers")


def test_a_request_is_noted_with_its_user_and_its_address(app: Flask) -> None:
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": "10.1.2.3"}):
        audit("login.refused", "discord:1", detail={"why": "no such user"})
        g.follower = Follower("anna", "Anna", "UTC", "USD")
        audit("bot.pause", "bot-1", before={"state": "active"}, after={"state": "paused"})
        audit("login", "anna", actor="anna")
    lines = list(log.read_chain())
    assert [line["actor"] for line in lines] == [NOBODY, "anna", "anna"]
    assert {line["address"] for line in lines} == {"10.1.2.3"}
    assert (lines[1]["before"], lines[1]["after"]) == ({"state": "active"}, {"state": "paused"})
    assert check_chain(lines, lines[-1]["at"], 3).broken is None
