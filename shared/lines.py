"""Programs that read lines and answer with lines, and what standard input and output may do to them."""

import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import TextIO


def answer_lines(name: str, answer: Callable[[TextIO, TextIO], int]) -> int:
    """Run `answer` on standard input and output and return its exit status.

    A byte that is no UTF-8 is a visible replacement in one line, not the end of all. When nobody reads the answers
    any more, the program says so in one line and ends; what it was not asked yet, it has not done.
    """
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        return answer(sys.stdin, sys.stdout)
    except BrokenPipeError:
        # Python writes what is left at its end, which must not fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"{name}: nobody reads the answers any more; what was not read yet is not done\n")
        return 1
