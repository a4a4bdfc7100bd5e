"""The two doors through which a burst comes: Discord, as people post, and JSON lines on standard input.

Neither loses a message by itself. Discord keeps what was posted and the bot asks for what it missed; whoever
feeds JSON lines gets an answer to each line, and sends those again that had none.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, Protocol

from shared.local import PROJECT
from tests.emulators.discord.snowflakes import snowflake_time
from tests.faults.bursts import Line
from tests.faults.crews import Crew
from tests.house.house import House


@dataclass(frozen=True)
class Told:
    """A message that was let in: where, as which, and when it was posted."""

    channel_id: str
    message_id: str
    posted_at: datetime


Progress = Callable[[int], None]
"""Called before each line with the number of lines that went before."""

_FEED_SECONDS = 90.0
_STARTS = 20
_FIRST_ID = 1_200_000_000_000_000_000


class Door(Protocol):
    """Takes a burst; returns the messages in the order of the lines."""

    def take(self, house: House, crew: Crew, lines: Sequence[Line], progress: Progress) -> list[Told]:
        """Let every line in, however often it takes."""


class Discord:
    """People post; what the bot makes of it is its own affair."""

    def take(self, house: House, crew: Crew, lines: Sequence[Line], progress: Progress) -> list[Told]:
        """Post one after the other, as fast as Discord answers."""
        told: list[Told] = []
        for line in lines:
            progress(len(told))
            provider = crew.providers[line.team]
            parent = None if line.reply_to is None else told[line.reply_to].message_id
            message_id = house.post(provider, line.content, reply_to=parent)["id"]
            told.append(Told(provider.channel_id, message_id, snowflake_time(message_id)))
        return told


class Inbox:
    """`python -m shared.inbox`, started again whenever it ends, fed with what was not answered yet."""

    def __init__(self, *, per_second: float = 100.0) -> None:
        self._pause = 1 / per_second

    def take(
        self,
        house: House,
        crew: Crew,
        lines: Sequence[Line],
        progress: Progress,
        *,
        ids: Sequence[str] = (),
    ) -> list[Told]:
        """Feed the lines at a steady pace; AssertionError when some have no answer after all.

        `ids` are the message ids where they must be known before; otherwise they are made up.
        """
        ids = list(ids) or [f"{_FIRST_ID + time.time_ns() // 1000 + line.place}" for line in lines]
        rows = self._encode(crew, lines, ids)
        unanswered = {place: json.dumps(row) for place, row in enumerate(rows)}
        deadline = time.monotonic() + _FEED_SECONDS
        starts = 0
        while unanswered and starts < _STARTS and time.monotonic() < deadline:
            starts += 1
            self._feed(house, unanswered, ids, progress)
        assert not unanswered, f"{len(unanswered)} lines had no answer in {starts} starts of the inbox"
        return [
            Told(row["channel_id"], row["message_id"], datetime.fromisoformat(row["posted_at"]))
            for row in rows
        ]

    def _encode(self, crew: Crew, lines: Sequence[Line], ids: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {
                "guild_id": crew.providers[line.team].guild_id,
                "channel_id": crew.providers[line.team].channel_id,
                "author_id": crew.providers[line.team].author_id,
                "message_id": message_id,
                "content": line.content,
                "reply_to": None if line.reply_to is None else ids[line.reply_to],
                "posted_at": datetime.now(UTC).isoformat(),
            }
            for line, message_id in zip(lines, ids, strict=True)
        ]

    def _feed(self, house: House, unanswered: dict[int, str], ids: Sequence[str], progress: Progress) -> None:
        """Run the command once; take away what it answered."""
        process = subprocess.Popen(
            [sys.executable, "-m", "shared.inbox"],
            env=house.env,
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        answered: set[str] = set()
        assert process.stdin is not None
        assert process.stdout is not None
        reader = threading.Thread(target=_collect, args=(process.stdout, answered))
        reader.start()
        try:
            for place, text in list(unanswered.items()):
                progress(place)
                process.stdin.write(text + "\n")
                process.stdin.flush()
                time.sleep(self._pause)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended; what it did not answer comes again
        process.wait(timeout=_FEED_SECONDS)
        reader.join()
        process.stdout.close()
        for place in [place for place in unanswered if ids[place] in answered]:
            del unanswered[place]


def _collect(pipe: IO[str], answered: set[str]) -> None:
    for line in pipe:
        answered.add(json.loads(line)["message_id"])
