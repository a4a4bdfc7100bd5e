"""How long the bot waits for what, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How long to wait for what; the defaults are right for Discord, tests are more impatient.

    Parameters
    ----------
    identify_seconds
        Before a second IDENTIFY on the same connection; Discord allows one in five seconds.
    guilds_seconds
        How long after the last guild all are taken to be there.
    first_retry_seconds, longest_retry_seconds
        Between attempts to reach Discord.
    drain_seconds
        How long a stop may take to record what waits.
    refresh_seconds
        Between two looks at which channels are watched.
    silence_seconds
        After this long without a sign of a channel its history is looked at.
    heartbeat_seconds, flags_seconds
        Between two signs of life, and between two looks at the application's switches.
    """

    identify_seconds: float = 5.0
    guilds_seconds: float = 2.0
    first_retry_seconds: float = 1.0
    longest_retry_seconds: float = 60.0
    drain_seconds: float = 10.0
    refresh_seconds: float = 15.0
    silence_seconds: float = 60.0
    heartbeat_seconds: float = 5.0
    flags_seconds: float = 60.0
