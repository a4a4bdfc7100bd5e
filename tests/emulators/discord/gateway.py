"""The websocket side of Discord, API v10: HELLO, IDENTIFY, READY, heartbeats, RESUME and the close codes."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from tests.emulators.discord import sessions
from tests.emulators.discord.faults import FaultKind, Faults
from tests.emulators.discord.gateway_socket import GatewaySocket
from tests.emulators.discord.log import Changes, TrafficLog
from tests.emulators.discord.payloads import Json
from tests.emulators.discord.sessions import Session, SessionHub
from tests.emulators.discord.state import World

HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, REQUEST_MEMBERS = 1, 2, 3, 4, 6, 8
HELLO, HEARTBEAT_ACK = 10, 11

CLOSE_UNKNOWN_OPCODE, CLOSE_DECODE_ERROR, CLOSE_NOT_AUTHENTICATED = 4001, 4002, 4003
CLOSE_AUTHENTICATION_FAILED, CLOSE_ALREADY_AUTHENTICATED, CLOSE_INVALID_SEQ = 4004, 4005, 4007
CLOSE_RATE_LIMITED, CLOSE_SESSION_TIMED_OUT, CLOSE_INVALID_SHARD = 4008, 4009, 4010
CLOSE_INVALID_API_VERSION, CLOSE_INVALID_INTENTS, CLOSE_DISALLOWED_INTENTS = 4012, 4013, 4014

_ALL_INTENTS = (1 << 26) - 1
_PRIVILEGED = {
    "presences": sessions.INTENT_GUILD_PRESENCES,
    "members": sessions.INTENT_GUILD_MEMBERS,
    "message_content": sessions.INTENT_MESSAGE_CONTENT,
}
_SENDS_PER_MINUTE = 120
_HOLD_SECONDS = 60.0


class Gateway:
    """Accepts websockets and holds the conversation of each."""

    def __init__(
        self,
        world: World,
        hub: SessionHub,
        faults: Faults,
        log: TrafficLog,
        changes: Changes,
        *,
        heartbeat_seconds: float,
    ) -> None:
        self.world = world
        self.hub = hub
        self.faults = faults
        self.log = log
        self.url = ""  # known once the server listens
        self.heartbeat_seconds = heartbeat_seconds
        self._changes = changes
        self._sockets: set[GatewaySocket] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket from handshake to close."""
        refusal = self.faults.take(FaultKind.REFUSE)
        if refusal is not None:
            self.log.add("gateway", event="refused", status=refusal.status)
            if refusal.status:
                return web.Response(status=refusal.status)
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=500)
        websocket = web.WebSocketResponse(compress=False)
        await websocket.prepare(request)
        socket = GatewaySocket(request, websocket, self.faults)
        self._sockets.add(socket)
        writer = asyncio.create_task(socket.write_queued())
        try:
            await self._changes.wait_until(lambda: not self.faults.is_set(FaultKind.HOLD), _HOLD_SECONDS)
            await Conversation(self, socket, websocket, request.query.get("v", "")).run()
        finally:
            writer.cancel()
            self._sockets.discard(socket)
        return websocket

    def drop(self, code: int | None) -> int:
        """Close every socket with a code, or cut them all when it is None; return how many there were."""
        for socket in list(self._sockets):
            if code is None:
                socket.abort()
            else:
                socket.close(code)
        return len(self._sockets)


class Conversation:
    """What is said on one socket."""

    def __init__(
        self, gateway: Gateway, socket: GatewaySocket, websocket: web.WebSocketResponse, version: str
    ) -> None:
        self.gateway = gateway
        self.hub = gateway.hub
        self.world = gateway.world
        self.socket = socket
        self.websocket = websocket
        self.version = version
        self.session: Session | None = None
        self._received: list[float] = []

    async def run(self) -> None:
        """Say HELLO and answer until the socket closes."""
        self.gateway.log.add("gateway", event="connected", compressed=self.socket.compressed)
        if self.version != "10":
            self.socket.close(CLOSE_INVALID_API_VERSION)
        interval = int(self.gateway.heartbeat_seconds * 1000)
        self.socket.send(_frame(HELLO, {"heartbeat_interval": interval, "_trace": []}))
        code: int | None = None
        try:
            code = await self._converse()
        finally:
            self.gateway.log.add("gateway", event="disconnected", code=code, session_id=self._session_id())
            session = self.session
            if session is not None and session.socket is self.socket:
                # A client that says goodbye with 1000 or 1001 ends its session; any other end leaves it resumable.
                self.hub.detach(session, resumable=code not in (1000, 1001, CLOSE_SESSION_TIMED_OUT))

    async def _converse(self) -> int | None:
        patience = self.gateway.heartbeat_seconds * 1.5 + 1
        while True:
            try:
                message = await self.websocket.receive(timeout=patience)
            except TimeoutError:  # no heartbeat: the client's event loop is stuck or the client is gone
                await self.websocket.close(code=CLOSE_SESSION_TIMED_OUT)
                return CLOSE_SESSION_TIMED_OUT
            if message.type is not WSMsgType.TEXT:
                # Only a close frame is a goodbye: aiohttp's own close_code says 1000 for a connection that just broke.
                return int(message.data) if message.type is WSMsgType.CLOSE else None
            code = self._refuse_flood() or self._answer(message.data)
            if code is not None:
                self.socket.close(code)

    def _refuse_flood(self) -> int | None:
        now = asyncio.get_running_loop().time()
        self._received = [moment for moment in self._received if moment > now - 60] + [now]
        return CLOSE_RATE_LIMITED if len(self._received) > _SENDS_PER_MINUTE else None

    def _answer(self, text: str) -> int | None:
        """Answer one frame; return a close code if it may not be."""
        try:
            frame = json.loads(text)
            op, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            return CLOSE_DECODE_ERROR
        self.gateway.log.add(
            "gateway", event="received", op=op, d=_redacted(data), session_id=self._session_id()
        )
        if op == HEARTBEAT:
            self.socket.send(_frame(HEARTBEAT_ACK, None))
            return None
        if op in (IDENTIFY, RESUME, REQUEST_MEMBERS) and not isinstance(data, dict):
            return CLOSE_DECODE_ERROR
        if op in (IDENTIFY, RESUME):
            if self.session is not None:
                return CLOSE_ALREADY_AUTHENTICATED
            return self._identify(data) if op == IDENTIFY else self._resume(data)
        if self.session is None:
            return CLOSE_NOT_AUTHENTICATED
        if op == REQUEST_MEMBERS:
            self._send_members(self.session, data)
            return None
        return None if op in (PRESENCE, VOICE_STATE) else CLOSE_UNKNOWN_OPCODE

    def _identify(self, data: Json) -> int | None:
        intents = data.get("intents")
        shard = tuple(data.get("shard", (0, 1)))
        if data.get("token") != self.world.token:
            return CLOSE_AUTHENTICATION_FAILED
        if not isinstance(intents, int) or not 0 <= intents <= _ALL_INTENTS:
            return CLOSE_INVALID_INTENTS
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            return CLOSE_INVALID_SHARD
        allowed = self.world.privileged_intents
        if any(intents & bit and name not in allowed for name, bit in _PRIVILEGED.items()):
            return CLOSE_DISALLOWED_INTENTS
        session = self.session = self.hub.open(intents, (shard[0], shard[1]))
        guild_ids = [guild_id for guild_id in self.world.tables["guilds"] if session.sees(guild_id)]
        self.hub.attach(session, self.socket, resumed=False)
        session.push("READY", self._ready(session, guild_ids, data))
        if intents & sessions.INTENT_GUILDS:
            with_members = bool(intents & sessions.INTENT_GUILD_MEMBERS)
            for guild_id in guild_ids:
                session.push("GUILD_CREATE", self.world.guild_create(guild_id, all_members=with_members))
        return None

    def _ready(self, session: Session, guild_ids: list[str], identify: Json) -> Json:
        ready: Json = {
            "v": 10,
            "user": {**self.world.bot, "verified": True, "mfa_enabled": True, "email": None, "flags": 0},
            "guilds": [{"id": guild_id, "unavailable": True} for guild_id in guild_ids],
            "session_id": session.session_id,
            "session_type": "normal",
            "resume_gateway_url": self.gateway.url,
            "application": {"id": self.world.bot["id"], "flags": self.world.application_flags()},
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "user_settings": {},
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": [],
            "auth": {},
            "_trace": [],
        }
        if "shard" in identify:
            ready["shard"] = list(session.shard)
        return ready

    def _resume(self, data: Json) -> int | None:
        if data.get("token") != self.world.token:
            return CLOSE_AUTHENTICATION_FAILED
        session = self.hub.sessions.get(str(data.get("session_id")))
        seq = data.get("seq")
        if session is not None and (not isinstance(seq, int) or seq > session.seq):
            return CLOSE_INVALID_SEQ
        missed = session.missed_since(seq) if session is not None and isinstance(seq, int) else None
        if session is None or missed is None:
            self.socket.send(_frame(sessions.INVALID_SESSION, data=False))
            return None
        for frame in missed:
            self.socket.send(frame)
        self.session = session
        self.hub.attach(session, self.socket, resumed=True)
        self.socket.send({"op": sessions.DISPATCH, "t": "RESUMED", "s": session.seq, "d": {"_trace": []}})
        return None

    def _send_members(self, session: Session, data: Json) -> None:
        wanted = data.get("user_ids")
        wanted = [wanted] if isinstance(wanted, str | int) else wanted
        prefix = str(data.get("query", "")).lower()
        found = [
            member
            for member in self.world.members(str(data["guild_id"]))
            if (member["user"]["id"] in map(str, wanted) if wanted else True)
            and member["user"]["username"].lower().startswith(prefix)
        ]
        chunk: Json = {
            "guild_id": str(data["guild_id"]),
            "members": found,
            "chunk_index": 0,
            "chunk_count": 1,
        }
        if "nonce" in data:
            chunk["nonce"] = data["nonce"]
        session.push("GUILD_MEMBERS_CHUNK", {**chunk, "not_found": []})

    def _session_id(self) -> str | None:
        return None if self.session is None else self.session.session_id


def _frame(op: int, data: Any) -> Json:
    return {"op": op, "d": data, "s": None, "t": None}


def _redacted(data: Any) -> Any:
    return {**data, "token": "***"} if isinstance(data, dict) and "token" in data else data
