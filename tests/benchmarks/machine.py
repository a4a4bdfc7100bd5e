"""What a figure was measured on and with."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shared.local import PROJECT

_PACKAGES = (
    "celery",
    "kombu",
    "redis",
    "pymongo",
    "mongoengine",
    "discord.py",
    "aiohttp",
    "discord-trade-executor",
)


def describe() -> dict[str, Any]:
    """Return the machine, the versions and the commit."""
    return {
        "machine": {
            "cpu": _cpu_name(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "load_average_before": [round(load, 2) for load in os.getloadavg()],
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "commit": _commit(),
    }


def _cpu_name() -> str:
    with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "?")


def _commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"
