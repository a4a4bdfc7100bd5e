"""When the whole house stops entering by itself: so many outcomes unknown at once that venues or our line must have failed.

Each of those accounts waits for its own answer anyway; this keeps everybody else from adding to the doubt.
"""


def doubt_of(unknown_orders: int, limit: int) -> str | None:
    """Return the sentence for everybody whom it stops, None below the limit; a limit of zero is none."""
    if not limit or unknown_orders < limit:
        return None
    return f"The outcomes of {unknown_orders} orders are unknown at once; from {limit} on nothing new is entered"
