"""The socket: each user's events go to their own room; a page that was away asks for what it missed."""

from flask import Flask

from shared.settings import Settings
from web.extensions import socketio
from web.realtime import handlers


def bind(_app: Flask, _settings: Settings) -> None:
    """Answer sockets."""
    handlers.bind()


def listen() -> None:
    """Subscribe to the workers' events now: by default that waits for the first socket and misses what comes before."""
    server = socketio.server  # type: ignore[attr-defined]  # the stubs leave it out
    if server is not None and not server.manager_initialized:
        server.manager_initialized = True
        server.manager.initialize()
