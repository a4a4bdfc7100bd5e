"""A Python module of ours as a child process: told where to keep its state, killed and started again at will."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from shared.local import PROJECT
from shared.watchdog import Watchdog

_START_SECONDS = 30.0
_STOP_SECONDS = 5.0


class EmulatorProcess:
    """An emulator that prints one JSON line when it listens and keeps its state in a folder.

    `launch` and `wait_until_listening` are apart so that several start side by side.

    Parameters
    ----------
    module
        What `python -m` runs; it takes `--port` and `--state-dir`.
    folder
        Its state; a second start finds the first one's world and port.
    """

    def __init__(self, module: str, folder: Path, env: Mapping[str, str], watchdog: Watchdog) -> None:
        self._module = module
        self._folder = folder
        self._env = dict(env)
        self._watchdog = watchdog
        self._process: subprocess.Popen[str] | None = None
        self.description: dict[str, Any] = {}
        """What it said of itself when it began to listen: `url` at least."""

    @property
    def url(self) -> str:
        """Its address, the same after a restart."""
        return str(self.description["url"])

    @property
    def pid(self) -> int:
        """The process id as last started."""
        return self._running().pid

    def start(self) -> None:
        """Start it, on its old port if it had one, and wait until it listens."""
        self.launch()
        self.wait_until_listening()

    def launch(self) -> None:
        """Start it without waiting."""
        self._folder.mkdir(parents=True, exist_ok=True)
        port = str(urlsplit(self.url).port) if self.description else "0"
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module, "--port", port, "--state-dir", str(self._folder)],
            env=self._env,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._watchdog.watch(self._process.pid)

    def wait_until_listening(self) -> None:
        """Wait for its line; RuntimeError when it ended instead."""
        process = self._running()
        alarm = threading.Timer(_START_SECONDS, process.kill)
        alarm.start()
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
        finally:
            alarm.cancel()
        if not line:
            raise RuntimeError(f"{self._module} did not start: exit status {process.wait()}")
        self.description = json.loads(line)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._end(self._process)

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        if self._process is not None:
            self._process.terminate()
            self._end(self._process)

    def _end(self, process: "subprocess.Popen[str]") -> None:
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._watchdog.forget(process.pid)
        if process.stdout is not None:
            process.stdout.close()
        self._process = None

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            raise RuntimeError(f"{self._module} has not been started")
        return self._process


def list_children(pid: int) -> list[int]:
    """Return the ids of everything that a process started, oldest first; empty when it is gone."""
    try:
        return sorted(child.pid for child in psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def send(pid: int, number: int) -> bool:
    """Send a signal; say whether anything was there to receive it."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
