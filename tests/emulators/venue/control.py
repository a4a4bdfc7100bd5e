"""What tests hold in their hands: the venue's process, and a client for its `/_control` side."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

_ROOT = Path(__file__).resolve().parents[3]
_TIMEOUT = 10.0


class VenueControl:
    """Moves prices, scripts partial fills, orders faults and reads the log."""

    def __init__(self, url: str) -> None:
        self.url = url

    def add_fault(self, kind: str, **rule: Any) -> None:
        """Put a fault in force; see `faults.FaultRule` for its fields."""
        self._post("faults", {"kind": kind, **rule})

    def clear_faults(self) -> None:
        requests.delete(f"{self.url}/_control/faults", timeout=_TIMEOUT).raise_for_status()

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force with how often they struck."""
        found: list[dict[str, Any]] = self._get("faults")
        return found

    def set_price(self, symbol: str, price: str) -> None:
        """Move a price; resting orders meet it."""
        self._post("price", {"symbol": symbol, "price": price})

    def tick(self, symbol: str) -> None:
        """Quote the same price again: what was filled in part is filled in whole."""
        self._post("price", {"symbol": symbol})

    def fill_partly(
        self, fraction: str, *, symbol: str | None = None, client_order_id: str | None = None
    ) -> None:
        """Let the next matching execution fill only a fraction; the rest waits for a tick or price."""
        self._post("partial", {"fraction": fraction, "symbol": symbol, "client_order_id": client_order_id})

    def create_account(self, key: str, secret: str, **balances: str) -> None:
        self._post("account", {"key": key, "secret": secret, "balances": balances})

    def set_modes(self, **modes: str) -> None:
        """client_ids: open | always; fee_asset: base | quote."""
        self._post("settings", modes)

    def summary(self) -> dict[str, Any]:
        """Submits and accepted orders by client order id, and doubles."""
        found: dict[str, Any] = self._get("log")
        return found

    def lines(self) -> list[dict[str, Any]]:
        """Every line of the log."""
        found: list[dict[str, Any]] = self._get("lines")
        return found

    def orders(self, key: str | None = None) -> list[dict[str, Any]]:
        """All orders with their keys."""
        suffix = f"?key={key}" if key else ""
        found: list[dict[str, Any]] = self._get(f"orders{suffix}")
        return found

    def _post(self, what: str, body: dict[str, Any]) -> None:
        requests.post(f"{self.url}/_control/{what}", json=body, timeout=_TIMEOUT).raise_for_status()

    def _get(self, what: str) -> Any:
        answer = requests.get(f"{self.url}/_control/{what}", timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()


class VenueProcess:
    """The venue as our child; a restart keeps its port and its state."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self.url = ""

    @property
    def control(self) -> VenueControl:
        return VenueControl(self.url)

    @property
    def log_path(self) -> Path:
        """The venue's own log, readable while it is down."""
        return self._state_dir / "venue.jsonl"

    def start(self) -> None:
        """Start it and wait for its address."""
        command = [sys.executable, "-m", "tests.emulators.venue"]
        command += ["--port", str(self._port), "--state-dir", str(self._state_dir)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the venue did not start: exit status {self._process.wait()}")
        self.url = json.loads(line)["url"]
        self._port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._end(lambda process: process.kill())

    def stop(self) -> None:
        """Ask it to end."""
        self._end(lambda process: process.terminate())

    def _end(self, end: Any) -> None:
        if self._process is None:
            return
        end(self._process)
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
