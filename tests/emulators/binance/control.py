"""What tests hold in their hands: the venue's process, and a client for its `/_control` side."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import requests

from tests.emulators.binance.log import NAME, read_lines
from tests.emulators.binance.summary import summarize

_ROOT = Path(__file__).resolve().parents[3]
_TIMEOUT = 60.0


class BinanceControl:
    """Moves prices, scripts partial fills, orders faults and reads the log. Amounts are text."""

    def __init__(self, url: str) -> None:
        self.url = url

    def add_fault(self, kind: str, **rule: Any) -> int:
        """Put a fault in force and say its id; see `faults.FaultRule` for its fields."""
        return int(self._send("POST", "faults", {"kind": kind, **rule})["id"])

    def clear_faults(self, fault_id: int | None = None) -> None:
        """End all faults, or one; bans end with `lift_bans`."""
        self._send("DELETE", "faults" if fault_id is None else f"faults?id={fault_id}")

    def lift_bans(self) -> None:
        """Let every address in again."""
        self._send("POST", "bans")

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force: id, kind, how many requests each has seen and struck."""
        found: list[dict[str, Any]] = self._send("GET", "faults")
        return found

    def set_price(self, symbol: str, price: str) -> None:
        """Move a price; resting orders meet it. The bid is a tick below, the ask a tick above."""
        self._send("POST", "price", {"symbol": symbol, "price": price})

    def tick(self, symbol: str) -> None:
        """Quote the same price again: what was filled in part is filled in whole."""
        self._send("POST", "price", {"symbol": symbol})

    def fill_partly(
        self, fraction: str, *, symbol: str | None = None, client_order_id: str | None = None
    ) -> None:
        """Let the next matching execution fill only a fraction; the rest waits for a tick or price."""
        self._send(
            "POST", "partial", {"fraction": fraction, "symbol": symbol, "client_order_id": client_order_id}
        )

    def create_account(
        self,
        key: str,
        secret: str,
        *,
        can_trade: bool = True,
        can_withdraw: bool = False,
        addresses: Iterable[str] = (),
        passphrase: str = "",
        **balances: str,
    ) -> None:
        """Create an account; with `addresses` its key is good from there only."""
        self.change_account(
            key,
            secret=secret,
            can_trade=can_trade,
            can_withdraw=can_withdraw,
            addresses=list(addresses),
            passphrase=passphrase,
            balances=balances,
        )

    def change_account(self, key: str, **changes: Any) -> None:
        """Change secret, can_trade, can_withdraw, addresses, or set the free balances that are named."""
        self._send("POST", "account", {"key": key, **changes})

    def set_market(self, symbol: str, status: str) -> None:
        """TRADING, BREAK or HALT: orders are refused in a market that does not trade, cancels are not."""
        self._send("POST", "market", {"symbol": symbol, "status": status})

    def settings(self, **changes: Any) -> None:
        """Change the venue's behaviour; see `settings.VenueSettings`."""
        self._send("POST", "settings", changes)

    def summary(self) -> dict[str, Any]:
        """Submits and accepted orders by `key:client_order_id`, doubles, and how often which fault struck."""
        found: dict[str, Any] = self._send("GET", "summary")
        return found

    def lines(self) -> list[dict[str, Any]]:
        """Every line of the log."""
        found: list[dict[str, Any]] = self._send("GET", "lines")
        return found

    def orders(self, key: str | None = None) -> list[dict[str, Any]]:
        """All orders with their keys, as the API shows them."""
        found: list[dict[str, Any]] = self._send("GET", _of("orders", key))
        return found

    def accounts(self, key: str | None = None) -> dict[str, Any]:
        """Balances by key and asset, free and locked."""
        found: dict[str, Any] = self._send("GET", _of("accounts", key))
        return found

    def usage(self) -> dict[str, Any]:
        """The venue's own processor seconds and the requests it has served."""
        found: dict[str, Any] = self._send("GET", "usage")
        return found

    def _send(self, method: str, what: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{self.url}/_control/{what}", json=body, timeout=_TIMEOUT)
        if answer.status_code != requests.codes.ok:
            raise ValueError(f"{what}: {answer.text}")
        return answer.json()


class BinanceProcess:
    """The venue as our child; a restart keeps its port and its state."""

    module = "tests.emulators.binance"

    def __init__(self, state_dir: Path, *options: str) -> None:
        self._state_dir, self._options = state_dir, options
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self.url = ""

    @property
    def control(self) -> BinanceControl:
        return BinanceControl(self.url)

    @property
    def log_path(self) -> Path:
        """The venue's own log, readable while it is down."""
        return self._state_dir / NAME

    @property
    def pid(self) -> int:
        """The process id while it runs, 0 otherwise."""
        return self._process.pid if self._process is not None else 0

    def lines(self) -> list[dict[str, Any]]:
        """Every line of the log, also while the venue is down."""
        return read_lines(self.log_path)

    def summary(self) -> dict[str, Any]:
        """What `BinanceControl.summary` says, read here: large logs do not hold up the venue."""
        return summarize(self.lines())

    def start(self) -> None:
        """Start it and wait for its address."""
        command = [sys.executable, "-m", self.module, "--port", str(self._port)]
        command += ["--state-dir", str(self._state_dir), *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the venue did not start: exit status {self._process.wait()}")
        self.url = json.loads(line)["url"]
        self._port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._reap()

    def stop(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()
            self._reap()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def _reap(self) -> None:
        assert self._process is not None
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None


def _of(what: str, key: str | None) -> str:
    return f"{what}?key={key}" if key else what
