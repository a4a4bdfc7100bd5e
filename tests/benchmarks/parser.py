"""The parser alone: messages a second on one core, the slowest, how long it takes to start, and its memory.

Its texts are the samples of the regression table and, for the slow end, the longest messages that Discord allows.
"""

import json
import subprocess
import sys
import time
from statistics import median
from typing import Any

from shared.local import PROJECT
from tests.benchmarks.figures import spread
from tests.unit.worker.parsing.chatter import NOISE
from tests.unit.worker.parsing.samples import COMMANDS, OPENS, OPTIONS
from worker.parsing.parser import parse_message

ROUNDS = 20
STARTS = 5
_LONG = "\n".join(text for text, *_ in OPENS)[:4000]
_START = """
import json, resource, time
started = time.perf_counter()
from worker.parsing.parser import parse_message
parse_message("LONG BTC/USDT\\nEntry 60000\\nSL 59000\\nTP 62000")
took = time.perf_counter() - started
print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def measure_parser() -> dict[str, Any]:
    """Parse all samples many times in this process, one long message each round, and start it in others."""
    texts = [str(row[0]) for table in (OPENS, OPTIONS, COMMANDS, NOISE) for row in table] + [_LONG]
    for text in texts:
        parse_message(text)
    took = []
    for _ in range(ROUNDS):
        for text in texts:
            began = time.perf_counter()
            parse_message(text)
            took.append((time.perf_counter() - began) * 1000)
    figure = spread(took)
    a_second = round(len(took) / (sum(took) / 1000))
    slowest = sorted(took)[int(len(took) * 0.999)]
    starts = [_start() for _ in range(STARTS)]
    start_seconds, memory = round(median(s for s, _ in starts), 2), round(max(m for _, m in starts))
    print(f"\nthe parser, milliseconds a message\n  {'in process':<22} {figure}")
    print(f"  {a_second} messages a second on one core, p99.9 {slowest:.2f} ms")
    print(f"  from import to the first reading {start_seconds} s, {memory} MiB")
    return {
        **figure.as_row(),
        "p999_ms": round(slowest, 3),
        "messages_a_second": a_second,
        "start_seconds": start_seconds,
        "mebibytes": memory,
    }


def _start() -> tuple[float, float]:
    answer = subprocess.run(
        [sys.executable, "-c", _START], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    seconds, mebibytes = json.loads(answer.stdout)
    return seconds, mebibytes
