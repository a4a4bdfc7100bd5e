"""What the demo says while it works: a line per step of the set-up, a bar on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

_PIPED_WIDTH = 180
_PLAIN_EVERY = 10


class Screen:
    """Standard output, as a terminal or as lines; remembers how long each phase took."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stdout, highlight=False)
        if not self.console.is_terminal and "COLUMNS" not in os.environ:
            self.console = Console(file=sys.stdout, highlight=False, width=_PIPED_WIDTH)
        self.seconds: dict[str, float] = {}

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, soft_wrap=True)

    @contextmanager
    def phase(self, name: str, text: str) -> Iterator[None]:
        """Announce a step, and say what it took when it is done."""
        began = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(text):
                yield
        else:
            yield
        took = time.monotonic() - began
        self.seconds[name] = round(self.seconds.get(name, 0.0) + took, 1)
        self.console.print(f"[green]✓[/green] {text} [bright_black]{took:.1f} s[/bright_black]")

    @contextmanager
    def counting(self, text: str, total: int) -> Iterator["Counting"]:
        """Count something up to a total."""
        if not self.console.is_terminal:
            yield Counting(self, None, text, total)
            return
        columns = (SpinnerColumn(), TextColumn(text), BarColumn(), MofNCompleteColumn())
        columns += (TextColumn("[bright_black]{task.fields[what]}"),)  # type: ignore[assignment]
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield Counting(self, progress, text, total)


class Counting:
    """A count on the screen."""

    def __init__(self, screen: Screen, progress: Progress | None, text: str, total: int) -> None:
        self._screen = screen
        self._progress = progress
        self._text = text
        self._total = total
        self._done = 0
        self._task = None if progress is None else progress.add_task(text, total=total, what="")

    def advance(self, what: str) -> None:
        """Count one more, and name it."""
        self._done += 1
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=1, what=what)
        elif self._done % _PLAIN_EVERY == 0 or self._done == self._total:
            self._screen.say(f"  {self._text}: {self._done}/{self._total}")
