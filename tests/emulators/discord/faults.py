"""What may go wrong on Discord's side, switched on from outside and used up request by request."""

from dataclasses import dataclass
from enum import StrEnum

from tests.emulators.discord.log import Changes


class FaultKind(StrEnum):
    """Name the faults; the first three strike REST calls, the others the gateway."""

    RATE_LIMIT = "rest.rate_limit"
    STATUS = "rest.status"
    DELAY = "rest.delay"
    REFUSE = "gateway.refuse"  # the handshake is answered `status`, or the connection is cut when status is 0
    HOLD = (
        "gateway.hold"  # a new socket gets no HELLO until the fault is cleared: the client stays disconnected
    )
    MUTE = "gateway.mute"  # sockets stay open but nothing comes out of them, like a half-dead connection


@dataclass
class Fault:
    """One fault in force.

    Parameters
    ----------
    count
        How many requests it still strikes; HOLD and MUTE last until they are cleared.
    path
        Only requests whose path (below /api/v10) starts so; empty strikes all.
    status
        STATUS, REFUSE: what is answered.
    seconds
        RATE_LIMIT: `retry_after`; DELAY: how long the answer is kept back.
    cloudflare
        RATE_LIMIT: answered by Cloudflare's edge, without `Via` and not in JSON, as during a ban.
    """

    kind: FaultKind
    count: int = 1
    path: str = ""
    method: str = ""
    status: int = 503
    seconds: float = 0.1
    is_global: bool = False
    cloudflare: bool = False


class Faults:
    """The faults in force, oldest first."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._faults.append(fault)
        self._changes.notify()

    def clear(self) -> None:
        """End every fault; held sockets go on."""
        self._faults.clear()
        self._changes.notify()

    def is_set(self, kind: FaultKind) -> bool:
        """Say whether a fault of this kind is in force."""
        return any(fault.kind is kind for fault in self._faults)

    def take(self, kind: FaultKind, method: str = "", path: str = "") -> Fault | None:
        """Use up one strike of the first fault of this kind that matches, or return None."""
        for fault in self._faults:
            if fault.kind is not kind or not path.startswith(fault.path) or fault.method not in ("", method):
                continue
            fault.count -= 1
            if fault.count <= 0:
                self._faults.remove(fault)
            return fault
        return None
