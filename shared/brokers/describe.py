"""What each venue can and cannot do for a follower, written from the capability rows: `python -m shared.brokers.describe`."""

import sys
from collections.abc import Iterable

from shared.brokers.capabilities import Capabilities, Quantities
from shared.brokers.catalogue import VENUES
from shared.brokers.venue import Venue
from shared.brokers.weights import POLL_SHARE, VenueLimits
from shared.domain.accounts import Environment
from shared.domain.cover import CoverStyle
from shared.domain.money import to_plain
from shared.domain.orders import TimeInForce

_COUNTS = (100, 1_000, 10_000)

_STYLES = {
    CoverStyle.LINKED: "stop and all targets rest; what one sells is taken off the others",
    CoverStyle.PAIRED: "stop and target rest in pairs, one cancels the other",
    CoverStyle.SINGLE: "stops rest, targets are watched by us",
    CoverStyle.REDUCE_ONLY: "stop and all targets rest beside each other and only reduce",
    CoverStyle.MANAGED: "nothing rests: stop and targets are watched by us",
}
_FIELDS = {"api_key": "key", "secret": "secret", "passphrase": "passphrase", "access_token": "OAuth token"}


def to_markdown() -> str:
    """Write the page for people, as `docs/venues.md` holds it."""
    lines = [
        "# Venues",
        "",
        "What each venue can and cannot do for a follower. Written from the capability rows by",
        "`python -m shared.brokers.describe`. *Watched by us* means that a worker must be running and prices must come: such a",
        "stop leaves at market when the price touches it. Every venue can also be traded on our own paper book, without a key.",
        "Venues that we looked at and did not build: [decisions/brokers.md](decisions/brokers.md). Alpaca and Coinbase can also",
        "be connected by a login there, where the operator has a client at them ([operations.md](operations.md)).",
        "",
        *_table(
            ("venue", "environments", "log in with", "money"),
            (_overview(venue) for venue in VENUES.values()),
        ),
        "",
        "## What can be traded, and how it is covered",
        *_table(
            ("venue", "what", "cover", "stops", "short", "leverage", "in force", "hours"),
            (_row(venue, row) for venue in VENUES.values() for row in _own_rows(venue)),
        ),
        "",
        "## How an order is found again",
        "An order whose outcome is unknown is looked for by the id that we gave it. Only after the window, and by two",
        "endpoints, is it taken as not placed.",
        "",
        *_table(
            ("venue", "our id is unique", "expiry at the venue", "not placed after"),
            (_identity(venue, row) for venue in VENUES.values() for row in _own_rows(venue)),
        ),
        "",
        "## How long a fill may stay unseen",
        f"Resting orders are asked about in turn, with at most {POLL_SHARE:.0%} of what the venue lets us ask. So many accounts with",
        "one symbol each, from one address, are asked once in so many seconds. Where that is more than 10 s, entries that would",
        "rest are denied (COVER_TOO_SLOW); entries at market are seen at once.",
        "",
        *_table(
            ("venue", "counted by", "limit a minute", *(f"{count:,} accounts" for count in _COUNTS)),
            (_detection(venue) for venue in VENUES.values() if venue.published is not None),
        ),
    ]
    return "\n".join(lines) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    written = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *dict.fromkeys(written)]


def _own_rows(venue: Venue) -> list[Capabilities]:
    """Return what the venue itself can do; where it is traded on paper only, what our book can."""
    own = [row for row in venue.rows if Environment.PAPER not in row.environments]
    return own or list(venue.rows)


def _overview(venue: Venue) -> tuple[str, ...]:
    named = _FIELDS | ({"secret": "private key"} if venue.private_key else {})
    ways = " or ".join(" + ".join(named[name] for name in fields) for fields in venue.credentials)
    return (
        venue.title,
        ", ".join(venue.environments),
        ways if venue.needs_credentials and len(venue.environments) > 1 else "nothing",
        venue.quote_asset,
    )


def _row(venue: Venue, row: Capabilities) -> tuple[str, ...]:
    what = str(row.asset_class) if row.quantities is Quantities.ANY else f"{row.asset_class}, {row.quantities}"
    stops = "watched by us" if row.cover is CoverStyle.MANAGED else "at market"
    if row.cover is not CoverStyle.MANAGED and row.stop_limit_percent is not None:
        stops = f"limit {to_plain(row.stop_limit_percent)} % beyond; jumped over, we sell at market"
    return (
        venue.title,
        what,
        _STYLES[row.cover],
        stops + ("; trails at the venue" if row.trails else "; trails by us"),
        "yes" if row.shorts else "no",
        f"up to {row.max_leverage}x, isolated" if row.max_leverage > 1 else "none",
        "until cancelled" if row.longest_time_in_force is TimeInForce.GTC else "the day; placed again",
        row.calendar or "always",
    )


def _identity(venue: Venue, row: Capabilities) -> tuple[str, ...]:
    return (
        venue.title,
        "for good" if row.client_id_unique_for_good else "among open orders",
        "yes" if row.takes_expiry else "no",
        f"{row.resolve_after_seconds} s",
    )


def _detection(venue: Venue) -> tuple[str, ...]:
    limits = venue.published
    assert limits is not None, "only venues with published limits are listed"
    seconds = (f"{limits.poll_seconds(count):.1f} s" for count in _COUNTS)
    return (venue.title, *_limit(limits), *seconds)


def _limit(limits: VenueLimits) -> tuple[str, str]:
    if limits.weight_per_minute:
        return "address", f"{limits.weight_per_minute:,}"
    return "account", f"{limits.account_weight_per_minute:,}"


if __name__ == "__main__":
    sys.stdout.write(to_markdown())
