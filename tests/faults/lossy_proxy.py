"""A proxy before mongod that lets a claim commit and loses its answer: the client sees a cut connection.

Reads the wire protocol's frames (OP_MSG, from MongoDB's own description): a header of four little-endian 32-bit
numbers, length, request id, the id it answers, and a code.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

_HEADER = struct.Struct("<iiii")
_LONGEST = 48_000_000


class LossyProxy:
    """Listens on loopback and passes everything on; loses the answers of the next `to_lose` requests that match.

    Parameters
    ----------
    target
        The address of the mongod.
    matches
        Tells by a request's bytes whether its answer may be lost.
    on_loss
        Called once for each answer that was lost.
    """

    def __init__(
        self, target: tuple[str, int], matches: Callable[[bytes], bool], on_loss: Callable[[], None]
    ) -> None:
        self._target, self._matches, self._on_loss = target, matches, on_loss
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._server.getsockname()[1])
        self.to_lose = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, name="lossy-proxy", daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            upstream = socket.create_connection(self._target)
            doomed: set[int] = set()
            for pump in (self._ask, self._answer):
                threading.Thread(target=pump, args=(client, upstream, doomed), daemon=True).start()

    def _ask(self, client: socket.socket, upstream: socket.socket, doomed: set[int]) -> None:
        with contextlib.suppress(OSError):
            while frame := _read_frame(client):
                if self.to_lose and self._matches(frame):
                    with self._lock:
                        if self.to_lose:
                            self.to_lose -= 1
                            doomed.add(_HEADER.unpack_from(frame)[1])
                upstream.sendall(frame)
        _cut(client, upstream)

    def _answer(self, client: socket.socket, upstream: socket.socket, doomed: set[int]) -> None:
        with contextlib.suppress(OSError):
            while frame := _read_frame(upstream):
                if _HEADER.unpack_from(frame)[2] in doomed:
                    # It has committed with a majority by now; the client will never know.
                    self._on_loss()
                    break
                client.sendall(frame)
        _cut(client, upstream)


def address_of(mongodb_uri: str) -> tuple[str, int]:
    """Read host and port from the address of one mongod."""
    parts = urlsplit(mongodb_uri)
    return str(parts.hostname), int(parts.port or 27017)


def _read_frame(source: socket.socket) -> bytes:
    head = _read(source, _HEADER.size)
    if not head:
        return b""
    length = _HEADER.unpack(head)[0]
    if not _HEADER.size <= length <= _LONGEST:
        raise OSError("no frame of the wire protocol")
    return head + _read(source, length - _HEADER.size)


def _read(source: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = source.recv(min(length, 65_536))
        if not part:
            return b""
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _cut(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
