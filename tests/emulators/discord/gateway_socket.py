"""One gateway connection, as a single ordered stream of frames, compressed if the client asked for it."""

import asyncio
import json
import zlib

from aiohttp import web

from tests.emulators.discord.faults import FaultKind, Faults
from tests.emulators.discord.payloads import Json


class GatewaySocket:
    """Frames go out in order through a single writer."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, faults: Faults) -> None:
        self._request = request
        self._socket = socket
        self._faults = faults
        self._queue: asyncio.Queue[Json | int] = asyncio.Queue()
        self.compressed = request.query.get("compress") == "zlib-stream"
        self._compressor = zlib.compressobj()  # one stream for the socket's whole life

    def send(self, frame: Json) -> None:
        """Queue a frame; nothing happens on a socket that is gone."""
        self._queue.put_nowait(frame)

    def close(self, code: int) -> None:
        """Close with a code once what is queued has been written."""
        self._queue.put_nowait(code)

    def abort(self) -> None:
        """Cut the connection as a broken network does: no close frame, no code."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def write_queued(self) -> None:
        """Write frames until the socket closes."""
        while not self._socket.closed:
            item = await self._queue.get()
            if self._faults.is_set(FaultKind.MUTE):
                continue
            try:
                if isinstance(item, int):
                    await self._socket.close(code=item)
                else:
                    await self._write(json.dumps(item, separators=(",", ":")))
            except ConnectionError:
                return

    async def _write(self, text: str) -> None:
        if self.compressed:
            packed = self._compressor.compress(text.encode()) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
            await self._socket.send_bytes(packed)
        else:
            await self._socket.send_str(text)
