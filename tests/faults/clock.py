"""A wall clock that a test sets for processes that it starts: a small library, built here, that is loaded before libc.

The packaged library for this (libfaketime) makes Python's `time.sleep` fail as soon as it shifts anything: it reads the
absolute moment of the monotonic clock, to which Python sleeps, as one of the wall clock.
"""

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock_shift.c")
_LONG = struct.Struct("l")
_BUILD_SECONDS = 120
_INSTALL_SECONDS = 600


class ShiftedClock:
    """The shift of a clock, in seconds, and the environment of the processes that go by it.

    Parameters
    ----------
    folder
        Where the library is built and the shift is kept, for as long as the processes live.

    Raises
    ------
    FileNotFoundError
        If there is no C compiler and none can be installed.
    """

    def __init__(self, folder: Path) -> None:
        library, shift = folder / "clock_shift.so", folder / "shift"
        build = [_find_compiler(), "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE)]
        subprocess.run(build, check=True, capture_output=True, timeout=_BUILD_SECONDS)
        shift.write_bytes(_LONG.pack(0))
        with shift.open("r+b") as file:
            self._held = mmap.mmap(file.fileno(), _LONG.size)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_FILE": str(shift)}

    def set(self, seconds: int) -> None:
        """Let the clock stand so far from the true time, at once and for every process."""
        self._held[:] = _LONG.pack(seconds)


def _find_compiler() -> str:
    """Find a C compiler; install Debian's where there is none and this is root."""
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for arguments in (
            ("update", "-qq"),
            ("install", "-y", "-qq", "--no-install-recommends", "gcc", "libc6-dev"),
        ):
            subprocess.run(
                ("apt-get", *arguments), capture_output=True, timeout=_INSTALL_SECONDS, check=False
            )
        found = shutil.which("gcc")
    if found is None:
        raise FileNotFoundError("the row of jumping clocks needs a C compiler: apt-get install gcc libc6-dev")
    return found
