"""Line programs and their two ends: bytes that are no text, answers that cannot be written, readers that leave."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ECHO = """
import sys
from shared.lines import answer_lines

def echo(lines, out):
    for line in lines:
        out.write(line)
        out.flush()
    return 0

sys.exit(answer_lines("echo", echo))
"""


def start(*arguments: str) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)


def test_bytes_that_are_no_text_are_replaced_and_the_next_line_is_read():
    with start("-c", ECHO) as program:
        said, errors = program.communicate(b"a\xff\nb\n", timeout=30)
    assert said.decode() == "a\ufffd\nb\n"
    assert (program.returncode, errors) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("-c", ECHO), b"a\n"),
        (("-m", "worker.parsing"), b'{"id": 1, "text": "good morning"}\n'),
    ],
)
def test_a_reader_that_leaves_is_one_line_and_no_trace(arguments: tuple[str, ...], line: bytes):
    with start(*arguments) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdin.write(line)
        program.stdin.flush()
        assert program.stdout.readline()
        program.stdout.close()
        program.stdin.write(line * 2)
        program.stdin.close()
        said = program.stderr.read().decode()
        program.wait(30)
    assert program.returncode == 1
    assert said.count("\n") == 1
    assert said.endswith("nobody reads the answers any more; what was not read yet is not done\n")


def test_a_parser_that_is_fed_the_impossible_answers_every_line():
    lines = [b"[" * 50_000, b'{"id": "\\ud800", "text": "\\ud800 gm"}', b'{"id": 2, "text": "gm\xff"}', b""]
    with start("-m", "worker.parsing") as program:
        said, errors = program.communicate(b"\n".join(lines), timeout=30)
    assert len(said.splitlines()) == 3
    assert (program.returncode, errors) == (1, b"")
