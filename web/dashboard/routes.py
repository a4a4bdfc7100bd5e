"""The Overview's address, and the addresses of its parts, which the page asks for when something happened."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from shared.models import outbox
from web.auth.policy import follower
from web.auth.session import current_follower
from web.dashboard.overview import PARTS, OverviewReader, read_receipts
from web.extensions import redis_client
from web.formatting import moment

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/")
@follower
def overview() -> ResponseReturnValue:
    """Show the whole page; it is complete without its script."""
    # Before the parts are read: what happens while they are comes again, and is not missed.
    newest = outbox.newest_seq(current_follower().user_id)
    reader = _reader()
    parts = {name: build(reader) for name, build in PARTS.items()}
    return render_template("overview.html", follower=current_follower(), newest_seq=newest, **parts)


@blueprint.get("/overview/parts/<name>")
@follower
def part(name: str) -> ResponseReturnValue:
    """Show one part as it stands now."""
    build = PARTS.get(name)
    if build is None:
        abort(404)
    return render_template(f"overview/{name}.html", **{name: build(_reader())})


@blueprint.get("/overview/receipts/<row_id>")
@follower
def receipts(row_id: str) -> ResponseReturnValue:
    """Show what the gates said to this user of one message."""
    found = read_receipts(current_follower(), row_id)
    if found is None:
        abort(404)
    return render_template("overview/receipts.html", receipts=found)


def _reader() -> OverviewReader:
    # The socket numbers events; what is read after this number was taken is at least as new.
    return OverviewReader(
        current_follower(), redis_client(), moment(), shows_all=request.args.get("messages") == "all"
    )
