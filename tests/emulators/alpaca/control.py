"""What tests hold in their hands: the emulated Alpaca's process, and a client for its `/_control` side."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

_ROOT = Path(__file__).resolve().parents[3]
_TIMEOUT = 10.0


class AlpacaControl:
    """Moves prices, opens and closes the exchange, scripts partial fills, orders faults and reads the log."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create_account(
        self, key: str, secret: str, *, cash: str, token: str = "", multiplier: int = 1
    ) -> None:
        """Open an account; with a multiplier above one it can buy stocks for more than its cash."""
        self._post("account", key=key, secret=secret, cash=cash, token=token, multiplier=multiplier)

    def set_price(self, symbol: str, price: str) -> None:
        """Move a price; resting orders meet it."""
        self._post("price", symbol=symbol, price=price)

    def tick(self, symbol: str) -> None:
        """Quote the same price again: what was filled in part is filled in whole."""
        self._post("price", symbol=symbol)

    def set_clock(self, *, is_open: bool) -> None:
        """Open or close the exchange: what is in force for the day ends when it closes, what waits begins when it opens."""
        self._post("clock", is_open=is_open)

    def fill_partly(
        self, fraction: str, symbol: str | None = None, *, client_order_id: str | None = None
    ) -> None:
        """Let the next matching execution fill only a fraction; the rest waits for a tick or price."""
        self._post("partial", fraction=fraction, symbol=symbol, client_order_id=client_order_id)

    def add_fault(self, kind: str, **rule: Any) -> None:
        """Put a fault in force; see `tests.emulators.binance.faults.FaultRule` for its fields."""
        self._post("faults", kind=kind, **rule)

    def clear_faults(self) -> None:
        requests.delete(f"{self.url}/_control/faults", timeout=_TIMEOUT).raise_for_status()

    def summary(self) -> dict[str, dict[str, int]]:
        """Submits and accepted orders by key and client order id."""
        found: dict[str, dict[str, int]] = self._get("summary")
        return found

    def lines(self) -> list[dict[str, Any]]:
        """Every line of the log."""
        found: list[dict[str, Any]] = self._get("lines")
        return found

    def accounts(self) -> dict[str, Any]:
        """Cash and positions by key."""
        found: dict[str, Any] = self._get("accounts")
        return found

    def orders(self) -> list[dict[str, Any]]:
        """All orders with their keys, as the API shows them."""
        found: list[dict[str, Any]] = self._get("orders")
        return found

    def _post(self, what: str, **body: Any) -> None:
        requests.post(f"{self.url}/_control/{what}", json=body, timeout=_TIMEOUT).raise_for_status()

    def _get(self, what: str) -> Any:
        answer = requests.get(f"{self.url}/_control/{what}", timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()


class AlpacaProcess:
    """The venue as our child; a restart keeps its port and its state."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self.url = ""

    @property
    def control(self) -> AlpacaControl:
        return AlpacaControl(self.url)

    def start(self) -> None:
        """Start it and wait for its address."""
        command = [sys.executable, "-m", "tests.emulators.alpaca"]
        command += ["--port", str(self._port), "--state-dir", str(self._state_dir)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the venue did not start: exit status {self._process.wait()}")
        self.url = json.loads(line)["url"]
        self._port = int(self.url.rsplit(":", 1)[1])

    def restart(self) -> None:
        """End it as `kill -9` does, and start it again."""
        assert self._process is not None
        self._process.kill()
        self._reap()
        self.start()

    def stop(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()
            self._reap()

    def _reap(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.wait(timeout=10)
        self._process.stdout.close()
        self._process = None
